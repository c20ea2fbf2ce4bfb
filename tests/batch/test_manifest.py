"""The manifest."""

from __future__ import annotations

from pathlib import Path

import pytest

from packshot.batch.manifest import Manifest, read_manifest
from packshot.batch.problems import UsageError


def manifest(folder: Path, content: str | bytes) -> Manifest:
    path = folder / "photos.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_manifest(path)


def test_columns_beside_source_and_category_are_carried(tmp_path: Path) -> None:
    rows = manifest(tmp_path, "source,category,product,Colour\na.jpg, shoes ,P-1,dark blue\nb.jpg,,P-2,\n").rows
    assert [(row.source, row.category, dict(row.carried)) for row in rows] == [
        ("a.jpg", "shoes", {"product": "P-1", "Colour": "dark blue"}),
        ("b.jpg", None, {"product": "P-2", "Colour": ""}),
    ]
    assert [row.problem for row in rows] == [None, None]


@pytest.mark.parametrize(
    "content",
    [
        "source;category\r\na.jpg;shoes\r\n",
        "\ufeffsource,category\na.jpg,shoes",
        "Category\tSource\nshoes\ta.jpg\n\n\n",
        'source,category\n"a.jpg","shoes"\n',
    ],
)
def test_spreadsheets_ways_of_writing_csv_are_read(tmp_path: Path, content: str) -> None:
    assert [(row.source, row.category) for row in manifest(tmp_path, content).rows] == [("a.jpg", "shoes")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "needs a column 'source' with each photo's path: it is empty"),
        ("file,category\na.jpg,shoes\n", "it has file, category"),
        ("source,category\n,shoes\n", "line 2: no source is given"),
        ("source,route\na.jpg,publish\n", "a column 'route', which run.jsonl fills itself"),
        ("source,product,product\na.jpg,1,2\n", "has the column 'product' twice"),
        (b"source,category\n\xff\xfe.jpg,shoes\n", "not UTF-8 text"),
        ('source\n"' + "x" * 200_000 + "\n", "field larger than field limit"),
    ],
)
def test_a_manifest_that_is_wrong_as_a_whole_is_refused(tmp_path: Path, content: str | bytes, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        manifest(tmp_path, content)


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_manifest(tmp_path / "none.csv")


def test_a_row_of_another_length_is_its_photos_problem_alone(tmp_path: Path) -> None:
    rows = manifest(tmp_path, "source,category\na.jpg,shoes,blue\nb.jpg\nc.jpg,hats\n").rows
    assert [row.problem for row in rows] == [
        "photos.csv, line 2: 3 cells where the header has 2; mend the row",
        "photos.csv, line 3: 1 cells where the header has 2; mend the row",
        None,
    ]


def test_rows_that_contradict_each_other_are_their_photos_problem(tmp_path: Path) -> None:
    rows = manifest(tmp_path, "source,category\na.jpg,shoes\nb.jpg,hats\na.jpg,bags\nb.jpg,hats\n").rows
    assert [(row.source, row.problem is None) for row in rows] == [("a.jpg", False), ("b.jpg", True)]
    assert "lines 2 and 4" in (rows[0].problem or "")


def test_sources_are_looked_for_beside_the_manifest_then_in_the_inputs(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("here.jpg", "in/there.jpg", "in/here.jpg"):
        (tmp_path / name).touch()
    read = manifest(tmp_path, f"source\nhere.jpg\nthere.jpg\n{tmp_path}/in/here.jpg\nnowhere.jpg\n")
    places = [read.located(row, [tmp_path / "in"]).relative_to(tmp_path).as_posix() for row in read.rows]
    assert places == ["here.jpg", "in/there.jpg", "in/here.jpg", "nowhere.jpg"]
