"""What a trained judge says to an editor: what is probably off, by how much, why, and what to check.

Only what tells this photo from the run of photos is said; what is as doubtful on most photos tells nobody anything.
"""

from __future__ import annotations

from packshot.evaluation.causes import COLOUR, ERROR_OF, FRAME, OUTLINE, error_of, main_cause
from packshot.evaluation.error_model import Expected
from packshot.evaluation.judge_model import Opinion, TrainedJudge
from packshot.evaluation.place_model import SIDES
from packshot.evaluation.places import LEFT_IN, LEFT_OUT, RAGGED
from packshot.evaluation.regions import product_region, region_apart, region_of
from packshot.evaluation.rules import Shot
from packshot.recipe import Reason

_WRONG = {
    COLOUR: "Colour or brightness {} off",
    OUTLINE: "The cut-out {} wrong",
    FRAME: "Turn or crop {} off",
}
_FIGURES = {
    COLOUR: (1, "by about ΔE {}"),
    OUTLINE: (100, "over about {} % of the product"),
    FRAME: (1, "by about {} %"),
}
"""In what an error is told: factor and words."""
_PLACES = {
    LEFT_IN: ("left_in", "Something that is not the product may have been left in here."),
    LEFT_OUT: ("part_missing", "A part of the product may be missing here."),
    RAGGED: ("edge_ragged", "The cut-out's edge is probably more ragged than the product: look along it."),
}
_AT_TOP = "Something that is not the product, such as a hanger, may have been left in here."


def doubts(shot: Shot, trained: TrainedJudge, opinion: Opinion) -> tuple[Reason, ...]:
    """What the judge expects to be wrong, the costliest first, and where to look."""
    said = [part for part in _WRONG if _told(shot, trained, opinion, part)]
    return tuple(
        _reason(shot, trained, opinion, part) for part in sorted(said, key=lambda p: -_cost(trained, opinion, p))
    )


def doubtful_places(shot: Shot, trained: TrainedJudge) -> tuple[Reason, ...]:
    """The places of the outline that are probably wrong, by what the recipe keeps of them; the surest first."""
    evidence, reasons = shot.recipe.evidence, []
    for kind, (code, sentence) in _PLACES.items():
        probability, model = evidence.get(f"place_{kind}"), trained.places.get(kind)
        region = region_of(shot, tuple(f"place_{kind}_{side}" for side in SIDES))
        if probability is None or model is None or region is None:
            continue
        at_top = kind == LEFT_IN and evidence.get(f"place_{kind}_at_top")
        told = {"code": code, "sentence": _AT_TOP if at_top else sentence, "region": region}
        reasons.append(Reason.model_validate({**told, "value": round(probability, 4), "limit": model.limit}))
    return tuple(sorted(reasons, key=lambda reason: -(reason.value or 0.0)))


def _told(shot: Shot, trained: TrainedJudge, opinion: Opinion, part: str) -> bool:
    """Probable enough, and more than it is with most photos."""
    expected = opinion.expected.get(part)
    usual = expected is not None and expected.rank < trained.stands_out
    return getattr(opinion, part) >= shot.pack.file.thresholds.doubt_said and not usual


def _cost(trained: TrainedJudge, opinion: Opinion, part: str) -> float:
    """How many times the limit is expected; where that is not known, the probability."""
    expected = opinion.expected.get(part)
    return getattr(opinion, part) if expected is None else expected.median / max(_limit(trained, part), 1e-6)


def _limit(trained: TrainedJudge, part: str) -> float:
    return error_of(ERROR_OF[part], getattr(trained.bar, ERROR_OF[part]) or 0.0)


def _reason(shot: Shot, trained: TrainedJudge, opinion: Opinion, part: str) -> Reason:
    expected, share = opinion.expected.get(part), getattr(opinion, part)
    wrong = _WRONG[part].format("is probably" if part == OUTLINE else "are probably")
    if share < 0.5:
        wrong = _WRONG[part].format("may be")
    told = "." if expected is None else _figures(part, expected, _limit(trained, part))
    return Reason(
        code=f"{part}_doubtful",
        sentence=wrong + told,
        value=round(share, 4),
        limit=shot.pack.file.thresholds.doubt_said,
        region=(region_apart(shot) if part == OUTLINE else None) or product_region(shot),
    )


def _figures(part: str, expected: Expected, limit: float) -> str:
    """By how much, why, and what to check."""
    factor, words = _FIGURES[part]
    low, middle, high = (f"{factor * value:.2g}" for value in (expected.low, expected.median, expected.high))
    cause = main_cause(part, expected.pushes)
    why = "." if cause is None else f": {cause.because}. {cause.check}"
    return f" {words.format(middle)} ({low} to {high}; {factor * limit:.2g} is still good){why}"
