"""Measures judge, gate and detector of hard material on groups that nobody learned from; and by simulation.

python tools/measure_judge.py PACK DATA/pairs/real DATA/pairs/studio DATA/pairs/rendered --keep work/judge
python tools/measure_judge.py --simulate
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from packshot.evaluation import exact
from packshot.evaluation.audit import AuditPlan, bets
from packshot.evaluation.bar import Bar
from packshot.evaluation.promise import Case, Promise, find_threshold, likeness
from packshot.evaluation.ranking import auc
from packshot.learning.judging.calibration import cases_of
from packshot.learning.judging.outcomes import Outcome, OutcomeSettings, collect, load_outcomes, save_outcomes
from packshot.learning.pairs import Pair, read_pairs
from packshot.learning.splits import split_pairs

ROUNDS = 2000


def held_out_outcomes(pack: Path, folders: Sequence[Path], keep: Path) -> list[Outcome]:
    """Outcomes of the pairs that were never learned from; kept for the next time."""
    path = keep / "held_out.jsonl"
    if path.is_file():
        return load_outcomes(path)
    pairs: list[Pair] = []
    for folder in folders:
        pairs += read_pairs(folder).pairs
    _, scored = split_pairs(pairs)
    keep.mkdir(parents=True, exist_ok=True)
    found = collect(scored, pack, OutcomeSettings(kept=keep / "kept", workers=1))
    for name, why in found.left_out.items():
        print(f"left out: {name}: {why}")
    save_outcomes(found.outcomes, path)
    return list(found.outcomes)


def by_group(groups: Sequence[str], draw: np.random.Generator) -> NDArray[np.intp]:
    """Indices of a bootstrap over groups."""
    names = sorted(set(groups))
    members = {name: [index for index, one in enumerate(groups) if one == name] for name in names}
    return np.concatenate([members[names[pick]] for pick in draw.integers(len(names), size=len(names))]).astype(np.intp)


def tell_auc(outcomes: Sequence[Outcome], bar: Bar, label: str) -> None:
    """The area under the curve, with its interval over groups."""
    bad = np.array([one.bad(bar) for one in outcomes])
    score = np.array([1 - (one.quality or 0.0) for one in outcomes])
    groups, draw = [one.group for one in outcomes], np.random.default_rng(0)
    again = [auc(score[chosen], bad[chosen]) for chosen in (by_group(groups, draw) for _ in range(ROUNDS))]
    low, high = np.quantile(again, (0.025, 0.975))
    print(f"{label}: {len(bad)} shots, {bad.mean():.0%} bad, AUC {auc(score, bad):.3f} ({low:.3f} to {high:.3f})")


def tell_promise(outcomes: Sequence[Outcome], bar: Bar, promise: Promise, learned: Sequence[Outcome] = ()) -> None:
    """Calibrations on random halves of the groups (or once on other outcomes), tried on the rest."""
    draw = np.random.default_rng(1)
    groups = sorted({one.group for one in outcomes})
    shares, bads, none, broken = [], [], 0, 0
    for _ in range(1 if learned else 400):
        half = set(draw.permutation(groups)[: len(groups) // 2])
        calibrate = list(learned) or [one for one in outcomes if one.group in half]
        test = [one for one in outcomes if learned or one.group not in half]
        cases, tried = cases_of(calibrate, bar), cases_of(test, bar)
        plain = [case for case in cases if not case.hard]
        found = find_threshold(plain, promise, likeness(plain))
        good = sum(not case.bad for case in cases_of(test, bar))
        published = [case for case in tried if not case.hard and found and case.quality >= found.quality]
        none += found is None
        bad = sum(case.bad for case in published)
        broken += bool(published) and bad / len(published) > promise.risk
        shares.append((len(published) - bad) / max(1, good))
        bads.append(bad / max(1, len(published)))
    runs = len(shares)
    print(
        f"{promise.sentence()}: {none} of {runs} calibrations prove nothing, {broken} have more bad ones than promised "
        f"among the others' photos; of the good ones {np.median(shares):.0%} are published (median), bad among "
        f"the published {np.mean(bads):.1%} (mean)"
    )


def tell_hard(outcomes: Sequence[Outcome], hard: Sequence[str]) -> None:
    """Recall of what is sent to people as hard material, by name and by looks, with its bound."""
    own = [one for one in outcomes if one.category in hard]
    found = sum(one.looks_hard for one in own)
    others = [one for one in outcomes if one.category not in hard]
    bound = exact.lower_bound(found, len(own), 0.95) if own else 0.0
    print(
        f"hard material: {found} of {len(own)} to people (at least {bound:.1%}); "
        f"{np.mean([one.looks_hard for one in others]):.1%} of {len(others)} others too"
    )


def simulate() -> None:
    """Calibrations and audits of judges and error rates that are known."""
    for count, scored, share, risk in ((300, 0.92, 0.3, 0.05), (600, 0.92, 0.3, 0.05), (600, 0.95, 0.15, 0.02)):
        simulate_calibration(count, scored, share, Promise(risk=risk))
    plan = AuditPlan()
    for factor in (1, 2, 3):
        first = alarms(plan, factor * plan.risk, 5000, 2000)
        print(
            f"audit at {factor} times the promised {plan.risk:.0%}: alarm within 5,000 audits in "
            f"{np.mean(first <= 5000):.1%}, median {np.median(first):.0f}"
        )


def simulate_calibration(count: int, scored: float, share: float, promise: Promise) -> None:
    """How often the promise is broken when it is calibrated anew again and again; two normal classes."""
    from scipy import stats

    apart, draw = float(np.sqrt(2) * stats.norm.ppf(scored)), np.random.default_rng(0)
    broken, none, published = 0, 0, []
    for _ in range(ROUNDS):
        bad = draw.random(count) < share
        quality = -(draw.normal(size=count) + apart * bad)
        cases = [Case(float(one), bool(two)) for one, two in zip(quality, bad, strict=True)]
        found = find_threshold(cases, promise)
        if found is None:
            none += 1
            published.append(0.0)
            continue
        right, wrong = stats.norm.cdf(-found.quality), stats.norm.cdf(-found.quality - apart)
        broken += share * wrong / (share * wrong + (1 - share) * right) > promise.risk
        published.append(float(right))
    print(
        f"{count} verdicts, AUC {scored}, {share:.0%} bad, {promise.sentence()}: broken in {broken / ROUNDS:.1%} of "
        f"{ROUNDS}, nothing proven in {none / ROUNDS:.1%}, of the good ones {np.median(published):.0%} published"
    )


def alarms(plan: AuditPlan, rate: float, audits: int, runs: int) -> NDArray[np.intp]:
    """After how many audits each stream raises the alarm; ``audits + 1``: never."""
    draw, stakes, first = np.random.default_rng(0), np.array(bets(plan.risk))[:, None], []
    for _ in range(runs):
        wealth = np.cumsum(np.log1p(stakes * ((draw.random(audits) < rate) - plan.risk)), 1)
        over = np.exp(np.minimum(wealth, 700)).mean(0) >= 1 / plan.doubt
        first.append(int(over.argmax()) + 1 if over.any() else audits + 1)
    return np.array(first)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("pack", nargs="?", type=Path)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--keep", type=Path, default=Path("work/judge"), help="folder for registrations and outcomes")
    parser.add_argument("--learned", type=Path, help="outcomes out of fold with their quality, to calibrate on")
    parser.add_argument("--risk", type=float, default=0.05)
    parser.add_argument("--simulate", action="store_true")
    options = parser.parse_args()
    if options.simulate:
        simulate()
        return
    from packshot.pack import Pack

    outcomes, bar = held_out_outcomes(options.pack, options.folders, options.keep), Bar()
    tell_auc(outcomes, bar, "all held-out")
    plain = [one for one in outcomes if not one.looks_hard]
    tell_auc(plain, bar, "without hard material")
    for name in ("delta_e", "iou", "corner"):
        only = Bar(**{key: getattr(bar, key) if key == name else None for key in ("delta_e", "iou", "corner")})
        print(f"bad for {name} alone: {np.mean([bool(only.faults(one.figures)) for one in outcomes]):.0%}")
    for limit in (4.0, 5.0, 6.0, 8.0):
        tell_auc(outcomes, bar.model_copy(update={"delta_e": limit}), f"bar of ΔE00 {limit:g}")
    tell_promise(outcomes, bar, Promise(risk=options.risk))
    if options.learned is not None:
        tell_promise(outcomes, bar, Promise(risk=options.risk), load_outcomes(options.learned))
    tell_hard(outcomes, Pack(options.pack).file.hard)


if __name__ == "__main__":
    main()
