from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from packshot.learning.pair_folders import NO_CATEGORY, product_of
from packshot.learning.pairs import PairFault, PairSet, read_pairs


def photo(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((40, 40, 3), 200, np.uint8))
    return path.name


def manifest(folder: Path, *lines: object) -> Path:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    (folder / "pairs.jsonl").write_text(text + "\n", "utf-8")
    return folder


def entry(folder: Path, name: str, category: str = "bags", **more: object) -> dict[str, object]:
    for side in ("before", "after"):
        photo(folder / side / f"{name}.jpg")
    paths = {"before": f"before/{name}.jpg", "after": f"after/{name}.jpg"}
    return {"id": name, "category": category, "group": name[0], **paths, **more}


def faults(found: PairSet) -> list[tuple[PairFault, int]]:
    return [(problem.fault, problem.left_out) for problem in found.problems]


def test_a_manifest_is_read_in_order_and_other_keys_are_ignored(tmp_path: Path) -> None:
    manifest(tmp_path, entry(tmp_path, "b1", truth={"scale": 2}), entry(tmp_path, "a1", "shoes"))
    found = read_pairs(tmp_path, few=1)
    assert [(pair.id, pair.category, pair.group) for pair in found.pairs] == [("b1", "bags", "b"), ("a1", "shoes", "a")]
    assert all(pair.before.is_file() and pair.after.is_file() for pair in found.pairs)
    assert found.problems == ()
    assert list(found.by_category()) == ["bags", "shoes"]


def test_pairs_without_a_category_are_kept_and_told(tmp_path: Path) -> None:
    nameless = entry(tmp_path, "b1", "")
    unsaid = entry(tmp_path, "a1")
    del unsaid["category"]
    found = read_pairs(manifest(tmp_path, nameless, unsaid, entry(tmp_path, "c1", "toys")), few=1)
    assert [pair.category for pair in found.pairs] == [NO_CATEGORY, NO_CATEGORY, "toys"]
    assert faults(found) == [(PairFault.NO_CATEGORY, 0)]
    assert "2 pairs have no category" in found.problems[0].message


def test_every_bad_line_is_told_and_the_good_ones_stay(tmp_path: Path) -> None:
    lost = entry(tmp_path, "lost")
    (tmp_path / "after/lost.jpg").unlink()
    gone = entry(tmp_path, "gone")
    (tmp_path / "before/gone.jpg").unlink()
    broken = entry(tmp_path, "torn")
    (tmp_path / "after/torn.jpg").write_bytes(b"no photo")
    lines = [
        entry(tmp_path, "good"),
        "{not json",
        "[1, 2]",
        {"id": "x", "category": "bags", "before": "before/good.jpg"},
        entry(tmp_path, "good"),
        {**entry(tmp_path, "out"), "after": "../../etc/passwd"},
        {**entry(tmp_path, "same"), "after": "before/same.jpg"},
        lost,
        gone,
        broken,
        "",
    ]
    found = read_pairs(manifest(tmp_path, *lines), few=1)
    assert [pair.id for pair in found.pairs] == ["good"]
    told = [fault for fault, _ in faults(found)]
    assert told == [
        PairFault.NOT_JSON,
        PairFault.NOT_JSON,
        PairFault.MISSING_KEY,
        PairFault.BAD_PATH,
        PairFault.DUPLICATE_ID,
        PairFault.SAME_PHOTO,
        PairFault.MISSING_AFTER,
        PairFault.MISSING_BEFORE,
        PairFault.UNREADABLE,
    ]
    assert sum(count for _, count in faults(found)) == len([line for line in lines if line]) - len(found.pairs)
    assert "line 5" in next(p.message for p in found.problems if p.fault == PairFault.DUPLICATE_ID)
    assert "9 left out" in found.summary()


def test_few_pairs_shared_photos_and_lacking_groups_are_warnings(tmp_path: Path) -> None:
    one, two = entry(tmp_path, "one"), entry(tmp_path, "two")
    two["before"] = one["before"]
    del one["group"]
    found = read_pairs(manifest(tmp_path, one, two), few=3)
    assert len(found.pairs) == 2
    assert found.pairs[0].group == "one"
    assert faults(found) == [(PairFault.NO_GROUP, 0), (PairFault.SHARED_PHOTO, 0), (PairFault.FEW_PAIRS, 0)]
    assert "3 warnings" in found.summary()


def test_folders_are_matched_by_name_and_subfolders_give_the_category(tmp_path: Path) -> None:
    photo(tmp_path / "before/shoes/4711-1.png")
    photo(tmp_path / "after/shoes/4711-1.jpg")
    photo(tmp_path / "before/shoes/4711-2.jpg")
    photo(tmp_path / "after/shoes/4711-2.jpg")
    photo(tmp_path / "before/shoes/only.jpg")
    photo(tmp_path / "after/bags/extra.jpg")
    (tmp_path / "before/shoes/.DS_Store").write_bytes(b"")
    (tmp_path / "before/notes.txt").write_text("hello")
    found = read_pairs(tmp_path, few=1)
    assert [(pair.id, pair.category, pair.group) for pair in found.pairs] == [
        ("shoes/4711-1", "shoes", "shoes/4711"),
        ("shoes/4711-2", "shoes", "shoes/4711"),
    ]
    assert sorted(faults(found)) == [
        (PairFault.MISSING_AFTER, 1),
        (PairFault.MISSING_BEFORE, 1),
        (PairFault.NOT_A_PHOTO, 0),
    ]


def test_two_befores_of_one_name_are_told(tmp_path: Path) -> None:
    for name in ("before/bags/a.jpg", "before/bags/a.png", "after/bags/a.jpg"):
        photo(tmp_path / name)
    found = read_pairs(tmp_path, few=1)
    assert [pair.before.name for pair in found.pairs] == ["a.jpg"]
    assert faults(found) == [(PairFault.DUPLICATE_ID, 1)]


def test_a_csv_gives_category_and_group(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        photo(tmp_path / "before" / name)
        photo(tmp_path / "after" / name)
    table = "source,category,product\nbefore/a.jpg,hats,P1\nB.JPG,bags,\nz.jpg,bags,P9\n"
    (tmp_path / "categories.csv").write_text(table, "utf-8-sig")
    (tmp_path / "other.csv").write_text("foo,bar\n1,2\n", "utf-8")
    found = read_pairs(tmp_path, few=1)
    assert [(pair.category, pair.group) for pair in found.pairs] == [
        ("hats", "P1"),
        ("bags", "b"),
        ("uncategorised", "c"),
    ]
    assert sorted(faults(found)) == [
        (PairFault.MISSING_BEFORE, 1),
        (PairFault.MISSING_KEY, 0),
        (PairFault.NO_CATEGORY, 0),
    ]


def test_a_folder_without_pairs_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"pairs\.jsonl"):
        read_pairs(tmp_path)


@pytest.mark.parametrize(
    ("name", "product"),
    [("4711-2", "4711"), ("shoes/SKU88_12", "shoes/SKU88"), ("IMG_0042", "IMG_0042"), ("view_1", "view_1")],
)
def test_view_numbers_are_cut_off_article_numbers(name: str, product: str) -> None:
    assert product_of(name) == product
