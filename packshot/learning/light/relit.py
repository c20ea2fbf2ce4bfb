"""A photo's numbers as they would be in another light: more photos to learn from, without a picture drawn.

Stops add up: a stop more of exposure is a stop more of every level, and a warmer lamp moves every tint alike. What
passes white stays at white. Which pixels burn out, and how evenly the backdrop is lit, is left as it was.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from packshot.colorscience import LUMINANCE
from packshot.lightmeter import NUMBERS, paper_belief
from packshot.spotmeter import PALE_PLACES, PALES, REGIONS, paleness

Floats = NDArray[np.float64]
_AT = {name: index for index, name in enumerate(NUMBERS)}
_DERIVED = ("pale", "paper")
_JITTER = (0.08, 0.04, 0.04)  # stops


def _named(*words: str) -> NDArray[np.intp]:
    """Where the numbers are whose names have all the words, and are measured, not worked out from others."""
    found = [name for name in NUMBERS if all(word in name for word in words) and not any(d in name for d in _DERIVED)]
    return np.array([_AT[name] for name in found], np.intp)


def relit(measured: Floats, added: Floats) -> Floats:
    """Measured rows (n, numbers) with ``added`` (n, 3) stops of exposure, red and blue in the light.

    Numbers behind ``NUMBERS``, the embedding, stay as they are.
    """
    rows = measured.copy()
    exposure, red, blue = added.T[..., None]
    green = exposure - np.log2(np.stack([2**red, np.ones_like(red), 2**blue], -1) @ LUMINANCE)
    for region in REGIONS:
        first, second = (measured[:, _named(region, color)[:1]] for color in ("red", "blue"))
        most = np.maximum(np.maximum(first, second), 0)
        strongest = green + np.maximum(np.maximum(first + red, second + blue), 0) - most
        for name, stops in (("luminance", exposure), ("strongest", strongest)):
            rows[:, _named(region, name)] = np.minimum(rows[:, _named(region, name)] + stops, 0)
    rows[:, _named("red")] += red
    rows[:, _named("blue")] += blue
    _work_out(rows, measured)
    return rows


def _work_out(rows: Floats, before: Floats) -> None:
    """Sets the numbers that are worked out from others."""
    for region in REGIONS:
        for place in PALE_PLACES:
            red, blue = (rows[:, _AT[f"spot {region} {color} at {place}"]] for color in ("red", "blue"))
            for pale in PALES:
                share = paleness(red, blue, pale)
                for what, value in (("red", share * red), ("blue", share * blue), ("share", share)):
                    rows[:, _AT[f"spot {region} pale {what} at {place}, {pale}"]] = value
    paper = [_AT[f"backdrop {name}"] for name in ("red", "blue", "luminance at 50%")]
    was, now = before[:, paper], rows[:, paper]
    rows[:, _AT["paper"]] *= paper_belief(now[:, 0], now[:, 1]) / paper_belief(was[:, 0], was[:, 1])
    for name, value in zip(("paper red", "paper blue", "paper luminance"), now.T, strict=True):
        rows[:, _AT[name]] = rows[:, _AT["paper"]] * value


def relit_as_others(measured: Floats, changes: Floats, camera: NDArray[np.intp], times: int) -> tuple[Floats, Floats]:
    """Rows (times * n, numbers) each in the light of another photo of its ``camera`` (n,), and their changes.

    ``changes`` (n, 8): what was undone in each, in stops.
    """
    draw = np.random.default_rng(1)
    rows, wanted = [], []
    for _ in range(times):
        other = np.arange(len(measured))
        for one in np.unique(camera):
            same = np.flatnonzero(camera == one)
            other[same] = draw.permutation(same)
        moved = changes.copy()
        moved[:, :3] = changes[other, :3] + draw.normal(0, _JITTER, (len(measured), 3))
        rows.append(relit(measured, (changes - moved)[:, :3]))
        wanted.append(moved)
    return np.concatenate(rows), np.concatenate(wanted)
