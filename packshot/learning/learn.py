"""Learning a studio's hand from its before/after pairs: from a folder of pairs to a pack, with a report.

fits -> habits, look, light -> (networks, as far as time allows) -> scores on groups never learned from -> report
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from packshot.engines.local import usable_cores
from packshot.evaluation.bar import Bar
from packshot.evaluation.certificate import certify, write_certificate
from packshot.evaluation.judge_model import judge_of
from packshot.evaluation.promise import Promise
from packshot.learning.calibration import measure_pairs
from packshot.learning.evaluation import EvaluationOptions
from packshot.learning.fitting import FitSettings, PairFit, fit_pairs
from packshot.learning.habits import habits_of, placing_of
from packshot.learning.judge_lesson import learn_judge
from packshot.learning.judge_outcomes import OutcomeSettings, digest_of_group, save_outcomes
from packshot.learning.judge_training import LEAST_OUTCOMES, JudgeTraining
from packshot.learning.learn_scores import Scoring, score_pack
from packshot.learning.light_export import export_light_model, load_light_model
from packshot.learning.light_learning import LightLesson, learn_light, rows_of
from packshot.learning.light_model import fit_model, with_category
from packshot.learning.looks import looks_of
from packshot.learning.pack_making import Workbench, style_toml
from packshot.learning.pairs import Pair, PairSet
from packshot.learning.speck_level import choose_level
from packshot.learning.splits import split_pairs
from packshot.lightmeter import CHANGES
from packshot.pack import Pack
from packshot.photo import write_atomic

WORK = "work"
_JUDGE_TIME = 0.3  # of the minutes left, at most
_JUDGE_SECONDS = 2.0  # a pair, on one core
_TUNING_SHARE = 0.35  # of the minutes that are left when fitting is done
_LEAST_TUNING = 2.0  # minutes
Tell = Callable[[str, int, int], None]


class LearningError(ValueError):
    """Nothing can be learned from these pairs; the message says why and what to do."""


@dataclass(frozen=True)
class LearnOptions:
    """What is to be learned into where. ``minutes``: for all of it; what does not fit in is left out and named."""

    out: Path
    base: Path
    category: str | None = None
    minutes: float = 45.0
    device: str = "cpu"
    seed: int = 1
    workers: int | None = None


@dataclass
class Learning:
    """One run of learning: what it works on and what it has to tell."""

    found: PairSet
    options: LearnOptions
    tell: Tell
    begun: float = field(default_factory=time.monotonic)
    notes: list[str] = field(default_factory=list)
    account: dict[str, Any] = field(default_factory=dict)

    @property
    def work(self) -> Path:
        """The folder of intermediate results; a run that was stopped goes on from there."""
        return self.options.out / WORK

    def minutes_left(self) -> float:
        """Until the budget is spent."""
        return self.options.minutes - (time.monotonic() - self.begun) / 60

    def note(self, sentence: str) -> None:
        """Something for the report and the person who watches."""
        self.notes.append(sentence)


def learn(found: PairSet, options: LearnOptions, tell: Tell) -> Learning:
    """Learns a pack into ``options.out``. Gives what it has to tell.

    Raises LearningError when no pair can be learned from, PackError when the base pack cannot be used.
    """
    run = Learning(found, options, tell)
    pairs = _chosen(run)
    train, scored = split_pairs(pairs)
    good = _good(run, _fit(run, train, "fits"))
    bench = Workbench.from_base(Pack(options.base), options.out, options.category)
    _habits_and_look(run, bench, good)
    _product(run, bench, good)
    lesson = _light(run, bench, good)
    _specks(run, bench, good)
    _describe(run, bench, good, scored)
    _judge(run, bench, lesson, train)
    _score(run, bench, lesson, split_pairs(found.pairs)[1])
    _keep_account(run)
    return run


def _chosen(run: Learning) -> list[Pair]:
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


def _fit(run: Learning, pairs: Sequence[Pair], name: str) -> list[PairFit]:
    """Fits into a folder of their own, since all pairs fitted together share one look."""
    return fit_pairs(pairs, run.work / name, FitSettings(workers=run.options.workers), run.tell)


def _good(run: Learning, fits: Sequence[PairFit]) -> list[PairFit]:
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


def _habits_and_look(run: Learning, bench: Workbench, good: Sequence[PairFit]) -> None:
    placed = [placing for fit in good if fit.recipe is not None and (placing := placing_of(fit.recipe)) is not None]
    looks = looks_of(good, bench.file.look)
    habits = habits_of(placed) if placed else {}
    if not placed:
        run.note("No after has an even backdrop, so margins and canvas could not be read; the base's stay.")
    if run.options.category is not None:
        # Only this category is to move.
        looks = {name: look for name, look in looks.items() if name == run.options.category}
        habits = {name: {**habits["default"], **rules} for name, rules in habits.items() if name != "default"}
        bench.change(look={**bench.file.look, **looks}, habits={**bench.file.habits, **habits})
    else:
        bench.change(look={**bench.file.look, **looks}, habits={**bench.file.habits, **habits})
    known = bench.file.categories
    new = sorted({fit.category for fit in good} - set(known))
    if new:
        run.note(f"New categories: {', '.join(new)}. They are not told from photos yet; give them with --category.")
    write_atomic(bench.folder / "style.toml", style_toml(habits).encode())


def _product(run: Learning, bench: Workbench, good: Sequence[PairFit]) -> None:
    """Tunes the product network where time allows, and keeps it if it finds products better."""
    card = bench.file.models.get("product")
    minutes = _TUNING_SHARE * run.minutes_left()
    if card is None or minutes < _LEAST_TUNING or run.options.category is not None:
        return
    from packshot.learning.export import export_product_network
    from packshot.learning.loading import ForeignNetworkError
    from packshot.learning.product_tuning import Tuning, examples_of, tune_product

    checkpoint = run.work / "product.pt"
    tuning = Tuning(minutes, run.options.device, run.options.seed, card.preprocessing.long_side, checkpoint)
    try:
        tuned = tune_product(bench.folder / card.file, examples_of(good, bench.file.categories), tuning, run.tell)
    except ForeignNetworkError as error:
        run.note(f"The product network was not tuned: {error}")
        return
    if tuned is None:
        run.note("The product network was not tuned: there are too few pairs for that.")
        return
    run.account["product"] = {"iou_before": round(tuned.before, 4), "iou_after": round(tuned.after, 4)}
    if tuned.better:
        export_product_network(tuned.network, bench.folder / card.file)
        bench.add_model("product", card.file)
    else:
        told = f"IoU {tuned.after:.4f}, {tuned.before:.4f} before"
        run.note(f"Tuning did not help to find products ({told}); the network stays as it was.")


def _specks(run: Learning, bench: Workbench, good: Sequence[PairFit]) -> None:
    """Chooses from when on a mark is healed."""
    if "specks" not in bench.file.models or run.options.category is not None:
        return
    chosen = choose_level(good, bench.pack(), run.tell)
    if chosen is None:
        run.note("The retouchers took away too few specks to learn from when to heal; the base's threshold stays.")
        return
    run.account["specks"] = {"level": chosen.level, "found": chosen.found, "false_a_photo": chosen.false}
    bench.change(thresholds=bench.file.thresholds.model_copy(update={"speck_confidence": chosen.level}))


def _light(run: Learning, bench: Workbench, good: Sequence[PairFit]) -> LightLesson | None:
    rows, problems = rows_of(good, bench.pack(), run.tell)
    for name, why in problems.items():
        run.note(f"{name}: its light could not be measured: {why}")
    if not len(rows):
        return None
    lesson = learn_light(rows)
    model = lesson.model
    card = bench.file.models.get("light")
    if run.options.category is not None and card is not None:
        model = with_category(load_light_model(bench.folder / card.file), rows)
    export_light_model(model, bench.folder / "light.onnx")
    bench.add_model("light", "light.onnx", categories=model.categories)
    run.account["light"] = {
        "believed": {name: round(float(share), 3) for name, share in zip(CHANGES, lesson.kept, strict=True)},
        "rules": {name: model.rules.words(index) for index, name in enumerate(CHANGES[:3])},
    }
    return lesson


def _for_all(run: Learning, bench: Workbench, lesson: LightLesson | None) -> Path | None:
    """The same pack with one look, one set of habits and one light for all categories."""
    if lesson is None or len(lesson.model.categories) < 2 or run.options.category is not None:
        return None
    plain = Workbench.from_base(bench.pack(), run.work / "one-for-all")
    plain.change(
        look={name: look for name, look in bench.file.look.items() if name == "default"},
        habits={name: rules for name, rules in bench.file.habits.items() if name == "default"},
    )
    model = fit_model(lesson.rows, replace(lesson.model.kernel, own=0.0, levels=False))
    export_light_model(model, plain.folder / "light.onnx")
    plain.add_model("light", "light.onnx", categories=model.categories)
    return plain.folder


def _describe(run: Learning, bench: Workbench, good: Sequence[PairFit], scored: Sequence[Pair]) -> None:
    bench.change(name=run.options.out.resolve().name, version=time.strftime("%Y.%m.%d"))
    run.account |= {
        "pack": bench.pack().label,
        "pairs": len(run.found.pairs),
        "left_out": sum(problem.left_out for problem in run.found.problems),
        "learned": len(good),
        "held_out": len(scored),
    }


def _judge(run: Learning, bench: Workbench, lesson: LightLesson | None, train: Sequence[Pair]) -> None:
    """A judge of what the pack makes of pairs whose light it did not learn; on as many as there is time for."""
    before = judge_of(Pack(run.options.base))
    workers = run.options.workers or usable_cores()
    most = int(_JUDGE_TIME * 60 * run.minutes_left() * workers / _JUDGE_SECONDS)
    if min(most, len(train)) < LEAST_OUTCOMES:
        lack = "pairs" if most >= LEAST_OUTCOMES else "minutes"
        run.note(f"Too few {lack} to train a judge, which needs {LEAST_OUTCOMES} outcomes: the rules alone judge.")
        return
    chosen = sorted(train, key=lambda pair: digest_of_group(pair.group))[:most]
    training = JudgeTraining(
        hard=bench.file.hard,
        seed=run.options.seed,
        seen=tuple({*(digest_of_group(pair.group) for pair in train), *(before.seen if before else ())}),
    )
    settings = OutcomeSettings(kept=run.work / "kept", workers=run.options.workers)
    learned = learn_judge(bench.folder, chosen, lesson, training, (settings, run.tell))
    save_outcomes(learned.collected.outcomes, run.work / "outcomes.jsonl")
    if learned.judge is None:
        run.note(f"The rules alone judge: {learned.note}.")
        return
    bench.file = bench.pack().file
    run.account["judge"] = dict(learned.judge.figures)


def _score(run: Learning, bench: Workbench, lesson: LightLesson | None, scored: Sequence[Pair]) -> None:
    """Scores on what was held out, and the report."""
    from packshot.reports.pack_page import PackReport, write_pack_report

    if not scored:
        run.note("Too few products to hold any out: nothing is known of how good the pack is. Give pairs of 5 or more.")
        return
    _fit(run, scored, "held-out-fits")
    options = EvaluationOptions(
        run.work / "held-out-fits", run.work / "kept", workers=run.options.workers, appearance=run.options.minutes > 10
    )
    for_all = _for_all(run, bench, lesson)
    scoring = Scoring(scored, bench.folder, options, run.options.base, for_all, run.minutes_left())
    scores = score_pack(scoring, run.tell)
    for note in scores.notes:
        run.note(note)
    run.account["scores"] = scores.ours.as_json()
    if not scores.ours.scores:
        run.note("None of the pairs held out could be scored; the account says why.")
        return
    report = PackReport(
        scores.ours,
        learned_from=run.account["learned_from"],
        problems=run.notes,
        specific=scores.specific,
        moved=scores.moved,
    )
    write_pack_report(bench.folder, report, scored, options)
    _certify(run, bench, scored)


def _certify(run: Learning, bench: Workbench, scored: Sequence[Pair]) -> None:
    """What may be published unseen, proved on the pairs held out. It may well be nothing."""
    if judge_of(bench.pack()) is None:
        return
    bar = Bar()
    measured = measure_pairs(
        scored, bench.folder, OutcomeSettings(None, run.work / "kept", run.options.workers), run.tell
    )
    cases = measured.cases(bar)
    if not cases:
        run.note("No pair held out can prove anything, so every shot goes to review; see `packshot calibrate`.")
        return
    certificate = certify(bench.pack(), cases, Promise(), None, bar)
    write_certificate(bench.folder, certificate)
    run.account["certificate"] = certificate.model_dump(mode="json")


def _keep_account(run: Learning) -> None:
    run.account["minutes"] = round((time.monotonic() - run.begun) / 60, 2)
    write_atomic(run.work / "account.json", json.dumps({**run.account, "notes": run.notes}, indent=1).encode())
