"""The house style that reproduces what was found in a studio's afters, as a file for people to edit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packshot.photo import write_atomic
from packshot.style import Style

_HEAD = """# House style, read from {source}, for people to edit; give it with --style.
# Shares are of the canvas's width (left, right) and height (top, bottom).
# What a category leaves out is as in [default].
"""
_WORDS = {
    "aspect": "canvas width / height",
    "long_side": "pixels of the canvas's long side",
    "long_sides": "photo's long side and canvas's long side, where the camera decides",
    "anchor": "what stands still: centre, base or top",
    "upscale": "never: a small photo gives a smaller canvas",
    "shadow": "none, keep or soft",
    "background": "sRGB",
    "sharpening": "amount",
    "noise": "levels smoothed out where a photo is hardly reduced",
    "upright": "auto, or never to leave the tilt",
    "heal": "dust and lint",
    "frame": "margins, or photo to keep the photo's own",
    "color": "share of the colour correction; 0 keeps the photo's colour",
    "light": "share of the lighting correction",
}
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def write_style(path: Path, style: Style, source: str) -> None:
    """Writes ``style.toml``; ``load_style`` reads the same style back. ``source``: what the style was read from."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, style_text(style, source).encode("utf-8"))


def style_text(style: Style, source: str) -> str:
    """A style as TOML, with a word on what each key means."""
    called = f"name = {_text(style.name)}\n" if style.name else ""
    parts = [_HEAD.format(source=source), f"style = 1\n{called}", _section("default", style.default)]
    parts += [_section(f"categories.{_key(name)}", rules) for name, rules in sorted(style.categories.items()) if rules]
    return "\n".join(parts)


def _section(name: str, rules: Mapping[str, Any]) -> str:
    lines = [f"{key} = {_value(value)}" + _remark(name, key) for key, value in rules.items()]
    return "\n".join([f"[{name}]", *lines, ""])


def _remark(section: str, key: str) -> str:
    return f"  # {_WORDS[key]}" if section == "default" and key in _WORDS else ""


def _key(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else _text(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_value(one) for one in value)}]"
    return str(value)


def _text(text: str) -> str:
    """A basic string: quotes, backslashes and control characters escaped (TOML 1.0)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'
