"""What drift compares, and how a shift is told to somebody who answers for the photos."""

from __future__ import annotations

NUMBERS = {
    "backdrop": ("backdrop_stops", "backdrop_red", "backdrop_blue", "backdrop_spread", "backdrop_busy"),
    "light": ("product_stops", "contrast", "unevenness", "gain_red", "gain_blue"),
    "framing": ("area", "box_share", "least_margin", "source_pixels"),
}
KINDS = ("camera", "category")

_PHRASES = {
    "backdrop_stops": ("the backdrop is darker", "the backdrop is brighter", " stops"),
    "backdrop_red": ("the backdrop is less red", "the backdrop is redder", " stops"),
    "backdrop_blue": ("the backdrop is yellower", "the backdrop is bluer", " stops"),
    "backdrop_spread": ("the backdrop is more even", "the backdrop is less even", " stops"),
    "backdrop_busy": ("the backdrop is calmer", "the backdrop is busier", ""),
    "product_stops": ("the products are darker in the photos", "the products are brighter in the photos", " stops"),
    "contrast": ("product and backdrop are more alike", "product and backdrop differ more in brightness", " stops"),
    "unevenness": ("the light is more even", "the light is less even", " stops"),
    "gain_red": ("the light is redder", "the light is less red", " stops of correction"),
    "gain_blue": ("the light is bluer", "the light is yellower", " stops of correction"),
    "area": ("the products fill less of the photo", "the products fill more of the photo", " of its area"),
    "box_share": ("the products are smaller in the photo", "the products are larger in the photo", " of its sides"),
    "least_margin": ("the products come nearer to the edge", "the products lie farther from the edge", " of its sides"),
    "source_pixels": ("the photos have fewer pixels", "the photos have more pixels", " megapixels"),
}


def sentence_of(name: str, kind: str, before: float, now: float) -> str:
    """One shift in words. Of numbers ``before`` and ``now`` are medians, of kinds the shares of ``kind``."""
    if name in KINDS:
        more = "more" if now > before else "fewer"
        what = f"photos from the camera {kind}" if name == "camera" else f"photos of {kind}"
        return f"there are {more} {what}: {before:.0%} before, {now:.0%} now"
    less, more, unit = _PHRASES[name]
    old, new = (_number(name, value) for value in (before, now))
    if old == new:
        return f"{name.replace('_', ' ')} varies otherwise, about the same {old}{unit}"
    return f"{more if now > before else less}: {old} before, {new}{unit} now"


def _number(name: str, value: float) -> str:
    return f"{2**value / 1e6:.1f}" if name == "source_pixels" else f"{value:.2f}"
