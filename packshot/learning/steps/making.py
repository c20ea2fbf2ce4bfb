"""The steps of learning that make the pack: habits, look, the product network, light, specks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from packshot.learning.fitting.pair_set import PairFit
from packshot.learning.house.facts import manners_of
from packshot.learning.house.habits import habits_of, placing_of
from packshot.learning.house.looks import looks_of
from packshot.learning.house.policies import policies_of, with_policies
from packshot.learning.house.style import write_style
from packshot.learning.light.export import export_light_model, load_light_model
from packshot.learning.light.learning import LightLesson, at_most, learn_light, rows_of
from packshot.learning.light.model import LightModel, with_category
from packshot.learning.light.spoilt import read_spoilt, with_more
from packshot.learning.networks.loading import ForeignNetworkError
from packshot.learning.pack_making import Workbench
from packshot.learning.specks.level import choose_level
from packshot.learning.splits import split_pairs
from packshot.learning.steps.run import Learning
from packshot.lightmeter import CHANGES
from packshot.pack_file import own_light
from packshot.style import Style

_TUNING_SHARE = 0.35  # of the minutes that are left when fitting is done
_LEAST_TUNING = 2.0  # minutes
_SPECK_TUNING, _LEAST_SPECK_TUNING, _MOST_SPECK_TUNING = 0.125, 1.0, 8.0  # of the minutes left; minutes
_SPECK_TIME, _SPECK_SECONDS = 0.05, 0.5  # of the minutes left, at most; a photo
_LEAST_SPECKLED, _MOST_SPECKLED = 20, 160  # photos


def learn_habits(run: Learning, bench: Workbench, good: Sequence[PairFit]) -> None:
    """Canvas, margins, policies and look of each category, into the pack and into ``style.toml``."""
    placed = [placing for fit in good if fit.recipe is not None and (placing := placing_of(fit.recipe)) is not None]
    looks = looks_of(good, bench.file.look)
    habits = with_policies(habits_of(placed), policies_of(manners_of(good))) if placed else {}
    if not placed:
        run.note("No after has an even backdrop, so margins and canvas could not be read; the base's stay.")
    if run.options.category is not None:
        # Only this category is to move.
        looks = {name: look for name, look in looks.items() if name == run.options.category}
        habits = {name: {**habits["default"], **rules} for name, rules in habits.items() if name != "default"}
    bench.change(look={**bench.file.look, **looks}, habits={**bench.file.habits, **habits})
    keep_style(bench, [name for name in habits if name != "default"], len(placed), "default" in habits)


def keep_style(bench: Workbench, categories: Sequence[str], pairs: int, default: bool = True) -> None:
    """Writes the pack's habits as ``style.toml``: those of some categories, and what the others have in common."""
    habits = bench.file.habits
    style = Style(default=habits["default"] if default else {}, categories={name: habits[name] for name in categories})
    write_style(bench.folder / "style.toml", style, f"the finished shots of {pairs} pairs")


def tune(run: Learning, bench: Workbench, good: Sequence[PairFit]) -> None:
    """Tunes the product network where time allows, and keeps it if it finds products better."""
    card = bench.file.models.get("product")
    minutes = _TUNING_SHARE * run.minutes_left()
    if card is None or minutes < _LEAST_TUNING or run.options.category is not None:
        return
    from packshot.learning.networks.export import export_product_network
    from packshot.learning.networks.loading import ForeignNetworkError
    from packshot.learning.networks.product_tuning import Tuning, examples_of, tune_product

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


def tune_specks_of(run: Learning, bench: Workbench, good: Sequence[PairFit]) -> None:
    """Tunes the speck network where time allows, and keeps it if it finds more on groups left out."""
    card = bench.file.models.get("specks")
    minutes = min(_MOST_SPECK_TUNING, _SPECK_TUNING * run.minutes_left())
    if card is None or minutes < _LEAST_SPECK_TUNING or run.options.category is not None:
        return
    from packshot.learning.specks.files import export_speck_network
    from packshot.learning.specks.tuning import SpeckTuning, tune_specks

    tuning = SpeckTuning(minutes, run.options.device, run.options.seed)
    try:
        tuned = tune_specks(bench.folder / card.file, good, tuning, run.tell)
    except ForeignNetworkError as error:
        run.note(f"The speck network was not tuned: {error}")
        return
    if tuned is None:
        run.note("The speck network was not tuned: the retouchers took away too few specks for that.")
        return
    run.account["speck_network"] = tuned.as_json()
    if not tuned.compared.better:
        run.note(tuned.words())
        return
    export_speck_network(tuned.network, bench.folder / card.file)
    bench.add_model("specks", card.file)


def learn_specks(run: Learning, bench: Workbench, good: Sequence[PairFit]) -> None:
    """Chooses from when on a mark is healed."""
    if "specks" not in bench.file.models or run.options.category is not None:
        return
    most = int(60 * _SPECK_TIME * run.minutes_left() / _SPECK_SECONDS)
    chosen = choose_level(good, bench.pack(), run.tell, min(_MOST_SPECKLED, max(_LEAST_SPECKLED, most)))
    if chosen is None:
        run.note("The retouchers took away too few specks to learn from when to heal; the base's threshold stays.")
        return
    run.account["specks"] = {"level": chosen.level, "found": chosen.found, "false_a_photo": chosen.false}
    bench.change(thresholds=bench.file.thresholds.model_copy(update={"speck_confidence": chosen.level}))


def learn_light_of(run: Learning, bench: Workbench, good: Sequence[PairFit]) -> LightLesson | None:
    """What the retouchers do to light, as the pack's model; of one category alone, on top of what the base says.

    Where the base knows of no light, it is a model that is asked for this category alone.
    """
    rows, problems = rows_of(good, bench.pack(), run.tell)
    for name, why in problems.items():
        run.note(f"{name}: its light could not be measured: {why}")
    if not len(rows):
        return None
    if run.options.spoilt is not None and run.options.category is None:
        scored = {pair.group for pair in split_pairs(run.found.pairs)[1]}
        try:
            rows = with_more(rows, read_spoilt(run.options.spoilt, bench.pack()), scored)
        except ValueError as error:
            run.note(f"Light was learned from the pairs alone: {error}")
    ids = [fit.id for fit in good if fit.id not in problems]
    known = at_most(rows.groups)
    lesson = replace(learn_light(rows), ids=tuple(np.array(ids)[known]))
    model, role, name = lesson.model, "light", "light.onnx"
    category = run.options.category
    base = None if category is None else base_light(run, bench)
    if base is not None:
        model = with_category(base, rows)
    elif category is not None:
        role, name = own_light(category), f"light-{hashlib.sha256(category.encode()).hexdigest()[:8]}.onnx"
    export_light_model(model, bench.folder / name)
    bench.add_model(role, name, categories=model.categories)
    run.account["light"] = {
        "believed": {name: round(float(share), 3) for name, share in zip(CHANGES, lesson.kept, strict=True)},
        "instead": dict(lesson.instead),
        "rules": {name: model.rules.words(index) for index, name in enumerate(CHANGES[:3])},
    }
    return lesson


def base_light(run: Learning, bench: Workbench) -> LightModel | None:
    """The base's light model, if it has one that can be learned further."""
    card = bench.file.models.get("light")
    if card is None:
        return None
    try:
        return load_light_model(bench.folder / card.file)
    except ForeignNetworkError as error:
        run.note(f"{run.options.category} has a light model of its own: {error}")
        return None
