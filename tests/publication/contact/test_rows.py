from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packshot.publication.contact.rows import link, photo_of, read_run


def line(source: str = "in/a.jpg", **more: Any) -> str:
    return json.dumps({"source": source, "category": "shoes", "route": "publish", "output": "published/a.jpg", **more})


def read(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "run.jsonl"
    path.write_text(text, "utf-8")
    return read_run(path)


def test_the_last_line_about_a_photo_counts(tmp_path: Path) -> None:
    run = read(tmp_path, f"{line(route='failed')}\n{line('in/b.jpg')}\n{line(quality=0.5)}\n")
    assert [(photo["source"], photo["quality"]) for photo in run.photos] == [("in/b.jpg", None), ("in/a.jpg", 0.5)]


def test_a_line_cut_off_by_a_kill_is_left_out_and_a_broken_one_is_counted(tmp_path: Path) -> None:
    run = read(tmp_path, f'{line()}\nnot json\n[1]\n{{"source": "x", "route": "away"}}\n\n{line("in/b.jpg")[:40]}')
    assert (len(run.photos), run.unread) == (1, 3)


def test_a_last_line_without_its_newline_counts(tmp_path: Path) -> None:
    assert len(read(tmp_path, line()).photos) == 1


def test_reasons_with_a_code_share_it_and_sentences_share_their_words(tmp_path: Path) -> None:
    reasons = [
        {"code": "background_halo", "sentence": "A halo of 2 %.", "region": [0.1, 0.2, 0.3, 2]},
        "3 specks are left on a.jpg; look closely.",
    ]
    other = ["17 specks are left on b.jpg; look closely."]
    run = read(tmp_path, f"{line(reasons=reasons)}\n{line('in/b.jpg', output='published/b.jpg', reasons=other)}\n")
    assert run.kinds == {"background halo": "Background halo", "specks are left on": "Specks are left on"}
    assert run.photos[0]["reasons"][0]["region"] == [0.1, 0.2, 0.3, 1.0]
    assert run.photos[1]["reasons"][0]["text"] == other[0]


def test_an_error_is_the_reason_of_a_failed_photo() -> None:
    kinds: dict[str, str] = {}
    error = "a.jpg is empty (0 bytes); copy it again."
    row = {"source": "in/a.jpg", "route": "failed", "error": error, "reasons": ["not this"]}
    assert [reason["text"] for reason in photo_of(row, kinds)["reasons"]] == [error]
    assert list(kinds.values()) == ["Is empty (… bytes)"]
    photo_of({**row, "problem": "too-many-bytes"}, kinds)
    assert "Too many bytes" in kinds.values()
    assert photo_of({"source": "a", "route": "failed"}, {})["reasons"][0]["text"] == "It failed without saying why."


@pytest.mark.parametrize("value", ["0.5", None, True, float("nan"), float("inf"), 1e300, [], {}])
def test_a_quality_that_is_no_number_is_left_out(value: Any) -> None:
    row = {"source": "a", "route": "review", "quality": value, "reasons": value, "category": value, "presets": value}
    photo = photo_of(row, {})
    assert photo["quality"] is None
    assert photo["presets"] == []
    assert photo["reasons"] == []


def test_only_what_browsers_show_is_shown_as_it_is() -> None:
    assert photo_of({"source": "/x/a.JPG", "route": "review"}, {})["viewable"]
    assert not photo_of({"source": "/x/a.NEF", "route": "review"}, {})["viewable"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("published/a b#1?.jpg", "published/a%20b%231%3F.jpg"),
        ("javascript:alert(1)//.jpg", "javascript%3Aalert%281%29//.jpg"),
        ("../in/ä.jpg", "../in/%C3%A4.jpg"),
        ("/x/100%.jpg", "file:///x/100%25.jpg"),
        ("", None),
        (None, None),
    ],
)
def test_links_are_escaped(path: str | None, expected: str | None) -> None:
    assert link(path) == expected


@settings(deadline=None)
@given(st.text(min_size=1).filter(lambda text: "\0" not in text))
def test_no_name_is_a_link_to_elsewhere(name: str) -> None:
    name = name.encode("utf-8", "surrogateescape" if name.isascii() else "replace").decode()
    parts = urlsplit(link(name) or "")
    assert parts.scheme in ("", "file")
    assert (parts.netloc, parts.query, parts.fragment) == ("", "", "")
    if parts.scheme == "":
        assert unquote(parts.path) == name


def test_a_name_that_is_not_unicode_is_linked_byte_for_byte() -> None:
    assert link(b"published/\xff.jpg".decode("utf-8", "surrogateescape")) == "published/%FF.jpg"


def test_marketplaces_are_told_with_what_is_open() -> None:
    finding = {"status": "failed", "sentence": "It is 900 pixels long.", "more": 1}
    shop = {"output": "variants/Shop/a b.jpg", "meets": False, "findings": [finding, "no finding"]}
    presets = photo_of({"source": "a", "route": "review", "presets": {"Shop": shop, "Other": 3}}, {})["presets"]
    assert presets == [
        {
            "name": "Shop",
            "output": "variants/Shop/a%20b.jpg",
            "meets": False,
            "findings": [{"status": "failed", "sentence": "It is 900 pixels long."}],
        }
    ]
