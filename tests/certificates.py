"""Certificates for packs of tests, as if people had decided on enough of their shots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from packshot import __version__
from packshot.evaluation.certificate import Certificate, CertifiedGroup, style_digest, write_certificate
from packshot.evaluation.promise import Promise
from packshot.pack import Pack
from packshot.style import Style


def certified(folder: Path, quality: float | None = 0.5, hard: float | None = None, style: Style | None = None) -> Pack:
    """Gives the pack in a folder a certificate that fits, for all its categories, and opens it."""
    pack = Pack(folder)
    write_certificate(folder, certificate_of(pack, quality, hard, style))
    return Pack(folder)


def certificate_of(
    pack: Pack, quality: float | None = 0.5, hard: float | None = None, style: Style | None = None, **changes: Any
) -> Certificate:
    """A certificate that fits a pack: ``quality`` is the threshold of plain goods, ``hard`` that of hard material."""
    names = (*pack.file.categories, *(name for name in pack.file.hard if name not in pack.file.categories))
    plain = {"categories": names, "verdicts": 200, "groups": 200, "bad": 20, "confidence": 0.9}
    groups = [CertifiedGroup(name="others", quality=quality, **plain)]
    if hard is not None:
        groups.append(CertifiedGroup(name="hard material", hard=True, quality=hard, **plain))
    facts = {
        "promise": Promise(),
        "pack": pack.label,
        "pack_digest": pack.content_digest,
        "style_digest": style_digest(style or Style()),
        "software": __version__,
        "data_digest": "0" * 64,
        "verdicts": 200,
        "date": "2026-11-23",
        "groups": tuple(groups),
    }
    return Certificate.model_validate({**facts, **changes})
