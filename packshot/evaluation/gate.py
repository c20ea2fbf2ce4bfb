"""The gate: a photo is published unseen only if a certificate that fits says so. What is unclear goes to a person."""

from __future__ import annotations

from packshot.evaluation.certificate import Certificate, certificate_for
from packshot.pack import Pack
from packshot.recipe import Reason
from packshot.style import Style

NO_CERTIFICATE = Reason(
    code="no_certificate",
    sentence="The pack has no certificate for publishing unseen, so every photo goes to a person.",
)


def stopped(pack: Pack, style: Style, category: str, hard: bool, quality: float) -> Reason | None:
    """Why a shot of this quality may not be published unseen; None: it may."""
    try:
        certificate = certificate_for(pack, style)
    except ValueError as error:
        return Reason(code="certificate_unreadable", sentence=f"Nothing is published unseen: {error}.")
    if not pack.file.certificates:
        return NO_CERTIFICATE
    if certificate is None:
        sentence = "Nothing is published unseen: the pack was never calibrated with this house style; calibrate it."
        return Reason(code="certificate_misfit", sentence=sentence)
    misfit = unfitting(certificate, pack)
    if misfit is not None:
        return Reason(code="certificate_misfit", sentence=f"Nothing is published unseen: {misfit}.")
    return _below(certificate, category, hard, quality)


def unfitting(certificate: Certificate, pack: Pack) -> str | None:
    """Why a certificate does not hold for a pack, as half a sentence; None: it does."""
    from packshot import __version__

    if certificate.closed is not None:
        return f"the gate was closed ({certificate.closed}); calibrate the pack again"
    if certificate.pack_digest != pack.content_digest:
        return "the pack was changed after it was calibrated; calibrate it again"
    if pack.damage:
        return f"the pack is damaged ({pack.damage[0]})"
    if certificate.software != __version__:
        return f"the pack was calibrated with packshot {certificate.software}; calibrate it with {__version__}"
    return None


def _below(certificate: Certificate, category: str, hard: bool, quality: float) -> Reason | None:
    group = certificate.group_of(category, hard)
    if group is None:
        kind = f"hard material among {category}" if hard else f"the category {category}"
        return Reason(code="not_certified", sentence=f"The certificate says nothing of {kind}.")
    if group.quality is None:
        sentence = f"{group.verdicts} verdicts on {group.name} do not prove that it can be published unseen."
        return Reason(code="not_certified", sentence=sentence)
    if not quality >= group.quality:  # so that a quality that is no number does not pass
        limit = round(group.quality, 4)
        sentence = "The judge is not as sure of this shot as the certificate asks."
        return Reason(code="below_threshold", sentence=sentence, value=quality, limit=limit)
    return None
