"""Learning a studio's hand from its before/after pairs: from a folder of pairs to a pack, with a report.

fits -> habits, look, (networks, as far as time allows), light -> each category's own hand or one for all -> categories
     -> scores on groups never learned from -> report
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from packshot.learning.fitting.pair_set import FitSettings, PairFit, fit_pairs
from packshot.learning.pack_making import Workbench
from packshot.learning.pairs import Pair, PairSet
from packshot.learning.splits import split_pairs
from packshot.learning.steps.card import write_card
from packshot.learning.steps.categories import learn_categories
from packshot.learning.steps.making import learn_habits, learn_light_of, learn_specks, tune, tune_specks_of
from packshot.learning.steps.own_or_one import compare_hands
from packshot.learning.steps.proof import learn_judge_of, score
from packshot.learning.steps.run import Learning, LearningError, LearnOptions, Tell
from packshot.pack import Pack

__all__ = ["LearnOptions", "Learning", "LearningError", "learn"]


def learn(found: PairSet, options: LearnOptions, tell: Tell) -> Learning:
    """Learns a pack into ``options.out``. Gives what it has to tell.

    Raises LearningError when no pair can be learned from, PackError when the base pack cannot be used.
    """
    run = Learning(found, options, tell)
    pairs = chosen_pairs(run)
    train, scored = split_pairs(run.found.pairs)
    train = [pair for pair in train if pair in pairs]
    if not train:
        raise LearningError("every product that could be learned from is set aside for scoring: add pairs of others")
    good = good_fits(run, fit_all(run, train))
    bench = Workbench.from_base(Pack(options.base), options.out, options.category)
    learn_habits(run, bench, good)
    tune(run, bench, good)
    lesson = learn_light_of(run, bench, good)
    hands, lesson = compare_hands(run, bench, good, lesson)
    learn_categories(run, bench, None if lesson is None else lesson.rows)
    tune_specks_of(run, bench, good)
    learn_specks(run, bench, good)
    describe(run, bench, good, scored)
    learn_judge_of(run, bench, lesson, train)
    score(run, bench, lesson, (train, scored), hands)
    run.keep_account()
    write_card(run)
    return run


def chosen_pairs(run: Learning) -> list[Pair]:
    """The pairs to learn from, with what is wrong with the others."""
    for problem in run.found.problems:
        run.note(problem.message)
    pairs = list(run.found.pairs)
    category = run.options.category
    if category is not None:
        chosen = [pair for pair in pairs if pair.category == category]
        if len(chosen) < len(pairs):
            run.note(f"{len(pairs) - len(chosen)} pairs of other categories than {category!r} were left alone.")
        pairs = chosen
    if not pairs:
        wanted = "" if category is None else f" of the category {category!r}"
        raise LearningError(f"{run.found.folder} holds no pair{wanted} that can be used: {run.found.summary()}")
    return pairs


def fit_all(run: Learning, pairs: Sequence[Pair]) -> list[PairFit]:
    """Fits into a folder of their own, since all pairs fitted together share one look."""
    return fit_pairs(pairs, run.work / "fits", FitSettings(workers=run.options.workers), run.tell)


def good_fits(run: Learning, fits: Sequence[PairFit]) -> list[PairFit]:
    """The fits that are learned from; the others are named with the reason."""
    for fit in fits:
        if not fit.accepted:
            run.note(f"{fit.id} was not learned from: {fit.reason}")
    good = [fit for fit in fits if fit.accepted and fit.recipe is not None]
    if not good:
        raise LearningError("no pair could be fitted: before and after must show the same photo, see the reasons")
    counts = Counter(fit.category for fit in good)
    run.account["learned_from"] = dict(sorted(counts.items()))
    return good


def describe(run: Learning, bench: Workbench, good: Sequence[PairFit], scored: Sequence[Pair]) -> None:
    """Names the pack, and counts what it was learned from."""
    bench.change(name=run.options.out.resolve().name, version=time.strftime("%Y.%m.%d"))
    run.account |= {
        "pack": bench.pack().label,
        "pairs": len(run.found.pairs),
        "left_out": sum(problem.left_out for problem in run.found.problems),
        "learned": len(good),
        "held_out": len(scored),
    }
