"""Which photos a run is about."""

from __future__ import annotations

from pathlib import Path

from packshot.batch.inputs import find_photos


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_folders_are_walked_for_photos_and_files_taken_as_given(tmp_path: Path) -> None:
    touch(tmp_path, "in/b.JPG", "in/a.png", "in/deep/c.tiff", "in/notes.txt", "in/readme", "x.bin")
    found = find_photos([tmp_path / "in", tmp_path / "x.bin"], tmp_path / "out")
    assert [path.relative_to(tmp_path).as_posix() for path in found.roots] == [
        "in/a.png",
        "in/b.JPG",
        "in/deep/c.tiff",
        "x.bin",
    ]
    assert found.ignored == {".txt": 1, "no suffix": 1}


def test_hidden_files_and_the_runs_own_folder_are_no_input(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", ".hidden.jpg", "._a.jpg", ".cache/b.jpg", "out/published/a.jpg", "out2/c.jpg")
    found = find_photos([tmp_path], tmp_path / "out")
    assert [path.relative_to(tmp_path).as_posix() for path in found.roots] == ["a.jpg", "out2/c.jpg"]


def test_a_photo_named_twice_is_taken_once(tmp_path: Path) -> None:
    touch(tmp_path, "in/a.jpg")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    found = find_photos(
        [tmp_path / "in", tmp_path / "in/a.jpg", tmp_path / "link", tmp_path / "in/../in/a.jpg"], tmp_path
    )
    assert list(found.roots) == [tmp_path / "in/a.jpg"]


def test_missing_files_are_listed_so_that_they_are_reported(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    found = find_photos([tmp_path / "a.jpg", tmp_path / "gone.jpg"], tmp_path / "out")
    assert [path.name for path in found.roots] == ["a.jpg", "gone.jpg"]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    touch(tmp_path, "in/a.jpg")
    (tmp_path / "in/again").symlink_to(tmp_path / "in")
    assert len(find_photos([tmp_path / "in"], tmp_path / "out").roots) == 1
