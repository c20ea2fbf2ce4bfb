from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from packshot.style import House, Style, load_style

STYLE = """
style = 1

[default]
long_side = 1600
background = [245, 245, 245]
shadow = "soft"

[categories.shoes]
aspect = 1.0
anchor = "base"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "style.toml"
    path.write_text(text)
    return path


def test_a_style_is_called_as_its_file_unless_it_says_otherwise(tmp_path: Path) -> None:
    assert load_style(written(tmp_path, STYLE)).name == "style"
    assert load_style(written(tmp_path, 'name = "winter"\n' + STYLE)).name == "winter"


def test_an_empty_style_is_the_house_default() -> None:
    assert Style().house("anything") == House()


def test_a_category_overrides_the_default_and_the_default_the_habits(tmp_path: Path) -> None:
    style = load_style(written(tmp_path, STYLE))
    habits = {"long_side": 900, "anchor": "top", "margin_top": 0.2}
    shoes, tops = style.house("shoes", habits), style.house("tops", habits)
    assert (shoes.long_side, shoes.anchor, shoes.margin_top, shoes.aspect) == (1600, "base", 0.2, 1.0)
    assert (tops.long_side, tops.anchor, tops.aspect) == (1600, "top", House().aspect)
    assert tops.background == (245, 245, 245)
    assert tops.shadow == "soft"


@given(st.floats(0.2, 5), st.integers(64, 20000))
def test_the_canvas_has_the_aspect_and_the_long_side(aspect: float, long_side: int) -> None:
    width, height = House(aspect=aspect, long_side=long_side).canvas()
    assert max(width, height) == long_side
    assert width == pytest.approx(height * aspect, abs=max(1, aspect) * 0.51)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("long_side = 1600\n", r"long_side stands under \[default\]"),
        ("[default]\nmargin_topp = 0.1\n", "no key margin_topp; is margin_top meant?"),
        ("[defaults]\n", "is default meant?"),
        ("[default]\nbackground = 'white'\n", r"background: give a list, such as \[255, 255, 255\]"),
        ("[default]\nlong_side = 'large'\n", "long_side"),
        ("[categories.shoes]\nanchor = 'left'\n", "anchor"),
        ("[default\n", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as caught:
        load_style(written(tmp_path, text))
    assert "style.toml" in str(caught.value)


def test_text_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "style.toml"
    path.write_bytes(b"[default]\nshadow = '\xff'\n")
    with pytest.raises(ValueError, match="not valid TOML"):
        load_style(path)


def test_equal_styles_have_equal_digests_and_others_do_not(tmp_path: Path) -> None:
    first, second = (load_style(written(tmp_path, text)) for text in (STYLE, STYLE + "\n# a comment\n"))
    assert first.digest() == second.digest()
    assert first.digest() != Style().digest()


def test_a_house_is_not_changed_by_accident() -> None:
    with pytest.raises(ValidationError):
        House().aspect = 1.0  # type: ignore[misc]


def test_photos_of_a_known_camera_alone_are_enlarged_to_its_canvas() -> None:
    house = House(long_side=2000, upscale="known", long_sides=((400, 640), (1728, 1600)))
    known, unknown = house.for_photo((533, 400)), house.for_photo((900, 1200))
    assert (known.long_side, known.upscale) == (640, "allow")
    assert (unknown.long_side, unknown.upscale) == (2000, "never")
    always = House(upscale="allow", long_sides=((400, 640),)).for_photo((900, 1200))
    assert always.upscale == "allow"
