"""Whole runs: everything is done once, whatever happens."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
from pathlib import Path

import pytest

from packshot.batch import RunSettings, Summary, UsageError, Watcher, run
from packshot.batch.ledger import Line
from packshot.engines import EngineError
from tests.hostile import make_hostile
from tests.tiny import make_pack, make_photos
from tools.torture import Trial, differences, torture


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pack(tmp_path_factory.mktemp("pack"))


class Told(Watcher):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.remarks: tuple[str, ...] = ()

    def begins(self, _todo: int, _done_before: int, remarks: object) -> None:
        self.remarks = tuple(remarks)  # type: ignore[arg-type]

    def finished(self, line: Line) -> None:
        self.lines.append(line)


def lines_of(out: Path) -> list[Line]:
    return [json.loads(line) for line in (out / "run.jsonl").read_text().splitlines()]


def test_hostile_files_fail_alone_and_good_ones_are_finished(tmp_path: Path, pack: Path) -> None:
    (tmp_path / "bad").mkdir()
    hostile = dict(make_hostile(tmp_path / "bad"))
    del hostile[tmp_path / "bad/folder.jpg"]  # an input folder, if an empty one
    good = make_photos(tmp_path / "good", 20)
    summary = run([*good, *hostile], tmp_path / "out", RunSettings(pack=pack, workers=2, timeout=120))
    assert len(hostile) >= 60
    assert (summary.review, summary.published, summary.failed) == (20, 0, len(hostile))
    lines = lines_of(tmp_path / "out")
    found = {os.path.normpath(tmp_path / "out" / line["source"]): line for line in lines if line["route"] == "failed"}
    assert {path: line["problem"] for path, line in found.items()} == {
        str(path): str(hostile[path]) for path in hostile
    }
    assert all(path.name in found[str(path)]["error"] for path in hostile)
    assert all(line["seconds"] >= 0 for line in lines)
    assert len(list((tmp_path / "out/review").iterdir())) == 20


def test_kills_at_any_moment_lose_and_double_nothing(tmp_path: Path, pack: Path) -> None:
    make_photos(tmp_path / "in", 24)
    trial = Trial(tmp_path / "in", tmp_path / "killed", ("--workers", "2", "--pack", str(pack)))
    report = torture(trial, tmp_path / "undisturbed", kills=3, chance=random.Random(4))
    assert len(report.done_at_kills) == 3
    assert report.differences == []


def test_number_of_workers_and_order_of_inputs_change_nothing(tmp_path: Path, pack: Path) -> None:
    photos = make_photos(tmp_path / "in", 6)
    run([tmp_path / "in"], tmp_path / "one", RunSettings(pack=pack, workers=1))
    run(photos[::-1], tmp_path / "three", RunSettings(pack=pack, workers=3))
    assert differences(tmp_path / "one", tmp_path / "three") == []


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, pack: Path) -> Path:
    """A folder with photos and what a run made of them."""
    folder = tmp_path_factory.mktemp("first")
    make_photos(folder / "in", 4)
    run([folder / "in"], folder / "out", RunSettings(pack=pack, workers=2))
    return folder


class TestSecondRun:
    """What a run does where another has been."""

    @pytest.fixture
    def folder(self, tmp_path: Path, first: Path) -> Path:
        return Path(shutil.copytree(first, tmp_path / "copy"))

    def again(self, folder: Path, pack: Path, **settings: object) -> tuple[Summary, list[str]]:
        told = Told()
        given = RunSettings(pack=pack, workers=1, **settings)  # type: ignore[arg-type]
        summary = run([folder / "in"], folder / "out", given, told)
        return summary, sorted(line["name"] for line in told.lines)

    def test_skips_everything_that_is_done(self, folder: Path, pack: Path) -> None:
        before = {path: path.stat().st_mtime_ns for path in (folder / "out").rglob("*.jpg")}
        summary, done = self.again(folder, pack)
        assert (summary.skipped, summary.review, done) == (4, 4, [])
        assert {path: path.stat().st_mtime_ns for path in (folder / "out").rglob("*.jpg")} == before

    def test_does_what_is_new_changed_or_lost(self, folder: Path, pack: Path) -> None:
        shutil.copy(folder / "in/photo-002.jpg", folder / "in/new.jpg")
        shutil.copy(folder / "in/photo-002.jpg", folder / "in/photo-000.jpg")
        (folder / "out/mattes/photo-001.png").unlink()
        summary, done = self.again(folder, pack)
        assert done == ["new", "photo-000", "photo-001"]
        assert (summary.photos, summary.skipped) == (5, 2)
        assert (folder / "out/mattes/photo-001.png").is_file()

    def test_does_all_again_with_another_category_or_style(self, folder: Path, pack: Path) -> None:
        assert len(self.again(folder, pack, category="greens")[1]) == 4
        assert {line["category"] for line in lines_of(folder / "out")} == {"greens"}
        (folder / "style.toml").write_text("[default]\nlong_side = 128\n")
        assert len(self.again(folder, pack, category="greens", style=folder / "style.toml")[1]) == 4
        assert len(self.again(folder, pack, category="greens", style=folder / "style.toml")[1]) == 0

    def test_does_all_again_with_another_pack(self, folder: Path, tmp_path: Path) -> None:
        other = make_pack(tmp_path / "other", certified=True)
        summary, done = self.again(folder, other)
        assert len(done) == 4
        assert summary.published + summary.review == 4

    def test_leaves_a_shot_alone_whose_photo_is_gone(self, folder: Path, pack: Path) -> None:
        photos = [folder / "in" / f"photo-{number:03}.jpg" for number in range(4)]
        photos[1].unlink()
        summary = run(photos, folder / "out", RunSettings(pack=pack, workers=1))
        assert (summary.failed, summary.skipped) == (0, 4)

    def test_takes_back_a_shot_whose_photo_is_now_broken(self, folder: Path, pack: Path) -> None:
        (folder / "in/photo-001.jpg").write_bytes(b"")
        summary, done = self.again(folder, pack)
        assert (summary.failed, done) == (1, ["photo-001"])
        assert not (folder / "out/review/photo-001.jpg").exists()

    def test_tries_failed_photos_again(self, folder: Path, pack: Path) -> None:
        broken = folder / "in/broken.jpg"
        broken.write_bytes(b"")
        assert self.again(folder, pack)[1] == ["broken"]
        assert self.again(folder, pack)[1] == ["broken"]
        shutil.copy(folder / "in/photo-002.jpg", broken)
        assert self.again(folder, pack)[0].failed == 0
        assert len(lines_of(folder / "out")) == 5

    def test_keeps_lines_of_photos_it_is_not_about(self, folder: Path, pack: Path) -> None:
        make_photos(folder / "more", 1)
        run([folder / "more"], folder / "out", RunSettings(pack=pack, workers=1))
        assert len({line["output"] for line in lines_of(folder / "out")}) == 5

    def test_brings_the_manifests_columns_up_to_date(self, folder: Path, pack: Path) -> None:
        (folder / "m.csv").write_text("source,product\nin/photo-000.jpg,P-9\n")
        told = Told()
        run([folder / "in"], folder / "out", RunSettings(pack=pack, manifest=folder / "m.csv"), told)
        assert told.lines == []
        assert lines_of(folder / "out")[0]["product"] == "P-9"
        assert "3 photos have no row in the manifest" in told.remarks[0]

    def test_a_photo_that_was_never_begun_has_every_key_of_one_that_failed(self, folder: Path, pack: Path) -> None:
        (folder / "m.csv").write_text("source,category\nin/photo-000.jpg,reds\nin/photo-000.jpg,blues\n")
        (folder / "in/text.jpg").write_text("text")
        run([folder / "in"], folder / "out", RunSettings(pack=pack, manifest=folder / "m.csv"))
        begun, never = (line for line in lines_of(folder / "out")[::-1] if line["route"] == "failed")
        assert begun.keys() - never.keys() == {"settings"}
        assert never["seconds"] == 0

    def test_sweeps_what_a_killed_writer_left_and_nothing_else(self, folder: Path, pack: Path) -> None:
        left = folder / "out/review/.photo-000.jpg.0123456789ab.part"
        kept = folder / "out/review/.mine.part"
        left.touch()
        kept.touch()
        self.again(folder, pack)
        assert (left.exists(), kept.exists()) == (False, True)


def test_a_worker_killed_now_and_then_costs_no_photo(tmp_path: Path, pack: Path) -> None:
    make_photos(tmp_path / "in", 8)
    killed: list[int] = []

    class Killing(Watcher):
        def finished(self, _: Line) -> None:
            if len(killed) < 2:
                killed.append(kill_one_child())

    summary = run([tmp_path / "in"], tmp_path / "out", RunSettings(pack=pack, workers=2), Killing())
    assert (summary.review, summary.failed, len(killed)) == (8, 0, 2)
    run([tmp_path / "in"], tmp_path / "undisturbed", RunSettings(pack=pack, workers=2))
    assert differences(tmp_path / "undisturbed", tmp_path / "out") == []


def kill_one_child() -> int:
    """Kills one of this process's worker processes."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        parent = path.read_text().rsplit(")", 1)[1].split()[1]
        if int(parent) == os.getpid() and b"packshot.engines.worker" in (path.parent / "cmdline").read_bytes():
            os.kill(int(path.parent.name), signal.SIGKILL)
            return int(path.parent.name)
    raise AssertionError("no worker is running")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"pack": Path("/nowhere")}, "is no pack"),
        ({"category": "shoess"}, "'shoess' is not known; use one of blues, greens, reds"),
        ({"style": Path("/nowhere.toml")}, "cannot be read"),
        ({"manifest": Path("/nowhere.csv")}, "cannot be read"),
        ({"engine": "cloud"}, "no engine 'cloud'"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_written(
    tmp_path: Path, pack: Path, settings: dict[str, object], sentence: str
) -> None:
    make_photos(tmp_path / "in", 1)
    with pytest.raises(UsageError, match=sentence):
        run([tmp_path / "in"], tmp_path / "out", RunSettings(**{"pack": pack, **settings}))  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_a_pack_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    broken = make_pack(tmp_path / "pack")
    (broken / "product.onnx").write_bytes(b"something else")
    make_photos(tmp_path / "in", 1)
    with pytest.raises(UsageError, match=r"not the file pack.json names"):
        run([tmp_path / "in"], tmp_path / "out", RunSettings(pack=broken))


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path, pack: Path) -> None:
    make_photos(tmp_path / "in", 1)
    (tmp_path / "out").touch()
    with pytest.raises(UsageError, match="cannot be made"):
        run([tmp_path / "in"], tmp_path / "out", RunSettings(pack=pack))


def test_when_the_work_must_stop_what_is_done_is_kept(tmp_path: Path, pack: Path) -> None:
    make_photos(tmp_path / "in", 3)
    (tmp_path / "out").mkdir()

    class Breaking(Watcher):
        def finished(self, _: Line) -> None:
            raise EngineError("the disk is full")

    with pytest.raises(EngineError):
        run([tmp_path / "in"], tmp_path / "out", RunSettings(pack=pack, workers=1), Breaking())
    assert len(lines_of(tmp_path / "out")) == 1
    assert run([tmp_path / "in"], tmp_path / "out", RunSettings(pack=pack, workers=1)).skipped == 1
