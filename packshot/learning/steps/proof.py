"""The steps of learning that tell how good the pack is: its judge, its scores and report, its certificate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from packshot.engines.local import usable_cores
from packshot.evaluation.certificate import certify, write_certificate
from packshot.evaluation.judge_model import digest_of_group, judge_of
from packshot.evaluation.promise import Promise
from packshot.learning.fitting.pair_set import FitSettings, fit_pairs
from packshot.learning.judging.calibration import measure_pairs
from packshot.learning.judging.lesson import learn_judge
from packshot.learning.judging.outcomes import OutcomeSettings, save_outcomes
from packshot.learning.judging.training import LEAST_OUTCOMES, JudgeTraining
from packshot.learning.judging.what_if import WhatIf, by_bar
from packshot.learning.light.export import export_light_model
from packshot.learning.light.learning import LightLesson, learn_light
from packshot.learning.light.model import fit_model
from packshot.learning.pack_making import Workbench
from packshot.learning.pairs import Pair
from packshot.learning.proof.evaluation import EvaluationOptions
from packshot.learning.proof.own_or_one import OwnOrOne
from packshot.learning.steps.categories import count_told
from packshot.learning.steps.run import Learning
from packshot.learning.steps.scores import Learned, Scoring, score_pack
from packshot.pack import Pack

if TYPE_CHECKING:
    from packshot.reports.pack_page import PackReport

_JUDGE_TIME = 0.3  # of the minutes left, at most
_JUDGE_SECONDS = 2.0  # a pair, on one core
_AVERAGED = 300  # pairs whose mean edit is a baseline; more do not move it


def learn_judge_of(run: Learning, bench: Workbench, lesson: LightLesson | None, train: Sequence[Pair]) -> None:
    """A judge of what the pack makes of pairs whose light it did not learn; on as many as there is time for."""
    before = judge_of(Pack(run.options.base))
    workers = run.options.workers or usable_cores()
    most = int(_JUDGE_TIME * 60 * run.minutes_left() * workers / _JUDGE_SECONDS)
    if min(most, len(train)) < LEAST_OUTCOMES:
        lack = "pairs" if len(train) < LEAST_OUTCOMES else "minutes"
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


def score(
    run: Learning,
    bench: Workbench,
    lesson: LightLesson | None,
    split: tuple[Sequence[Pair], Sequence[Pair]],
    hands: Sequence[OwnOrOne] = (),
) -> None:
    """Scores on what was held out, and the report. ``split``: pairs learned from, pairs to score on. ``hands``: what is
    known of each category's own hand."""
    from packshot.reports.pack_page import write_pack_report

    train, scored = split
    options = EvaluationOptions(
        run.work / "held-out-fits",
        run.work / "kept",
        workers=run.options.workers,
        averaged=spread(train, _AVERAGED),
        averaged_fits=run.work / "fits",
        appearance=run.options.minutes > 10,
    )
    report = _scored(run, bench, lesson, split, options)
    known = {"learned_from": run.account["learned_from"], "problems": run.notes, "tuned": _tuned(run)}
    write_pack_report(bench.folder, replace(report, hands=hands, **known), scored, options)


def _scored(
    run: Learning,
    bench: Workbench,
    lesson: LightLesson | None,
    split: tuple[Sequence[Pair], Sequence[Pair]],
    options: EvaluationOptions,
) -> PackReport:
    """What the report tells of the scores, and what may be published; nothing where nothing could be scored."""
    from packshot.reports.pack_page import PackReport

    train, scored = split
    if not scored:
        run.note("Too few products to hold any out: nothing is known of how good the pack is. Give pairs of 5 or more.")
        return PackReport(None)
    fit_pairs(scored, run.work / "held-out-fits", FitSettings(workers=run.options.workers), run.tell)
    packs = run.options.base, one_for_all(run, bench, lesson), learned_again(run, bench, lesson, train)
    scores = score_pack(Scoring(scored, bench.folder, options, *packs, run.minutes_left()), run.tell)
    for note in scores.notes:
        run.note(note)
    run.account["scores"] = scores.as_json()
    if not scores.ours.scores:
        run.note("None of the pairs held out could be scored; the account says why.")
        return PackReport(None)
    told = count_told(scores.ours.scores, None if scores.base is None else scores.base.scores)
    if told:
        run.account["told"] = {category: asdict(one) for category, one in told.items()}
    return PackReport(
        scores.ours,
        specific=scores.specific,
        moved=scores.moved,
        curve=scores.curve,
        told=told,
        what_if=certify_pack(run, bench, scored),
    )


def certify_pack(run: Learning, bench: Workbench, scored: Sequence[Pair]) -> list[WhatIf]:
    """What may be published unseen, proved on the pairs held out. It may well be nothing. Gives what else might be."""
    judge = judge_of(bench.pack())
    if judge is None:
        return []
    bar, promise = judge.bar, Promise()
    measured = measure_pairs(
        scored, bench.folder, OutcomeSettings(None, run.work / "kept", run.options.workers), run.tell
    )
    cases = measured.cases(bar)
    if not cases:
        run.note("No pair held out can prove anything, so every shot goes to review; see `packshot calibrate`.")
        return []
    certificate = certify(bench.pack(), cases, promise, None, bar)
    write_certificate(bench.folder, certificate)
    run.account["certificate"] = certificate.model_dump(mode="json")
    return by_bar(measured.outcomes, judge, bar, promise.confidence)


def one_for_all(run: Learning, bench: Workbench, lesson: LightLesson | None) -> Path | None:
    """The same pack with one look, one set of habits and one light for all categories."""
    if lesson is None or len(lesson.model.categories) < 2 or run.options.category is not None:
        return None
    plain = Workbench.from_base(bench.pack(), run.work / "one-for-all")
    plain.change(
        look={name: look for name, look in bench.file.look.items() if name == "default"},
        habits={name: rules for name, rules in bench.file.habits.items() if name == "default"},
    )
    way = lesson.model.way
    model = fit_model(lesson.rows, replace(way, kernel=replace(way.kernel, own=0.0, levels=False)))
    export_light_model(model, plain.folder / "light.onnx")
    plain.add_model("light", "light.onnx", categories=model.categories)
    return plain.folder


def spread(pairs: Sequence[Pair], most: int) -> tuple[Pair, ...]:
    """At most so many of the pairs, every category and group alike."""
    every = -(-len(pairs) // most)
    return tuple(sorted(pairs, key=lambda pair: (pair.category, pair.group, pair.id))[::every]) if pairs else ()


def learned_again(run: Learning, bench: Workbench, lesson: LightLesson | None, train: Sequence[Pair]) -> Learned | None:
    """How the pack's light is learned again from some of the pairs; all else in the pack stays."""
    if lesson is None or run.options.category is not None:
        return None
    rows = lesson.rows

    def again(pairs: Sequence[Pair], folder: Path) -> Path:
        groups = {pair.group for pair in pairs}
        model = learn_light(rows.only(np.array([group in groups for group in rows.groups], np.bool_))).model
        plain = Workbench.from_base(bench.pack(), folder)
        export_light_model(model, folder / "light.onnx")
        plain.add_model("light", "light.onnx", categories=model.categories)
        return plain.folder

    known = set(rows.groups)
    return Learned([pair for pair in train if pair.group in known], again, run.work / "curve")


def _tuned(run: Learning) -> list[str]:
    """Which networks were taken further on these pairs, and what came of it."""
    product, specks = run.account.get("product", {}), run.account.get("speck_network", {})
    found = []
    if product and product["iou_after"] > product["iou_before"]:
        overlaps = f"IoU {product['iou_after']:.4f} on products left out, {product['iou_before']:.4f} before"
        found.append(f"The product network was tuned on these pairs: {overlaps}.")
    return [*found, specks["words"]] if specks.get("kept") else found
