"""The documentation keeps up with the code: what exists is described, what is described exists."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer
import typer.core

from packshot import recipe as recipes
from packshot.cli import app
from packshot.pack_file import Look, ModelCard, PackFile, Preprocessing, Thresholds
from packshot.pipeline import STAGES
from packshot.recipe import Frozen, Recipe
from packshot.style import House, Style
from training.hash_data import SETS, hash_set

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
OTHERS = ("README.md", "CHANGELOG.md", "training/README.md", "packshot/architecture.md", "packshot/packs/base/card.md")
PAGES = sorted([*(ROOT / name for name in OTHERS), *DOCS.rglob("*.md")])
SECTIONS = ("What and why", "Formula", "Parameters", "Where it fails")
COMMANDS = typer.main.get_command(app)
assert isinstance(COMMANDS, typer.core.TyperGroup)


def text(path: str | Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def table(page: str, heading: str | None = None) -> dict[str, list[str]]:
    """The rows of a page's tables, below a heading if one is given, by the name in backticks in their first cell."""
    body = text(page) if heading is None else text(page).split(f"# {heading}\n", 1)[1].split("\n#", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines() if line[:1] == "|"]
    return {name: row for row in rows for name in re.findall(r"`([^`]+)`", row[0])}


def value_in(cell: str) -> object:
    """A default as a table writes it."""
    return json.loads(cell)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_each_stage_has_a_page_with_all_its_sections_and_a_figure(stage: object) -> None:
    page = text(f"docs/stages/{stage.name}.md")  # type: ignore[attr-defined]
    for section in SECTIONS:
        assert f"## {section}\n" in page
    assert re.search(r"!\[[^\]]+\]\(\.\./pictures/", page)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_every_parameter_of_a_stage_is_in_its_table(stage: object) -> None:
    name = stage.name  # type: ignore[attr-defined]
    fields = Recipe.model_fields[name].annotation
    assert isinstance(fields, type)
    assert issubclass(fields, Frozen)
    assert set(table(f"docs/stages/{name}.md", "Parameters")) >= set(fields.model_fields)


@pytest.mark.parametrize(
    ("model", "page"),
    [
        (recipes.Grid, "docs/stages/lighting.md"),
        (recipes.Asset, "docs/stages/background.md"),
        (recipes.Geometry, "docs/stages/cropping.md"),
        (recipes.Spot, "docs/stages/detailing.md"),
        (recipes.Source, "docs/recipes.md"),
        (recipes.Verdict, "docs/recipes.md"),
        (recipes.Reason, "docs/recipes.md"),
    ],
)
def test_every_key_within_a_part_is_described(model: type[Frozen], page: str) -> None:
    missing = [name for name in model.model_fields if f"`{name}`" not in text(page)]
    assert not missing


def test_every_key_of_a_recipe_is_described() -> None:
    keys = set(Recipe.model_fields) - {"assets"} | {"geometry"}
    assert set(table("docs/recipes.md")) >= keys


@pytest.mark.parametrize(
    ("model", "page", "heading"),
    [
        (House, "docs/style.md", None),
        (Thresholds, "docs/packs.md", "Thresholds"),
        (Look, "docs/packs.md", "The look"),
        (Preprocessing, "docs/packs.md", "Preprocessing"),
        (ModelCard, "docs/packs.md", "A model"),
    ],
)
def test_every_key_is_described_with_its_true_default(model: type[Frozen], page: str, heading: str | None) -> None:
    rows = table(page, heading)
    assert set(rows) >= set(model.model_fields)
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if field.is_required():
            assert rows[name][1] == "required", name
        elif isinstance(default, Frozen):
            assert rows[name][1] == "below", name
        else:
            assert value_in(rows[name][1]) == json.loads(json.dumps(default)), name


def test_every_key_of_a_pack_is_described() -> None:
    assert set(table("docs/packs.md", "`pack.json`")) >= set(PackFile.model_fields)


def test_every_code_the_rules_may_give_is_described() -> None:
    rules = text("packshot/evaluation/rules.py") + text("packshot/evaluation/judge.py")
    codes = set(re.findall(r'found\(\s*"(\w+)"', rules)) | set(re.findall(r'code="(\w+)"', rules))
    assert len(codes) > 10
    assert set(table("docs/evaluation.md", "The rules")) >= codes


def test_the_styles_example_is_a_valid_style(tmp_path: Path) -> None:
    from packshot.style import load_style

    example = tmp_path / "style.toml"
    example.write_text(re.findall(r"```toml\n(.*?)```", text("docs/style.md"), re.DOTALL)[0])
    style = load_style(example)
    assert isinstance(style, Style)
    assert style.house("shoes").anchor == "base"


def test_the_recipes_example_is_a_valid_recipe() -> None:
    example = re.findall(r"```json\n(.*?)```", text("docs/recipes.md"), re.DOTALL)[0]
    assert Recipe.model_validate_json(example).alignment.angle == -1.4


def test_the_packs_example_describes_a_model() -> None:
    example = re.findall(r"```json\n(.*?)```", text("docs/packs.md"), re.DOTALL)[0]
    card = ModelCard.model_validate(json.loads(f"{{{example}}}")["product"])
    assert card.preprocessing.square


def options(command: typer.core.TyperCommand | typer.core.TyperGroup) -> set[str]:
    """The long options of a command, or of all below it."""
    if isinstance(command, typer.core.TyperGroup):
        return set().union(*(options(one) for one in command.commands.values()))  # type: ignore[arg-type]
    return {option for each in command.params for option in each.opts if option[:2] == "--"}


def test_every_command_is_described_and_every_option() -> None:
    page = text("docs/commands.md")
    described = set(re.findall(r"^## `?packshot (\w+)", page, re.MULTILINE))
    assert described == set(COMMANDS.commands)
    wanted = options(COMMANDS)
    assert len(wanted) > 40
    named = set(re.findall(r"--[a-z-]+", page)) | {"--help"}
    assert sorted(wanted - named) == []


def test_the_architecture_names_every_part_of_the_package() -> None:
    page = text("packshot/architecture.md")
    parts = [path for path in (ROOT / "packshot").iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()]
    names = {path.name if path.suffix else f"{path.name}/" for path in parts if path.name[:2] != "__"}
    assert len(names) > 30
    assert sorted(name for name in names if f"`{name}" not in page) == []


def command_lines() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for name in re.findall(r"(?:^    |`|^```sh\n)packshot ([a-z]+)", text(page), re.MULTILINE):
            yield str(page.relative_to(ROOT)), name


def test_no_page_names_a_command_that_does_not_exist() -> None:
    lines = list(command_lines())
    assert len(lines) > 8
    assert [(page, name) for page, name in lines if name not in COMMANDS.commands] == []


def test_the_make_targets_the_readme_names_exist() -> None:
    targets = re.findall(r"^    make (\w+)", text("README.md"), re.MULTILINE)
    assert targets == ["demo", "test"]
    for target in targets:
        assert re.search(rf"^{target}:", text("Makefile"), re.MULTILINE)


def test_the_library_example_of_the_readme_runs(monkeypatch: pytest.MonkeyPatch, capsys: object) -> None:
    monkeypatch.chdir(ROOT)
    example = re.findall(r"```python\n(.*?)```", text("README.md"), re.DOTALL)[0]
    names: dict[str, object] = {}
    exec(example, names)
    verdict = names["verdict"]
    assert isinstance(verdict, recipes.Verdict)
    assert verdict.route == "review"
    assert capsys.readouterr().out  # type: ignore[attr-defined]


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = page if not path else (page.parent / path).resolve()
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


def test_every_page_is_reached_from_the_index() -> None:
    index = text("docs/index.md")
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - {"index.md"}
    assert sorted(page for page in pages if f"({page})" not in index) == []


def test_the_figures_are_small_and_all_are_shown() -> None:
    pictures = list((DOCS / "pictures").glob("*.jpg"))
    assert sum(path.stat().st_size for path in pictures) < 1_500_000
    everything = "".join(text(page) for page in PAGES)
    assert [path.name for path in pictures if f"pictures/{path.name}" not in everything] == []


def test_a_data_sets_hash_follows_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two").write_bytes(b"22")
    (tmp_path / "a").write_bytes(b"1")
    first = hash_set(tmp_path, "set")
    content = b"a\0" + (1).to_bytes(8, "big") + b"1" + b"b/two\0" + (2).to_bytes(8, "big") + b"22"
    assert (first.sha256, first.files, first.size) == (hashlib.sha256(content).hexdigest(), 2, 3)
    (tmp_path / "a").rename(tmp_path / "c")
    assert hash_set(tmp_path, "set").sha256 != first.sha256
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="holds no files"):
        hash_set(tmp_path / "empty", "set")


def test_the_noted_data_is_that_of_the_recipe() -> None:
    lines = text("training/data.sha256").splitlines()
    assert [line.split("  ")[-1] for line in lines] == list(SETS)
    assert all(re.fullmatch(r"[0-9a-f]{64}  \d+ files  \d+ bytes  [a-z/]+", line) for line in lines)
    assert [name for name in SETS if f"`{name}`" not in text("training/README.md")] == []
