"""The judge: publish or review, with the reasons. Without a certificate nothing is published unseen."""

from __future__ import annotations

import math

from packshot.evaluation.rules import Finding, Shot, examine
from packshot.recipe import Reason, Verdict

NO_CERTIFICATE = Reason(
    code="no_certificate",
    sentence="The pack has no certificate for publishing unseen, so every photo goes to a person.",
)


def verdict(shot: Shot) -> Verdict:
    """The rules' findings as one quality (0..1) and a route. ``would_publish`` is what the rules alone would do."""
    findings = examine(shot)
    quality = math.prod(1 - finding.severity for finding in findings)
    would_publish = quality >= shot.pack.file.thresholds.publish_quality and not _grave(findings)
    reasons = tuple(finding.reason for finding in findings)
    certified = shot.pack.file.certificate is not None
    if would_publish and not certified:
        reasons = (NO_CERTIFICATE, *reasons)
    route = "publish" if would_publish and certified else "review"
    return Verdict.model_validate(
        {"route": route, "quality": round(quality, 4), "would_publish": would_publish, "reasons": reasons}
    )


def _grave(findings: list[Finding]) -> bool:
    return any(finding.severity >= 0.5 for finding in findings)
