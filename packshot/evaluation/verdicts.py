"""Verdicts of people as a file: one JSON object a line, or a CSV with the same names as columns.

``quality`` (what the judge said of the shot) and ``verdict`` (``good`` or ``bad``) are needed; ``category``, ``group``
(product or seller), ``hard`` and ``source`` are read where they are. A verdict that has trained a judge says so with
``trained``, and is refused here.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packshot.evaluation.promise import Case

_BAD = {"bad": True, "reject": True, "rejected": True, "good": False, "accept": False, "accepted": False}
_TRUE, _FALSE = {"true", "1", "yes"}, {"false", "0", "no", "", "none"}


def read_verdicts(path: Path) -> list[Case]:
    """The verdicts of a file, the last one where a source comes twice. Raises ValueError naming what is wrong where."""
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix.lower() == ".csv":
        lines: list[Mapping[str, Any]] = list(csv.DictReader(text.splitlines()))
    else:
        lines = [_object(line, f"{path.name} line {n}") for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    cases: dict[str, Case] = {}
    for number, line in enumerate(lines, 1):
        cases[str(line.get("source") or f"#{number}")] = _case(line, f"{path.name}: verdict {number}")
    return list(cases.values())


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise ValueError(f"{where} is not JSON ({error}); write one object a line") from error
    if not isinstance(value, dict):
        raise ValueError(f"{where} is not a JSON object; write one object a line")
    return value


def _case(line: Mapping[str, Any], where: str) -> Case:
    if _flag(line.get("trained"), where):
        raise ValueError(f"{where} has trained a judge and cannot calibrate one; leave such verdicts out")
    said = str(line.get("verdict") or "").lower()
    if said not in _BAD:
        raise ValueError(f"{where} has no verdict: it is {line.get('verdict')!r}, and should be good or bad")
    try:
        quality = float(line.get("quality"))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        quality = -1.0
    if not 0 <= quality <= 1:
        raise ValueError(f"{where} has no quality between 0 and 1: give what `packshot run` wrote to run.jsonl")
    category, group = (str(line.get(name) or "") for name in ("category", "group"))
    return Case(quality, _BAD[said], category or "unknown", _flag(line.get("hard"), where), group)


def _flag(value: object, where: str) -> bool:
    text = str(value).lower()
    if text not in _TRUE | _FALSE:
        raise ValueError(f"{where}: {value!r} is neither true nor false")
    return text in _TRUE
