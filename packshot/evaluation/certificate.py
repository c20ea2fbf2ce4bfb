"""The certificate: what was proven about a pack, and for exactly which pack, style and software it holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from packshot.evaluation.bar import Bar
from packshot.evaluation.exact import verdicts_needed
from packshot.evaluation.promise import Case, Promise, effects, find_threshold, likeness, verdicts_missing
from packshot.pack import Pack
from packshot.recipe import Frozen
from packshot.style import Style

HARD, OTHERS = "hard material", "others"
_OWN_GROUP = 4  # times the verdicts that prove it with one error: from there a category has a threshold of its own
_NO_PICTURE = ("quality", "metadata", "presets", "own_presets")  # keys of a style that leave the edit as it is


class CertifiedGroup(Frozen):
    """What was proven of some categories. ``quality`` None: nothing, so that all of it goes to a person."""

    name: str
    categories: tuple[str, ...]
    hard: bool = Field(False, description="whether this is about hard material, whatever its category")
    quality: float | None = Field(None, description="the judge's quality from which a photo may be published")
    verdicts: int = Field(description="how many photos somebody decided on")
    groups: int = Field(description="of how many products or sellers")
    bad: int = Field(description="how many of these were bad")
    published: int = Field(0, description="how many the threshold accepts")
    published_bad: int = Field(0, description="how many of the accepted were bad")
    bound: float | None = Field(None, description="on the share of bad ones among the accepted, one-sided, exact")
    confidence: float = Field(description="this group's part of the promise's confidence")
    design_effect: float = Field(1.0, description="so many verdicts within a product or seller count as one")
    missing: int | None = Field(None, description="about how many more verdicts it takes; none: not with this judge")


class Certificate(Frozen):
    """One of ``certificates`` of ``pack.json``."""

    certificate: Literal[1] = 1
    promise: Promise
    bar: Bar | None = Field(None, description="what counted as good; none: people's own verdicts")
    pack: str = Field(description="name and version")
    pack_digest: str = Field(description="of the pack without this certificate")
    style: str = Field("", description="the house style's name; empty: the pack's own")
    style_digest: str
    software: str = Field(description="packshot's version: rules live in code")
    data_digest: str = Field(description="of the verdicts")
    verdicts: int
    date: str
    groups: tuple[CertifiedGroup, ...]
    closed: str | None = Field(None, description="why publication was stopped, if it was")

    def group_of(self, category: str, hard: bool) -> CertifiedGroup | None:
        """The group that speaks for a photo; None where nobody ever decided on its kind."""
        fitting = (one for one in self.groups if one.hard == hard and category in one.categories)
        return next(fitting, None)


def publishing(certificates: Sequence[Certificate]) -> list[str]:
    """What may be published unseen, group by group, each with the house style it is about."""
    return [
        group.name + (f" (style {one.style})" if one.style else "")
        for one in certificates
        for group in one.groups
        if group.quality is not None and one.closed is None
    ]


def style_digest(style: Style) -> str:
    """sha256 of everything in a style that changes the edit."""
    content = style.model_dump(mode="json", exclude={"name"})
    for rules in (content["default"], *content["categories"].values()):
        for key in _NO_PICTURE:
            rules.pop(key, None)
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def data_digest(cases: Sequence[Case]) -> str:
    """sha256 of the verdicts, in any order."""
    lines = sorted(f"{case.group}\t{case.category}\t{case.hard}\t{case.quality}\t{case.bad}" for case in cases)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def certify(
    pack: Pack, cases: Sequence[Case], promise: Promise, style: Style | None = None, bar: Bar | None = None
) -> Certificate:
    """What these verdicts prove. They must be about this pack's own shots in this style, and must not have trained it.

    Groups keep the promise all at once: the doubt is shared out among them by their numbers (Bonferroni).
    """
    from packshot import __version__

    parts = grouped(cases, promise)
    doubts = _shared_doubt({name: len(part) for name, part in parts.items()}, promise)
    found = tuple(_certified(name, part, promise, doubts[name]) for name, part in parts.items())
    return Certificate(
        promise=promise,
        bar=bar,
        pack=pack.label,
        pack_digest=pack.content_digest,
        style=(style or Style()).name,
        style_digest=style_digest(style or Style()),
        software=__version__,
        data_digest=data_digest(cases),
        verdicts=len(cases),
        date=date.today().isoformat(),
        groups=found,
    )


def grouped(cases: Sequence[Case], promise: Promise) -> dict[str, list[Case]]:
    """Verdicts by group: hard material, each category that has enough of its own, all others together.

    Every further group takes its share of the doubt from the others, so a category must have plenty, copies counted.
    """
    enough = _OWN_GROUP * verdicts_needed(promise.risk, promise.confidence, 1)
    categories = sorted({case.category for case in cases})
    plain = {name: [case for case in cases if case.category == name and not case.hard] for name in categories}
    parts = {name: part for name, part in plain.items() if _independent(part) >= enough}
    parts[OTHERS] = [case for name, part in plain.items() if name not in parts for case in part]
    parts[HARD] = [case for case in cases if case.hard]
    return {name: part for name, part in parts.items() if part}


def _independent(cases: Sequence[Case]) -> float:
    """As many verdicts as these are worth."""
    return len(cases) / effects(cases, likeness(cases))[-1] if cases else 0.0


def _shared_doubt(sizes: dict[str, int], promise: Promise) -> dict[str, float]:
    """Each group's share of the doubt; none for those that could not prove anything with it."""
    doubt = 1 - promise.confidence
    chosen = dict(sizes)
    while chosen:
        total = sum(chosen.values())
        shares = {name: doubt * size / total for name, size in chosen.items()}
        hopeless = [n for n, size in chosen.items() if size < verdicts_needed(promise.risk, 1 - shares[n])]
        if not hopeless:
            return {name: shares.get(name, 0.0) for name in sizes}
        smallest = min(hopeless, key=lambda name: chosen[name])
        del chosen[smallest]
    return dict.fromkeys(sizes, 0.0)


def _certified(name: str, cases: Sequence[Case], promise: Promise, doubt: float) -> CertifiedGroup:
    owners = [case.group or str(index) for index, case in enumerate(cases)]
    correlation = likeness(cases)
    own = promise.model_copy(update={"confidence": 1 - doubt})
    found = find_threshold(cases, own, correlation) if doubt > 0 else None
    hoped = own if doubt > 0 else promise
    facts: dict[str, Any] = {
        "name": name,
        "categories": tuple(sorted({case.category for case in cases})),
        "hard": name == HARD,
        "verdicts": len(cases),
        "groups": len(set(owners)),
        "bad": sum(case.bad for case in cases),
        "confidence": hoped.confidence,
        "design_effect": round(found.effect if found else effects(cases, correlation)[-1], 3),
        "missing": 0 if found else verdicts_missing(cases, hoped, correlation),
    }
    if found is not None:
        facts |= {"quality": found.quality, "published": found.accepted, "published_bad": found.bad}
        facts["bound"] = round(found.bound, 5)
    return CertifiedGroup.model_validate(facts)


def what_could_be_published(cases: Sequence[Case], promise: Promise) -> float:
    """The share of these photos that the promise would let through, by the same rules as ``certify``."""
    parts = grouped(cases, promise)
    doubts = _shared_doubt({name: len(part) for name, part in parts.items()}, promise)
    found = [_certified(name, part, promise, doubts[name]) for name, part in parts.items()]
    return sum(one.published for one in found) / max(1, len(cases))


def certificates_of(pack: Pack) -> tuple[Certificate, ...]:
    """What was proven of a pack, for each house style. Raises ValueError when it cannot be read."""
    try:
        return tuple(Certificate.model_validate(content) for content in pack.file.certificates)
    except ValidationError as error:
        raise ValueError(f"a certificate of {pack.label} cannot be read: calibrate it again") from error


def certificate_for(pack: Pack, style: Style | None = None) -> Certificate | None:
    """The certificate for a house style; None if there is none. Raises ValueError when it cannot be read."""
    digest = style_digest(style or Style())
    return next((one for one in certificates_of(pack) if one.style_digest == digest), None)


def write_certificate(folder: Path, certificate: Certificate) -> None:
    """Puts a certificate into ``pack.json``, in place of one for the same style; the file appears whole or not at
    all."""
    others = [one for one in certificates_of(Pack(folder)) if one.style_digest != certificate.style_digest]
    _write(folder, [*others, certificate])


def close_gate(folder: Path, why: str) -> None:
    """Stops publication by this pack until it is calibrated again. Raises ValueError when it has no certificate."""
    certificates = certificates_of(Pack(folder))
    if not certificates:
        raise ValueError(f"{folder} has no certificate: nothing is published by it anyway")
    _write(folder, [one.model_copy(update={"closed": why}) for one in certificates])


def _write(folder: Path, certificates: Sequence[Certificate]) -> None:
    from packshot.photo import write_atomic

    path = folder / "pack.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["certificates"] = [one.model_dump(mode="json") for one in certificates]
    write_atomic(path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())
