"""The packs that a judge learns from: each knows nothing of the light of the groups it is asked about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from packshot.learning.judging.lesson import FOLDS, _without
from packshot.learning.light.export import load_light_model
from packshot.learning.light.learning import MEAN, learn_light
from packshot.learning.splits import folds
from packshot.pack import Pack
from tests.learning.light.test_model import rows
from tests.tiny import make_pack


def test_a_folds_pack_is_whole_and_has_not_seen_its_groups(tmp_path: Path) -> None:
    folder = make_pack(tmp_path / "pack")
    lesson = replace(learn_light(rows(20)), kept=np.full(8, 0.5), instead={"tops": MEAN, "never seen": MEAN})
    place = folds(lesson.rows.groups, FOLDS)
    with _without(folder, lesson, 0) as other:
        pack = Pack(other)
        assert pack.verify() == []
        assert set(pack.file.models) == {"product", "light"}
        unseeing = load_light_model(other / "light.onnx")
    tops = np.array(lesson.rows.categories) == "tops"
    said, _ = unseeing.predict(lesson.rows.measured[tops], ("tops",) * int(tops.sum()))
    seen = lesson.rows.changes[tops & (place != 0)].mean(0)
    assert np.allclose(said, seen, atol=1e-4), "the mean recipe of the groups it has seen"
    assert not np.allclose(said, lesson.rows.changes[tops].mean(0), atol=1e-4)
    assert not other.exists()
