from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from packshot.publication.contact import write_page
from packshot.publication.contact.page import render_page
from packshot.publication.contact.rows import Run, photo_of

HOSTILE = [
    "</script><script>alert(1)</script>.jpg",
    "<!--<script>.jpg",
    '"><img src=x onerror=alert(1)>.jpg',
    "{{script}}{{title}}.jpg",
    "line\u2028separator\u2029.jpg",
    b"not-\xff-unicode.jpg".decode("utf-8", "surrogateescape"),
]


def embedded(page: str) -> dict[str, list[dict[str, str]]]:
    found = re.search(r'<script type="application/json" id="run">(.*?)</script>', page, re.DOTALL)
    assert found
    data = json.loads(found[1])
    assert isinstance(data, dict)
    return data


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_data_and_never_markup(name: str) -> None:
    row = {"source": name, "route": "review", "category": name, "reasons": [name], "output": f"review/{name}"}
    kinds: dict[str, str] = {}
    page = render_page(Run([photo_of(row, kinds)], kinds, 0), name)
    (photo,) = embedded(page)["photos"]
    assert (photo["source"], photo["category"]) == (name, name)
    assert page.count("<script") == 2
    assert page.count("</script>") == 2
    assert "<img src=x" not in page
    page.encode("utf-8")


def test_every_part_is_filled_in_and_nothing_is_loaded_from_elsewhere() -> None:
    page = render_page(Run([], {}, 0), "Run")
    assert not re.search(r"\{\{\w+\}\}", page)
    assert not re.search(r"https?://", page)
    assert "default-src 'none'" in page


def test_the_page_is_written_beside_its_run(tmp_path: Path) -> None:
    (tmp_path / "run.jsonl").write_text('{"source": "a.jpg", "route": "failed", "error": "No."}\n')
    path = write_page(tmp_path)
    assert path == tmp_path / "index.html"
    assert f"<title>{tmp_path.name}" in path.read_text("utf-8")


def test_a_folder_without_a_run_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"holds no run.jsonl: give the folder"):
        write_page(tmp_path)
