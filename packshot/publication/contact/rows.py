"""Reading a run's lines for the page: what is shown of each photo, with links that are safe whatever its name."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import Any
from urllib.parse import quote

SHOWN_BY_BROWSERS = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".bmp"}
ROUTES = ("publish", "review", "failed")


@dataclass(frozen=True)
class Run:
    """photos: one dictionary each, as the page's script reads it. kinds: label by kind of reason. unread: bad lines."""

    photos: list[dict[str, Any]]
    kinds: dict[str, str]
    unread: int


def read_run(path: Path) -> Run:
    """The last line about each photo in ``run.jsonl``. Raises OSError as open does.

    A line cut off at the end is the mark of a killed run and is left out silently; others that cannot be read count.
    """
    lines = path.read_bytes().split(b"\n")
    latest: dict[str, dict[str, Any]] = {}
    unread = 0
    for line in lines[:-1]:
        row = _parsed(line)
        if row is not None:
            latest.pop(str(row["source"]), None)
            latest[str(row["source"])] = row
        elif line.strip():
            unread += 1
    last = _parsed(lines[-1])
    if last is not None:
        latest[str(last["source"])] = last
    kinds: dict[str, str] = {}
    photos = [photo_of(row, kinds) for row in latest.values()]
    return Run(photos, kinds, unread)


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and row.get("source") and row.get("route") in ROUTES else None


def photo_of(row: dict[str, Any], kinds: dict[str, str]) -> dict[str, Any]:
    """What the page shows of one line. New kinds of reason are added to ``kinds``."""
    source = str(row["source"])
    output = row.get("output")
    name = PurePath(str(output or source)).name
    return {
        "id": hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:12],
        "name": name,
        "folder": PurePosixPath(str(row.get("name") or "")).parent.as_posix().removeprefix("."),
        "source": source,
        "category": str(row.get("category") or "unknown"),
        "route": row["route"],
        "quality": _number(row.get("quality")),
        "would": bool(row.get("would_publish")),
        "reasons": [_reason(reason, name, kinds) for reason in _reasons(row)],
        "presets": _presets(row.get("presets")),
        "output": link(output),
        "preview": link(row.get("preview")),
        "thumb": link(row.get("thumb")),
        "recipe": link(row.get("recipe")),
        "matte": link(row.get("matte")),
        "original": link(source),
        "viewable": PurePath(source).suffix.lower() in SHOWN_BY_BROWSERS,
    }


def _reasons(row: dict[str, Any]) -> Iterable[Any]:
    if row["route"] == "failed":
        return [{"sentence": row.get("error") or "It failed without saying why.", "code": row.get("problem")}]
    reasons = row.get("reasons")
    return reasons if isinstance(reasons, list) else []


def _presets(made: Any) -> list[dict[str, Any]]:
    """The marketplaces' outputs: each with its file, whether it meets the rules, and what is open."""
    if not isinstance(made, dict):
        return []
    return [
        {
            "name": str(name),
            "output": link(export.get("output")),
            "meets": bool(export.get("meets")),
            "findings": [_finding(finding) for finding in export.get("findings") or [] if isinstance(finding, dict)],
        }
        for name, export in sorted(made.items())
        if isinstance(export, dict)
    ]


def _finding(finding: dict[str, Any]) -> dict[str, str]:
    status = finding.get("status")
    known = str(status) if status in ("failed", "advice", "unknown") else "unknown"
    return {"status": known, "sentence": str(finding.get("sentence") or "No reason is given.")}


def _reason(reason: Any, name: str, kinds: dict[str, str]) -> dict[str, Any]:
    """A reason is a sentence, or an object with ``sentence`` and perhaps ``code`` and ``region``."""
    given = reason if isinstance(reason, dict) else {"sentence": reason}
    sentence = str(given.get("sentence") or given.get("message") or given.get("code") or "No reason is given.")
    label = _label(given, sentence, name)
    kinds.setdefault(label.casefold(), label)
    region = given.get("region")
    return {"text": sentence, "kind": label.casefold(), "region": _region(region)}


def _label(given: dict[str, Any], sentence: str, name: str) -> str:
    """What reasons of one kind share: their code in words, or the sentence without its figures and file names."""
    if given.get("code"):
        return re.sub(r"[-_.]+", " ", str(given["code"])).strip().capitalize()
    plain = re.sub(r"\S+\.\w{2,5}(?=[\s,:;]|$)|[-+]?\d[\d.,]*", "…", sentence.replace(name, "…"))
    plain = re.split(r"[;:]", re.sub(r"(?:…\s*)+", "… ", plain))[0].strip(" …").rstrip(".")[:80]
    return plain[:1].upper() + plain[1:] or sentence[:80]


def _region(region: Any) -> list[float] | None:
    if not isinstance(region, (list, tuple)) or len(region) != 4:
        return None
    numbers = [_number(value) for value in region]
    return None if None in numbers else [min(max(float(value or 0), 0.0), 1.0) for value in numbers]


def _number(value: Any) -> float | None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e12
    return float(value) if number else None


def link(path: Any) -> str | None:
    """A link from the page's folder to a path relative to it, or to an absolute path; None for no path.

    Every character that means something in a link is escaped, so a name can be no scheme, host, query or fragment.
    """
    if not path:
        return None
    if os.path.isabs(str(path)):
        return Path(str(path)).as_uri()
    return quote(os.fsencode(str(path).replace(os.sep, "/")))
