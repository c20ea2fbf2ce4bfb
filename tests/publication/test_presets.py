from __future__ import annotations

import tomllib
from datetime import date

import pytest

from packshot.publication.presets import PixelSize, built_in_presets, preset, read_presets

ONE_RULE = """
[sources.shop]
title = "Shop"
url = "https://shop.example"
trust = "official"
dated = 2026-11-23

[presets.shop]
title = "Shop"
variant = { canvas = [800, 800] }

[[presets.shop.rules]]
check = "pixel_size"
min_longest = 700
source = "shop"
"""


def test_the_marketplaces_are_there_and_every_rule_says_who_says_so() -> None:
    presets = built_in_presets()
    markets = {"amazon-main", "google-merchant", "zalando", "about-you", "ebay", "walmart", "bol", "otto"}
    assert markets | {"cutout", "square"} == set(presets)
    for each in (presets[name] for name in markets):
        assert each.rules
        for rule in each.rules:
            assert rule.source.url.startswith("http")
            assert rule.source.dated >= date(2026, 11, 1)


def test_google_asks_for_500_pixels_from_the_last_day_of_january_2027() -> None:
    def least(day: date) -> int:
        sizes = [rule for rule in preset("google-merchant").on(day) if isinstance(rule, PixelSize)]
        return max(rule.min_width or 0 for rule in sizes if rule.level == "required")

    assert least(date(2027, 1, 30)) == 100
    assert least(date(2027, 1, 31)) == 500


def test_ones_own_presets_win_over_built_in_ones() -> None:
    own = tomllib.loads(ONE_RULE + ONE_RULE.split("\n\n", 1)[1].replace("presets.shop", "presets.ebay"))
    assert preset("shop", own).variant.canvas == (800, 800)
    assert preset("ebay", own).title == "Shop"
    assert preset("bol", own) == built_in_presets()["bol"]
    with pytest.raises(ValueError, match=r"no preset 'etsy'; there are .*, shop,"):
        preset("etsy", own)
    with pytest.raises(ValueError, match=r"own_presets of the style: .*Input should be a valid string"):
        preset("shop", {**own, "presets": {"shop": {**own["presets"]["shop"], "title": 800}}})


def test_an_unknown_preset_is_answered_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"no preset 'etsy'; there are about-you, amazon-main"):
        preset("etsy")


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (ONE_RULE.replace("min_longest", "min_longset"), "min_longset"),
        (ONE_RULE.replace('"pixel_size"', '"size"'), "own.toml"),
        (ONE_RULE.replace('source = "shop"', 'source = "shpo"'), "'shpo'"),
        (ONE_RULE.replace("[800, 800]", "[0, 800]"), "canvas"),
        ("[presets", "not valid TOML"),
    ],
)
def test_a_broken_file_is_refused_with_its_place(broken: str, says: str) -> None:
    with pytest.raises(ValueError, match=r"own.toml|shpo") as caught:
        read_presets(broken, "own.toml")
    assert says in str(caught.value)
