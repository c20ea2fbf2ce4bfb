"""What a studio does to its photos, category by category, and in which order packshot should take them over."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from packshot.engines import EngineSettings, make_engine
from packshot.evaluation.bar import Bar
from packshot.evaluation.metrics import delta_e_lab
from packshot.learning.fitting.pair_set import PairFit
from packshot.learning.house.facts import HABITS, FactFinding, Hardness, PairFacts
from packshot.learning.house.habits import Placing, habits_of
from packshot.learning.house.policies import policies_of, with_policies
from packshot.style import House, Style

_FRAMING = 0.02  # of the canvas: how far a product's edge may lie from where the house puts it
_HARD = Hardness(pale=0.25, sheer=0.06, burnt=0.03, busy=3.5)
_UNEXPLAINED = 0.35
_ONE_SHAPE = 0.94  # overlap of two mattes from which on they are one product's; a group may be a seller's whole shop


@dataclass(frozen=True)
class Spread:
    """Of a habit over a category's shots: the median, the quartiles, and how many shots it was read from."""

    median: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Category:
    """One category's analysis.

    volume: share of all pairs. set_aside: how many by reason. habits: by the names of ``HABITS``. canvas: share of
    shots on the house's canvas. framed: share of shots whose product lies where the house puts it, within 2 % of the
    canvas. misfit: the median distance, share of the canvas. apart: median CIEDE2000 between afters of one product,
    None without two. ledger: median share of the change by stage. hard: share of shots that look hard, and by reason.
    expressible: share that recipes can express within the bar. expected: share that is expressible, not hard and framed
    as usual, with its 95 % interval over groups.
    """

    name: str
    pairs: int
    groups: int
    volume: float
    set_aside: dict[str, int]
    habits: dict[str, Spread]
    house: dict[str, Any]
    shadow: float
    canvas: float
    framed: float
    misfit: float
    apart: float | None
    ledger: dict[str, float]
    delta_e_before: float
    delta_e: float
    hard: float
    hard_by: dict[str, float]
    expressible: float
    expected: tuple[float, float, float]
    examples: dict[str, str]


@dataclass(frozen=True)
class Analysis:
    """All categories in the order of the rollout plan, the style that reproduces the habits, and what was left out."""

    categories: tuple[Category, ...]
    style: Style
    facts: tuple[PairFacts, ...]
    bar: Bar

    def as_json(self) -> dict[str, Any]:
        """What ``packshot analyze --json`` prints."""
        return {
            "pairs": len(self.facts),
            "bar": self.bar.model_dump(exclude_none=True),
            "plan": [category.name for category in self.categories],
            "categories": {category.name: asdict(category) for category in self.categories},
            "set_aside": {one.fit.id: one.problem or one.fit.reason for one in self.facts if not usable(one)},
            "style": self.style.model_dump(),
        }


def analyse(
    fits: Sequence[PairFit],
    folder: Path,
    bar: Bar | None = None,
    workers: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Analysis:
    """Analyses fitted pairs; ``folder`` holds the fits. Raises ValueError when no pair can be used."""
    engine = make_engine("local", EngineSettings(workers=workers))
    found: dict[str, PairFacts] = {}
    for done, outcome in enumerate(engine.outcomes(FactFinding(folder), list(fits)), 1):
        fit = outcome.task
        found[fit.id] = outcome.answer["facts"] if outcome.answer else PairFacts(fit, problem=outcome.sentence or "")
        if progress is not None:
            progress("looking at pairs", done, len(fits))
    return summarise_facts([found[fit.id] for fit in fits], bar or Bar())


def usable(facts: PairFacts) -> bool:
    """Whether habits can be read from a pair; hand work counts for volume and difficulty, not for habits."""
    return facts.fit.accepted and not facts.problem


def summarise_facts(facts: Sequence[PairFacts], bar: Bar) -> Analysis:
    """The analysis of what is known of each pair. Raises ValueError when no pair can be used."""
    good = [one for one in facts if usable(one)]
    placings = [one.placing for one in good if one.placing is not None]
    if not placings:
        reasons = Counter(one.problem or one.fit.reason for one in facts)
        raise ValueError(f"no pair can be analysed; most often: {next(iter(reasons), 'there are none')}")
    manners = [one.manner for one in good if one.manner is not None]
    habits = with_policies(habits_of(placings), policies_of(manners)) if manners else habits_of(placings)
    style = Style(default=habits.pop("default"), categories=habits)
    groups: dict[str, list[PairFacts]] = defaultdict(list)
    for one in facts:
        groups[one.fit.category].append(one)
    categories = [_category(name, own, style.house(name), len(facts), bar) for name, own in groups.items()]
    categories.sort(key=lambda one: (-one.volume * one.expected[0], one.name))
    return Analysis(tuple(categories), style, tuple(facts), bar)


def _category(name: str, facts: Sequence[PairFacts], house: House, total: int, bar: Bar) -> Category:
    good = [one for one in facts if usable(one)]
    placings = [one.placing for one in good if one.placing is not None]
    misfits = np.array([misfit(placing, house) for placing in placings])
    reasons = [hard_by(one) for one in facts]
    expected = np.array([_expected(one, house, bar) for one in facts])
    return Category(
        name=name,
        pairs=len(facts),
        groups=len({one.fit.group for one in facts}),
        volume=len(facts) / total,
        set_aside=dict(Counter(one.fit.fault or "unreadable" for one in facts if not usable(one))),
        habits={
            habit: _spread([one.numbers[habit] for one in good if habit in one.numbers]) for habit in HABITS if good
        },
        house=house.model_dump(),
        shadow=float(np.mean([bool(one.manner and one.manner.shadow) for one in good])) if good else 0.0,
        canvas=float(np.mean([on_canvas(placing, house) for placing in placings])) if placings else 0.0,
        framed=float((misfits <= _FRAMING).mean()) if placings else 0.0,
        misfit=float(np.median(misfits)) if placings else 0.0,
        apart=_apart(good),
        ledger=_ledger(good),
        delta_e_before=_median([one.fit.delta_e_before for one in good]),
        delta_e=_median([one.fit.delta_e for one in good]),
        hard=float(np.mean([bool(one) for one in reasons])),
        hard_by={reason: float(np.mean([reason in one for one in reasons])) for reason in HARD_WORDS},
        expressible=float(np.mean([_expressible(one, bar) for one in facts])),
        expected=_share(expected, [one.fit.group for one in facts]),
        examples=_examples(good),
    )


HARD_WORDS = {
    "pale": "outline as pale as the backdrop",
    "sheer": "see-through or hair-fine",
    "burnt": "blown out",
    "busy": "busy backdrop",
    "handwork": "hand work that no stage explains",
    "no pair": "before and after do not match",
}


def hard_by(facts: PairFacts) -> tuple[str, ...]:
    """Why a pair looks hard; empty where it does not."""
    if not facts.fit.accepted and not facts.fit.hand_work:
        return ("no pair",)
    found = [name for name, limit in vars(_HARD).items() if getattr(facts.hardness, name) > limit]
    unexplained = facts.fit.explained.get("unexplained", 0.0)
    return (*found, "handwork") if facts.fit.hand_work or unexplained > _UNEXPLAINED else tuple(found)


def _expressible(facts: PairFacts, bar: Bar) -> bool:
    return usable(facts) and (bar.delta_e is None or facts.fit.delta_e <= bar.delta_e)


def _expected(facts: PairFacts, house: House, bar: Bar) -> float:
    framed = facts.placing is not None and misfit(facts.placing, house) <= _FRAMING
    return float(_expressible(facts, bar) and not hard_by(facts) and framed)


def misfit(placing: Placing, house: House) -> float:
    """How far the edges of a product's box lie from where the house would put them, share of the canvas, the worst."""
    left, top, right, bottom = placing.box
    width, height = right - left, bottom - top
    room = 1 - house.margin_left - house.margin_right, 1 - house.margin_top - house.margin_bottom
    scale = min(room[0] / max(width, 1e-6), room[1] / max(height, 1e-6))
    across, down = width * scale, height * scale
    x = (house.margin_left + 1 - house.margin_right - across) / 2
    y = {
        "base": 1 - house.margin_bottom - down,
        "top": house.margin_top,
        "centre": (house.margin_top + 1 - house.margin_bottom - down) / 2,
    }[house.anchor]
    return float(max(abs(left - x), abs(top - y), abs(right - x - across), abs(bottom - y - down)))


def on_canvas(placing: Placing, house: House) -> bool:
    """Whether a shot has the house's aspect, within half a percent."""
    width, height = placing.canvas
    return abs(width / height / house.aspect - 1) <= 0.005


def _spread(values: Sequence[float]) -> Spread:
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75)) if len(values) else (0.0, 0.0, 0.0)
    return Spread(round(float(middle), 4), round(float(low), 4), round(float(high), 4), len(values))


def _median(values: Sequence[float]) -> float:
    return round(float(np.median(values)), 3) if len(values) else 0.0


def _ledger(facts: Sequence[PairFacts]) -> dict[str, float]:
    """Mean share of the change by stage: means add up to one, medians would not."""
    stages = list(facts[0].fit.explained) if facts else []
    return {stage: round(float(np.mean([one.fit.explained[stage] for one in facts])), 4) for stage in stages}


def _apart(facts: Sequence[PairFacts]) -> float | None:
    """Median CIEDE2000 between the mean colours of two afters of one product: of one group and of one shape."""
    by_group: dict[str, list[PairFacts]] = defaultdict(list)
    for one in facts:
        by_group[one.fit.group].append(one)
    pairs = [(a, b) for group in by_group.values() for i, a in enumerate(group) for b in group[i + 1 :] if _alike(a, b)]
    if not pairs:
        return None
    first, second = (np.array([pair[side].color for pair in pairs], np.float32) for side in (0, 1))
    return round(float(np.median(delta_e_lab(first, second))), 2)


def _alike(first: PairFacts, second: PairFacts) -> bool:
    if first.shape is None or second.shape is None or first.color is None or second.color is None:
        return False
    both, either = np.minimum(first.shape, second.shape).sum(), np.maximum(first.shape, second.shape).sum()
    return bool(both >= _ONE_SHAPE * either)


def _share(values: NDArray[np.float64], groups: Sequence[str]) -> tuple[float, float, float]:
    """A share and Wilson's 95 % interval (1927), each group counted as one: its pairs are alike."""
    count = len(set(groups))
    share, z = float(values.mean()), 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z / (1 + z * z / count) * float(np.sqrt(share * (1 - share) / count + z * z / (4 * count * count)))
    return round(share, 4), round(max(0.0, middle - reach), 4), round(min(1.0, middle + reach), 4)


def _examples(facts: Sequence[PairFacts]) -> dict[str, str]:
    """The ids of an easy, a usual and a hard pair: by what the fitted recipe leaves."""
    ordered = sorted(facts, key=lambda one: (one.fit.delta_e, one.fit.id))
    if not ordered:
        return {}
    chosen = {"easy": ordered[0], "usual": ordered[len(ordered) // 2], "hard": ordered[-1]}
    return {label: one.fit.id for label, one in chosen.items()}
