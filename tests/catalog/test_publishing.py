"""What is published is what a person saw, or what follows from the person's correction."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from packshot.batch import RunSettings, run
from packshot.catalog import Answer, Catalog, Entry, Prediction
from packshot.catalog.publishing import PublishSettings, publish
from packshot.catalog.recording import CatalogRecorder
from packshot.photo import Photo
from packshot.publication.sinks import FolderSink
from packshot.stages.background import decode_matte
from tests.tiny import make_pack, make_photos


def png_of(pixels: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(str(tmp_path / "catalog.sqlite")) as opened:
        yield opened


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over one photo, with the photo and the pack beside it; never to be written to."""
    folder = tmp_path_factory.mktemp("finished")
    make_photos(folder / "in", 1)
    run([folder / "in"], folder / "out", RunSettings(pack=make_pack(folder / "pack"), workers=1))
    return folder


@pytest.fixture
def retouched(catalog: Catalog, finished: Path, tmp_path: Path) -> Entry:
    """The photo of a copy of that run, noted in the catalog by giving the run again."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    settings = RunSettings(pack=tmp_path / "pack", workers=1)
    again = run([tmp_path / "in"], tmp_path / "out", settings, recorder=CatalogRecorder(catalog))
    assert again.skipped == 1
    (entry,) = catalog.lease("ann", 1, 60)
    return entry


Decide = Callable[[Answer], bytes]


@pytest.fixture
def published(catalog: Catalog, retouched: Entry, tmp_path: Path) -> Decide:
    def decide(answer: Answer) -> bytes:
        catalog.decide(retouched.id, "ann", answer)
        result = publish(catalog, FolderSink(tmp_path / "shop"))
        assert result.failed == {}
        assert list(result.done) == ["photo-000"]
        assert publish(catalog, FolderSink(tmp_path / "shop")).done == {}
        return (tmp_path / "shop" / "photo-000.jpg").read_bytes()

    return decide


def made(entry: Entry) -> Prediction:
    assert entry.prediction is not None
    return entry.prediction


def output(entry: Entry) -> Path:
    path = made(entry).file("output")
    assert path is not None
    return path


def test_accepted_is_published_byte_by_byte(published: Decide, retouched: Entry) -> None:
    assert published(Answer("accept", made(retouched).id)) == output(retouched).read_bytes()


def test_an_output_that_is_gone_or_another_is_rendered_again(published: Decide, retouched: Entry) -> None:
    content = output(retouched).read_bytes()
    output(retouched).write_bytes(b"something else")
    assert published(Answer("accept", made(retouched).id)) == content


def test_a_correction_is_rendered(published: Decide, retouched: Entry) -> None:
    before = simplejpeg.decode_jpeg(output(retouched).read_bytes()).astype(float)
    changes = {"lighting": {"exposure": made(retouched).recipe().lighting.exposure - 1}}
    after = simplejpeg.decode_jpeg(published(Answer("correct", made(retouched).id, changes=changes))).astype(float)
    assert after.shape == before.shape
    product = before.min(2) < 240
    assert np.median(after[product]) < np.median(before[product]) - 10


def test_a_matte_painted_anew_is_kept_by_its_content_and_used(published: Decide, retouched: Entry) -> None:
    recipe = made(retouched).recipe()
    assert recipe.background.matte is not None
    matte = decode_matte(recipe.asset(recipe.background.matte)).copy()
    matte[: matte.shape[0] // 2] = 0
    content = png_of(matte)
    asset = {"sha256": hashlib.sha256(content).hexdigest(), "size": matte.shape[::-1]}
    answer = Answer(
        "correct", made(retouched).id, changes={"background": {"matte": asset}}, assets={asset["sha256"]: content}
    )
    picture = simplejpeg.decode_jpeg(published(answer))
    before = simplejpeg.decode_jpeg(output(retouched).read_bytes())
    assert (picture.min(2) < 240).sum() < 0.7 * (before.min(2) < 240).sum(), "half of the product is gone"
    assert (made(retouched).folder / "corrections" / f"{asset['sha256']}.png").read_bytes() == content


def test_an_after_edited_elsewhere_is_published_as_it_is(published: Decide, retouched: Entry) -> None:
    after = simplejpeg.encode_jpeg(np.full((80, 60, 3), 99, np.uint8), 95)
    assert published(Answer("edited", made(retouched).id, after=after)) == after


def test_an_after_that_is_no_jpeg_becomes_one(published: Decide, retouched: Entry) -> None:
    after = png_of(np.full((80, 60, 3), 99, np.uint8))
    picture = simplejpeg.decode_jpeg(published(Answer("edited", made(retouched).id, after=after)))
    assert np.abs(picture.astype(int) - 99).max() <= 2


@pytest.mark.parametrize("after", [b"no picture", b"\xff\xd8 cut off"])
def test_an_after_that_is_no_picture_is_refused(catalog: Catalog, retouched: Entry, after: bytes) -> None:
    with pytest.raises(ValueError, match="after"):
        catalog.decide(retouched.id, "ann", Answer("edited", made(retouched).id, after=after))
    assert catalog.entry(retouched.id).state == "review"


@pytest.mark.parametrize("changes", [{"lighting": {"exposure": 99}}, {"magic": {"on": 1}}, {"lighting": {"magic": 1}}])
def test_a_correction_that_cannot_be_is_refused(
    catalog: Catalog, retouched: Entry, changes: dict[str, dict[str, int]]
) -> None:
    with pytest.raises(ValueError, match=r"exposure|magic"):
        catalog.decide(retouched.id, "ann", Answer("correct", made(retouched).id, changes=changes))


def test_a_photo_that_was_replaced_fails_alone_and_is_tried_again(
    catalog: Catalog, retouched: Entry, tmp_path: Path
) -> None:
    content = retouched.source.read_bytes()
    changes = {"lighting": {"exposure": 0.5}}
    catalog.decide(retouched.id, "ann", Answer("correct", made(retouched).id, changes=changes))
    retouched.source.write_bytes(make_photos(tmp_path / "other", 2)[1].read_bytes())
    sink = FolderSink(tmp_path / "shop")
    assert "not the photo that was decided on" in publish(catalog, sink).failed[str(retouched.source)]
    assert "not the photo" in str(catalog.history(retouched.id)[-1].detail["error"])
    retouched.source.write_bytes(content)
    assert Photo.open(retouched.source).sha256 == retouched.sha256
    assert list(publish(catalog, sink).done) == ["photo-000"]


def test_a_decision_that_has_not_settled_waits(catalog: Catalog, retouched: Entry, tmp_path: Path) -> None:
    catalog.decide(retouched.id, "ann", Answer("accept", made(retouched).id))
    assert publish(catalog, FolderSink(tmp_path / "shop"), PublishSettings(settle=60)).done == {}
