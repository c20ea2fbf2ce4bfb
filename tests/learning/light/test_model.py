from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from packshot.learning.light.export import export_light_model, load_light_model
from packshot.learning.light.learning import (
    MEAN,
    NOTHING,
    believed,
    better_instead,
    learn_light,
    missed,
    not_asked,
    said_by_mean,
    trust,
)
from packshot.learning.light.model import CAREFUL, Kernel, Rows, Way, fit_model, with_category, without_own
from packshot.learning.networks.loading import ForeignNetworkError
from packshot.lightmeter import CHANGES, NAMES, NUMBERS

SIDE = NAMES.index("short side")
BRIGHT = NAMES.index("product luminance at 98%")


def rows(count: int = 80, seed: int = 0, tells: bool = True, categories: tuple[str, ...] = ("tops", "shoes")) -> Rows:
    """Photos whose retoucher brings the product's highlights to one level, if the numbers tell at all."""
    draw = np.random.default_rng(seed)
    measured = draw.normal(0, 1, (count, len(NUMBERS) + 12))
    measured[:, SIDE] = np.log2(1000)
    changes = draw.normal(0, 0.3, (count, len(CHANGES)))
    if tells:
        changes[:, 0] = -0.4 - 0.5 * measured[:, BRIGHT] + draw.normal(0, 0.03, count)
    names = tuple(categories[index % len(categories)] for index in range(count))
    return Rows(measured, changes, names, tuple(f"product {index // 2}" for index in range(count)))


def test_a_rule_of_the_house_is_found_and_named() -> None:
    lesson = learn_light(rows(44))
    assert lesson.model.rules.words(0)[0][0] == "product luminance at 98%"
    new = rows(seed=1)
    said, _ = lesson.model.predict(new.measured, new.categories)
    assert np.abs(said[:, 0] - new.changes[:, 0]).mean() < 0.13


def test_where_nothing_can_be_known_the_mean_recipe_remains() -> None:
    chance = rows(44, tells=False)
    lesson = learn_light(chance)
    new = rows(seed=5, tells=False)
    said, spread = lesson.model.predict(new.measured, new.categories)
    assert missed(new, said) < 1.05 * missed(new, np.tile(chance.changes.mean(0), (len(new), 1)))
    assert spread[:, 0].mean() == pytest.approx(0.3, abs=0.12)


def test_predictions_worse_than_the_mean_are_not_believed() -> None:
    known = rows(tells=False)
    mean = said_by_mean(known)
    assert trust(known, mean - 3 * (known.changes - mean), mean).max() == 0
    assert trust(known, known.changes, mean).min() == pytest.approx(1)


def test_where_predictions_were_worse_something_else_is_done() -> None:
    known = rows(40, categories=("tops", "shoes", "bags"))
    mean, categories = said_by_mean(known), np.array(known.categories)
    said = known.changes.copy()
    said[categories == "bags"] += 9
    known.changes[categories == "shoes"] *= 0.01
    said[categories == "shoes"] = mean[categories == "shoes"] = 0.5
    instead = better_instead(known, said, mean)
    assert instead == {"bags": MEAN, "shoes": NOTHING}
    model = fit_model(known, CAREFUL)
    changed, _ = not_asked(model, known, instead).predict(known.measured, known.categories)
    assert not changed[categories == "shoes"].any()
    assert np.allclose(changed[categories == "bags"], known.changes[categories == "bags"].mean(0))
    tops = categories == "tops"
    assert np.allclose(changed[tops], model.predict(known.measured, known.categories)[0][tops])


def test_what_is_not_believed_at_all_is_the_mean_of_the_category() -> None:
    known = rows(400)
    known.changes[np.array(known.categories) == "shoes", 1] += 0.5
    model = believed(fit_model(known, CAREFUL), np.zeros(len(CHANGES)), known)
    said, _ = model.predict(known.measured[:9] + 3, ("shoes",) * 9)
    mean = known.changes[np.array(known.categories) == "shoes"].mean(0)
    assert np.allclose(said, mean, atol=0.03)


def test_each_camera_may_have_its_own_rule() -> None:
    first, second = rows(44, seed=2), rows(44, seed=3)
    second.measured[:, SIDE] = np.log2(3000)
    second.changes[:, 0] = 0.7
    both = Rows(
        np.concatenate([first.measured, second.measured]),
        np.concatenate([first.changes, second.changes]),
        first.categories + second.categories,
        first.groups + tuple(f"other {name}" for name in second.groups),
    )
    model = fit_model(both, Way(Kernel(noise=30)))
    assert sorted(model.rules.cameras) == pytest.approx([np.log2(1000), np.log2(3000)])
    said, _ = model.predict(second.measured[:20], second.categories[:20])
    assert np.allclose(said[:, 0], 0.7, atol=0.12)


def test_a_category_is_added_without_moving_the_others() -> None:
    model = fit_model(rows(), Way())
    shifted = rows(40, seed=7, categories=("bags",))
    shifted.changes[:, 1] += 0.4
    wider = with_category(model, shifted)
    same = rows(30, seed=9)
    assert np.allclose(
        wider.predict(same.measured, same.categories)[0], model.predict(same.measured, same.categories)[0]
    )
    mine = rows(30, seed=11, categories=("bags",))
    gained = wider.predict(mine.measured, mine.categories)[0] - model.predict(mine.measured, mine.categories)[0]
    assert gained[:, 1].mean() == pytest.approx(0.4, abs=0.15)


@pytest.mark.parametrize("embedding", [0, 12])
def test_onnx_answers_as_numpy_and_reads_back(tmp_path: Path, embedding: int) -> None:
    known = rows(60)
    known = Rows(known.measured[:, : len(NUMBERS) + embedding], known.changes, known.categories, known.groups)
    model = with_category(
        fit_model(known, Way()), Rows(known.measured[:9], known.changes[:9] + 1, ("bags",) * 9, ("b",) * 9)
    )
    model = not_asked(model, known, {"shoes": MEAN})
    export_light_model(model, tmp_path / "light.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "light.onnx"))
    measured = known.measured[:1].astype(np.float32)
    for category in ("bags", "tops", "shoes", "never seen"):
        told = np.array([[name == category for name in model.categories]], np.float32)
        change, spread = session.run(None, {"measured": measured, "category": told})
        expected = model.predict(measured.astype(np.float64), (category,))
        assert np.allclose(change, expected[0], atol=1e-3)
        assert np.allclose(spread, expected[1], atol=1e-3)
    again = load_light_model(tmp_path / "light.onnx")
    assert again.categories == model.categories
    assert np.allclose(
        again.predict(known.measured, known.categories)[0],
        model.predict(known.measured, known.categories)[0],
        atol=1e-3,
    )


def test_another_network_is_no_light_model() -> None:
    from packshot.pack import BASE_PACK

    with pytest.raises(ForeignNetworkError, match="not packshot's own light model"):
        load_light_model(BASE_PACK / "upright.onnx")


def test_two_products_give_the_mean() -> None:
    few = rows(4)
    lesson = learn_light(few)
    said, _ = lesson.model.predict(rows(5, seed=4).measured, ("tops",) * 5)
    assert np.allclose(said, few.changes.mean(0), atol=0.35)
    with pytest.raises(ValueError, match="no pair could be measured"):
        learn_light(few.only(np.zeros(4, np.bool_)))


def test_a_model_without_any_categorys_own_part_is_one_for_all() -> None:
    known, new = rows(44), rows(seed=3)
    apart = fit_model(known, Way(Kernel(own=0.5, levels=True)))
    alike = fit_model(known, Way(Kernel(own=0.0, levels=False)))
    for one, two in zip(
        without_own(apart, apart.categories).predict(new.measured, new.categories),
        alike.predict(new.measured, new.categories),
        strict=True,
    ):
        assert one == pytest.approx(two, abs=1e-8)
    less = without_own(apart, ("tops",))
    shoes = ("shoes",) * len(new)
    assert np.abs(less.predict(new.measured, shoes)[0] - alike.predict(new.measured, shoes)[0]).max() > 1e-4
