"""Whether an output meets a preset, and why not, one sentence each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from packshot.publication.measure import Output, Stray
from packshot.publication.presets import (
    Aspect,
    Background,
    ColorMode,
    Density,
    FileSize,
    Fill,
    Format,
    NotUpscaled,
    PixelSize,
    Preset,
    Rule,
    Shadow,
)

WHITE = (255, 255, 255)
EXTENSIONS = {"jpeg": ("jpg", "jpeg"), "tiff": ("tif", "tiff")}
Status = Literal["failed", "advice", "unknown"]


@dataclass(frozen=True)
class Finding:
    """One rule that an output does not meet, or that could not be checked.

    status: "failed" breaks a required rule, "advice" a recommended one, "unknown" lacks a fact.
    sentence: what is wrong, for people. rule: what was asked, with its source.
    """

    preset: str
    status: Status
    sentence: str
    rule: Rule


def check_output(output: Output | Path, preset: Preset, day: date | None = None) -> list[Finding]:
    """The rules of ``preset`` in force on ``day`` (today when None) that the output does not meet, in their order.

    Raises ValueError when the output is no image, or its matte has another size.
    """
    if isinstance(output, Path):
        output = Output.read(output)
    findings = (_finding(output, preset, rule) for rule in preset.on(day or date.today()))
    return [finding for finding in findings if finding is not None]


def meets(findings: list[Finding]) -> bool:
    """Whether no required rule is broken. Advice and open questions do not break a preset."""
    return not any(finding.status == "failed" for finding in findings)


def _finding(output: Output, preset: Preset, rule: Rule) -> Finding | None:
    answer = CHECKS[type(rule)](output, rule)
    if answer is None:
        return None
    status: Status = "failed" if rule.level == "required" else "advice"
    if isinstance(answer, Unknown):
        return Finding(preset.name, "unknown", answer, rule)
    return Finding(preset.name, status, answer, rule)


class Unknown(str):
    """A sentence that says what is not known, where a plain string says what is wrong."""


def _pixel_size(output: Output, rule: PixelSize) -> str | None:
    size, thing = output.header.size, "the picture"
    if rule.count == "product":
        box = output.product_box
        size, thing = (box[2:] if box else (0, 0)), "the product, white space not counted,"
    faults = list(_size_faults(rule, *size))
    if not faults:
        return None
    return f"{thing.capitalize()} is {size[0]} x {size[1]} px: {' and '.join(faults)}."


def _size_faults(rule: PixelSize, width: int, height: int) -> Iterator[str]:
    sides = (("width", width, rule.min_width, rule.max_width), ("height", height, rule.min_height, rule.max_height))
    longest = ("longest side", max(width, height), rule.min_longest, rule.max_longest)
    for name, value, least, most in (*sides, longest):
        if least is not None and value < least:
            yield f"the {name} must be at least {least} px"
        if most is not None and value > most:
            yield f"the {name} must be at most {most} px"
    if rule.max_megapixels is not None and width * height > rule.max_megapixels * 1e6:
        yield f"it must have at most {rule.max_megapixels:g} megapixels"


def _aspect(output: Output, rule: Aspect) -> str | None:
    width, height = output.header.size
    if abs(width / height / rule.ratio - 1) <= rule.tolerance + 1 / min(width, height):
        return None
    return f"Width to height is {width / height:.3f}; it must be {rule.ratio:.3f}."


def _format(output: Output, rule: Format) -> str | None:
    name = output.header.format
    if name not in rule.allowed:
        return f"The file is {name.upper()}; it must be {_either([each.upper() for each in rule.allowed])}."
    extension = Path(output.name).suffix.lower().lstrip(".")
    if rule.extension_must_match and extension and extension not in EXTENSIONS.get(name, (name,)):
        return f"The file is {name.upper()} but its name ends in .{extension}; the extension must match."
    return None


def _file_size(output: Output, rule: FileSize) -> str | None:
    size = len(output.data)
    if rule.of_format is not None and output.header.format != rule.of_format:
        return None
    if rule.max_bytes is not None and size > rule.max_bytes:
        return f"The file has {_bytes(size)}; it must have at most {_bytes(rule.max_bytes)}."
    if rule.min_bytes is not None and size < rule.min_bytes:
        return f"The file has {_bytes(size)}; it must have at least {_bytes(rule.min_bytes)}."
    return None


def _background(output: Output, rule: Background) -> str | None:
    if output.transparent and not rule.transparent:
        return f"The background is transparent; it must be {_color(rule)}."
    if output.product_share > 0.995:
        return f"No background is left around the product, or it is far from {_color(rule)}."
    stray = output.stray(rule.color, rule.tolerance)
    return None if stray is None else _stray_sentence(stray, rule)


def _stray_sentence(stray: Stray, rule: Background) -> str:
    share = "under 0.01 %" if stray.share < 1e-4 else f"{stray.share:.2%}".replace("%", " %")
    allowed = f" by more than {rule.tolerance} of 255 levels, and" if rule.tolerance else ""
    place = _place(stray.where)
    return (
        f"The background is not {_color(rule)}: {share} of it differs{allowed} by up to {stray.worst} levels"
        f"{f', mostly {place}' if place else ''}."
    )


def _fill(output: Output, rule: Fill) -> str | None:
    box = output.product_box
    if box is None:
        return "No product was found in the frame."
    share = _filled(output, rule, box)
    if rule.minimum <= round(share, 3) <= rule.maximum:
        return None
    wanted = f"at least {rule.minimum:.0%}" if share < rule.minimum else f"at most {rule.maximum:.0%}"
    measured = {
        "longest_side": "The product's longest side takes {} of the frame",
        "box": "The product's box takes {} of the frame's area",
        "area": "The product takes {} of the frame's area",
    }[rule.measure].format(f"{share:.1%}")
    return f"{measured}; it must take {wanted}.".replace("%", " %")


def _filled(output: Output, rule: Fill, box: tuple[int, int, int, int]) -> float:
    height, width = output.image.shape[:2]
    if rule.measure == "area":
        return output.product_share
    across, down = box[2] / width, box[3] / height
    return float(max(across, down) if rule.measure == "longest_side" else across * down)


def _color_mode(output: Output, rule: ColorMode) -> str | None:
    header = output.header
    mode = {"RGBA": "RGB", "P": "RGB"}.get(header.mode, header.mode)
    if rule.modes and mode not in rule.modes:
        return f"The color mode is {header.mode}; it must be {_either(list(rule.modes))}."
    if rule.bits is not None and header.bits != rule.bits:
        return f"It has {header.bits} bits per channel; it must have {rule.bits}."
    if rule.profile is not None and header.profile != rule.profile:
        return f"The color profile is {header.profile}; it must be {rule.profile}."
    return None


def _density(output: Output, rule: Density) -> str | None:
    density = output.header.density
    if density is None:
        return f"The file states no dots per inch; it must state at least {rule.minimum:g}."
    # Pixels per metre, as PNG stores them, come back a hair under the whole number.
    if density + 0.5 > rule.minimum:
        return None
    return f"The file states {density:g} dots per inch, under {rule.minimum:g}."


def _shadow(output: Output, rule: Shadow) -> str | None:
    if rule.policy == "allowed":
        return None
    if output.facts.shadow is None:
        return Unknown(f"Whether the product has a visible shadow is not known; one is {rule.policy}.")
    visible = output.facts.shadow != "none"
    if visible == (rule.policy == "required"):
        return None
    if visible:
        return "The product has a visible shadow; none is allowed."
    return "The product has no shadow; one is required."


def _not_upscaled(output: Output, _: NotUpscaled) -> str | None:
    if output.facts.upscaled is None:
        return Unknown("Whether the product was enlarged beyond the photo's own pixels is not known.")
    return "The product was enlarged beyond the photo's own pixels." if output.facts.upscaled else None


CHECKS: dict[type, Callable[[Output, Any], str | None]] = {
    PixelSize: _pixel_size,
    Aspect: _aspect,
    Format: _format,
    FileSize: _file_size,
    Background: _background,
    Fill: _fill,
    ColorMode: _color_mode,
    Density: _density,
    Shadow: _shadow,
    NotUpscaled: _not_upscaled,
}


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _bytes(count: int) -> str:
    return f"{count / 1e6:.2f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def _color(rule: Background) -> str:
    return "pure white" if rule.color == WHITE else f"RGB {', '.join(str(level) for level in rule.color)}"


def _place(where: tuple[float, float]) -> str:
    column = ("left", "", "right")[min(int(where[0] * 3), 2)]
    row = ("top", "", "bottom")[min(int(where[1] * 3), 2)]
    return f"at the {' '.join(part for part in (row, column) if part)}" if row or column else ""
