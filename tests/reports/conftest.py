from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from packshot.learning.fitting.pair_set import FitSettings, PairFit, fit_pairs
from packshot.learning.pairs import Pair, read_pairs
from packshot.learning.proof.evaluation import Evaluation, EvaluationOptions, evaluate
from tests.learning.pair_sets import make_set
from tests.publication.contact.conftest import browser
from tests.tiny import make_pack

__all__ = ["browser", "studio"]


@dataclass(frozen=True)
class Studio:
    """A tiny studio: pairs, their fits, a pack, and its evaluation."""

    folder: Path
    pairs: tuple[Pair, ...]
    pack: Path
    fits: Path
    fitted: list[PairFit]
    options: EvaluationOptions
    evaluation: Evaluation


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """Three pairs; one category has a name that would harm a careless page."""
    root = tmp_path_factory.mktemp("studio")
    folder = make_set(root / "pairs", 3, ("reds", "<script>alert('blues')</script> & more"))
    pairs = read_pairs(folder).pairs
    fitted = fit_pairs(pairs, root / "fits", FitSettings(workers=1))
    options = EvaluationOptions(root / "fits", root / "kept", workers=1, appearance=True)
    pack = make_pack(root / "pack")
    return Studio(folder, pairs, pack, root / "fits", fitted, options, evaluate(pairs, pack, options))
