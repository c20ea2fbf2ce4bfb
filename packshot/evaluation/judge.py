"""The judge: how likely a professional would reject a finished shot, and why. It needs no after-image.

Rules first: what they find grave is never published, whatever else is said. Then the pack's trained judge, or without
one the rules' own product. Whether an opinion is enough to publish unseen is the gate's business.
"""

from __future__ import annotations

import math

from packshot.evaluation.certificate import certificate_for
from packshot.evaluation.doubts import doubtful_places, doubts
from packshot.evaluation.features import judged_features
from packshot.evaluation.gate import NO_CERTIFICATE, stopped
from packshot.evaluation.judge_model import TrainedJudge, judge_of
from packshot.evaluation.regions import product_region
from packshot.evaluation.rules import Shot, examine
from packshot.pack import Pack
from packshot.recipe import Reason, Verdict
from packshot.style import Style

__all__ = ["NO_CERTIFICATE", "verdict"]


def verdict(shot: Shot) -> Verdict:
    """Quality (1 less the probability of rejection) and route. ``would_publish`` is the judge's own opinion."""
    findings = examine(shot)
    trained = serving_judge(shot.pack, shot.style)
    features = {} if trained is None else judged_features(shot, findings)
    hard = hard_material(shot, trained, features)
    doubtful: tuple[Reason, ...] = ()
    if trained is None:
        quality = math.prod(1 - finding.severity for finding in findings)
    else:
        opinion = trained.opinion(features, shot.recipe.category)
        quality = 1 - opinion.rejected
        doubtful = (*doubts(shot, trained, opinion), *doubtful_places(shot, trained))
    quality = round(quality, 4)
    limits = shot.pack.file.thresholds
    grave = any(finding.severity >= limits.grave for finding in findings)
    reasons = (*hard, *doubtful, *(finding.reason for finding in findings))
    likes = quality >= limits.publish_quality and not grave
    stop = stopped(shot.pack, shot.style, shot.recipe.category, bool(hard), quality)
    if stop is not None and likes and not hard:
        reasons = (stop, *reasons)
    route = "publish" if stop is None and not grave else "review"
    values = {"route": route, "quality": quality, "would_publish": likes and (not hard or stop is None)}
    return Verdict.model_validate({**values, "reasons": reasons})


def serving_judge(pack: Pack, style: Style) -> TrainedJudge | None:
    """The pack's judge, held to the bar of good that its certificate for this house style was proven with."""
    try:
        certificate = certificate_for(pack, style)
    except ValueError:
        certificate = None  # the gate says that it cannot be read
    return judge_of(pack, None if certificate is None else certificate.bar)


def hard_material(shot: Shot, trained: TrainedJudge | None, features: dict[str, float]) -> tuple[Reason, ...]:
    """Goods that are known to go wrong: by their category, or because the photo looks so."""
    name = shot.recipe.category
    if name in shot.pack.file.hard:
        sentence = f"Goods of the category {name} need an eye: reflections and transparency."
        return (Reason(code="hard_material", sentence=sentence, region=product_region(shot)),)
    if trained is None or trained.hard is None:
        return ()
    probability, limit = trained.hard.probability(features), trained.hard.threshold
    if probability < limit:
        return ()
    sentence = "The product looks like glass, metal or a mirror: reflections and transparency need an eye."
    value = round(probability, 4)
    return (Reason(code="hard_material", sentence=sentence, value=value, limit=limit, region=product_region(shot)),)
