from __future__ import annotations

import os
import time
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packshot.publication.sinks import FolderSink, Sink, output_names


def test_a_file_lands_under_its_folders(tmp_path: Path) -> None:
    sink: Sink = FolderSink(tmp_path / "published")
    place = sink.write(PurePosixPath("shoes/a.jpg"), b"one")
    assert place == str(tmp_path / "published/shoes/a.jpg")
    assert Path(place).read_bytes() == b"one"


def test_the_same_bytes_are_not_written_again(tmp_path: Path) -> None:
    sink = FolderSink(tmp_path)
    path = Path(sink.write(PurePosixPath("a.jpg"), b"one"))
    os.utime(path, (1, 1))
    sink.write(PurePosixPath("a.jpg"), b"one")
    assert path.stat().st_mtime == 1
    sink.write(PurePosixPath("a.jpg"), b"two")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.jpg"]


@pytest.mark.parametrize("name", ["../a.jpg", "/etc/a.jpg", "b/../../a.jpg", "", "."])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="leads out of the folder"):
        FolderSink(tmp_path / "published").write(PurePosixPath(name), b"x")
    assert list(tmp_path.iterdir()) == []


def test_sweeping_takes_only_what_was_abandoned(tmp_path: Path) -> None:
    names = [".a.jpg.x.part", "shoes/.b.jpg.y.part", ".new.jpg.z.part", "kept.part", "a.jpg"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
        if "new" not in name:
            os.utime(tmp_path / name, (time.time() - 7200,) * 2)
    assert FolderSink(tmp_path).sweep() == 2
    assert not (tmp_path / names[0]).exists()
    assert (tmp_path / names[2]).exists()
    assert (tmp_path / names[3]).exists()


def test_photos_keep_their_folders_below_the_input() -> None:
    root = Path("/in")
    names = output_names({root / "shoes/a.jpg": root, root / "hats/a.jpg": root, root / "b.final.jpg": root})
    assert [str(name) for name in names.values()] == ["shoes/a", "hats/a", "b.final"]


def test_photos_given_one_by_one_keep_what_tells_them_apart() -> None:
    names = output_names([Path("/x/day1/shoes/a.jpg"), Path("/x/day2/a.jpg"), Path("/x/day2/b.jpg")])
    assert [str(name) for name in names.values()] == ["day1/shoes/a", "day2/a", "b"]


def test_a_raw_beside_its_jpeg_is_told_apart_by_its_extension() -> None:
    names = output_names([Path("/x/a.CR3"), Path("/x/a.jpg"), Path("/x/b.jpg")])
    assert [str(name) for name in names.values()] == ["a-cr3", "a-jpg", "b"]


def test_names_that_differ_in_case_alone_are_told_apart() -> None:
    names = list(output_names([Path("/x/a.jpg"), Path("/x/A.jpg"), Path("/x/a.JPG")]).values())
    assert len({str(name).casefold() for name in names}) == 3


PARTS = st.sampled_from(["a", "A", "b", "é", "e\u0301", "a-jpg"])
PATHS = st.builds(
    lambda folders, stem, suffix: Path("/in", *folders, stem + suffix),
    st.lists(PARTS, max_size=2),
    PARTS,
    st.sampled_from([".jpg", ".JPG", ".png", ""]),
)


@settings(deadline=None)
@given(st.lists(PATHS, min_size=1, max_size=12, unique=True), st.randoms())
def test_names_never_collide_and_never_depend_on_the_order(paths: list[Path], random: object) -> None:
    names = output_names(paths)
    assert len({str(name).casefold() for name in names.values()}) == len(paths)
    shuffled = list(paths)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert output_names(shuffled) == names
