"""Photos joined with the manifest, under stable names."""

from __future__ import annotations

from pathlib import Path

import pytest

from packshot.batch.job import Item
from packshot.batch.ledger import Ledger
from packshot.batch.manifest import read_manifest
from packshot.batch.planning import Asked, named_items, plan_run
from packshot.batch.problems import UsageError

KNOWN = frozenset({"shoes", "hats"})


def items(folder: Path, *inputs: str, category: str | None = None, manifest: str | None = None) -> list[Item]:
    table = None
    if manifest is not None:
        (folder / "m.csv").write_text(manifest)
        table = read_manifest(folder / "m.csv")
    asked = Asked(tuple(folder / name for name in inputs), folder / "out", category, table, KNOWN)
    return named_items(plan_run(asked), Ledger(folder / "out/run.jsonl"))


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_sources_are_relative_to_the_output_and_names_to_the_input(tmp_path: Path) -> None:
    touch(tmp_path, "in/a.jpg", "in/x/b.jpg")
    assert [(item.source, item.name) for item in items(tmp_path, "in")] == [
        ("../in/a.jpg", "a"),
        ("../in/x/b.jpg", "x/b"),
    ]


def test_equal_names_do_not_collide(tmp_path: Path) -> None:
    touch(tmp_path, "one/a.jpg", "two/a.jpg", "one/b.jpg", "one/b.PNG")
    names = [item.name for item in items(tmp_path, "one", "two")]
    assert len({name.casefold() for name in names}) == 4
    assert names == sorted(names)
    assert {"one/a", "two/a"} <= set(names)


def test_the_order_of_inputs_changes_nothing(tmp_path: Path) -> None:
    touch(tmp_path, "one/a.jpg", "two/a.jpg", "c.jpg")
    assert items(tmp_path, "one", "two", "c.jpg") == items(tmp_path, "c.jpg", "two", "one")


def test_new_photos_rename_no_old_ones(tmp_path: Path) -> None:
    touch(tmp_path, "one/a.jpg", "two/a.jpg")
    (tmp_path / "out").mkdir()
    with Ledger(tmp_path / "out/run.jsonl") as ledger:
        ledger.add({"source": "../one/a.jpg", "name": "a", "route": "review"})
    both = {item.source: item.name for item in items(tmp_path, "one", "two")}
    assert both == {"../one/a.jpg": "a", "../two/a.jpg": "two/a"}
    alone = {item.source: item.name for item in items(tmp_path, "two")}
    assert alone["../two/a.jpg"].startswith("a-")


def test_the_manifest_says_category_and_more(tmp_path: Path) -> None:
    touch(tmp_path, "in/a.jpg", "in/b.jpg", "in/c.jpg")
    found = items(tmp_path, "in", category="hats", manifest="source,category,product\na.jpg,shoes,7\nin/b.jpg,auto,8\n")
    assert [(item.name, item.category, dict(item.carried)) for item in found] == [
        ("a", "shoes", {"product": "7"}),
        ("b", None, {"product": "8"}),
        ("c", "hats", {}),
    ]


def test_a_manifest_alone_names_the_photos(tmp_path: Path) -> None:
    touch(tmp_path, "in/a.jpg", "b.jpg")
    found = items(tmp_path, manifest="source\nin/a.jpg\nb.jpg\nmissing.jpg\n")
    assert [(item.name, item.path.exists()) for item in found] == [("b", True), ("in/a", True), ("missing", False)]


def test_with_inputs_the_manifest_adds_no_photo_that_is_elsewhere_but_tells_of_missing_ones(tmp_path: Path) -> None:
    touch(tmp_path, "in/a.jpg", "other/b.jpg")
    manifest = "source\nin/a.jpg\nother/b.jpg\nin/missing.jpg\n"
    assert [item.path.name for item in items(tmp_path, "in", manifest=manifest)] == ["a.jpg", "missing.jpg"]


def test_a_category_nobody_knows_is_its_photos_problem(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "b.jpg")
    found = items(tmp_path, manifest="source,category\na.jpg,shoess\nb.jpg,shoes\n")
    assert found[0].problem == (
        "a.jpg: the category 'shoess' is not known; use one of hats, shoes, or describe it in the style"
    )
    assert found[1].problem is None


def test_a_name_that_is_no_text_is_its_photos_problem(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "caf\udce9.jpg")
    problems = [item.problem for item in items(tmp_path, ".")]
    assert sum(problem is not None and "rename it" in problem for problem in problems) == 1


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [(["nowhere"], "there is no .*nowhere: check the path"), (["empty"], "no photos were found")],
)
def test_no_photo_at_all_is_refused(tmp_path: Path, inputs: list[str], sentence: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=sentence):
        items(tmp_path, *inputs)
