"""The step of learning that asks whether each category's own hand is any good, and takes one for all where not."""

from __future__ import annotations

from collections.abc import Sequence

from packshot.learning.fitting.pair_set import PairFit
from packshot.learning.house.habits import Habits, placing_of, rules_of
from packshot.learning.light.export import export_light_model
from packshot.learning.light.learning import LightLesson, as_one
from packshot.learning.pack_making import Workbench
from packshot.learning.proof.own_or_one import COLOR, FRAME, NOISE, SHARPENING, WORDS, OwnOrOne, own_or_one
from packshot.learning.steps.making import keep_style
from packshot.learning.steps.run import Learning

_SIDES = tuple(f"margin_{side}" for side in ("top", "right", "bottom", "left"))
RULES = {
    FRAME: ("aspect", "long_side", "long_sides", "upscale", "anchor", *_SIDES),
    SHARPENING: ("sharpening",),
    NOISE: ("noise",),
}


def compare_hands(
    run: Learning, bench: Workbench, good: Sequence[PairFit], lesson: LightLesson | None
) -> tuple[list[OwnOrOne], LightLesson | None]:
    """Tests each category's own hand against one for all, on groups left out in turn, and has the pack go by the one
    for all where the own is worse beyond chance. Gives the tests, and the lesson as it then is."""
    if run.options.category is not None:
        return [], lesson
    run.tell("comparing categories", 0, 1)
    found = own_or_one(good, run.work / "fits", lesson)
    run.tell("comparing categories", 1, 1)
    run.account["own_or_one"] = [one.as_json() for one in found]
    worse = [one for one in found if one.difference.worse]
    for one in worse:
        run.note(
            f"{one.category} goes by what all categories do, its own being worse on products left out "
            f"({WORDS[one.figure]}: {one.own:.3g}, for all {one.for_all:.3g})."
        )
    if any(one.figure in RULES for one in worse):
        take_rules(bench, good, worse)
    colors = [one.category for one in worse if one.figure == COLOR]
    return found, lesson if lesson is None or not colors else take_light(bench, lesson, colors)


def take_rules(bench: Workbench, good: Sequence[PairFit], worse: Sequence[OwnOrOne]) -> None:
    """Gives categories the rules of all for what their own are worse at, in the pack and in ``style.toml``."""
    placed = [placing for fit in good if fit.recipe is not None and (placing := placing_of(fit.recipe)) is not None]
    rules = rules_of(placed)
    habits: dict[str, Habits] = dict(bench.file.habits)
    for one in worse:
        keys = RULES.get(one.figure, ())
        kept = {key: value for key, value in habits.get(one.category, {}).items() if key not in keys}
        habits[one.category] = kept | {key: rules[key] for key in keys if key in rules}
    bench.change(habits=habits)
    keep_style(bench, sorted({placing.category for placing in placed}), len(placed))


def take_light(bench: Workbench, lesson: LightLesson, categories: Sequence[str]) -> LightLesson:
    """Gives categories the look and the light of all."""
    lesson = as_one(lesson, categories)
    name = bench.file.models["light"].file
    export_light_model(lesson.model, bench.folder / name)
    bench.add_model("light", name)
    bench.change(look={name: look for name, look in bench.file.look.items() if name not in categories})
    return lesson
