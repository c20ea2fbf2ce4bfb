"""The steps that make the pack."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from packshot.learning.light.model import Rows
from packshot.learning.light.spoilt import keep_spoilt
from packshot.learning.pack_making import Workbench
from packshot.learning.pairs import PairSet
from packshot.learning.steps import making
from packshot.learning.steps.run import Learning, LearnOptions
from packshot.lightmeter import CHANGES, NUMBERS
from packshot.pack import Pack
from tests.learning.proof.test_own_or_one import NARROW, fits_of
from tests.tiny import make_pack


def test_spoilt_photos_of_another_product_network_are_left_out_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Workbench.from_base(Pack(make_pack(tmp_path / "tiny")), tmp_path / "pack")
    names = ("tops",) * 4, ("a", "a", "b", "b")
    rows = Rows(np.random.default_rng(0).normal(0, 1, (4, len(NUMBERS))), np.full((4, len(CHANGES)), 0.2), *names)
    keep_spoilt(rows, tmp_path / "spoilt.npz", "another network")
    monkeypatch.setattr(making, "rows_of", lambda *_: (rows, {}))
    options = LearnOptions(tmp_path / "pack", tmp_path / "tiny", spoilt=tmp_path / "spoilt.npz")
    run = Learning(PairSet(tmp_path, ()), options, lambda *_: None)
    lesson = making.learn_light_of(run, bench, fits_of("tops", NARROW, 2))
    assert lesson is not None
    assert lesson.rows.more is None
    assert "from the pairs alone" in run.notes[0]
    assert "another product network" in run.notes[0]
    assert "light" in bench.pack().file.models
