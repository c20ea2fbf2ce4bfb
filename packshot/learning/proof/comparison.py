"""Is one way of retouching better than another on the same pairs, or could chance have done it?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from packshot.learning.proof.tables import resampled

if TYPE_CHECKING:
    from packshot.learning.proof.pair_score import PairScore

Floats = NDArray[np.float64]
_FLIPS = 9999
_HIGHER_IS_BETTER = ("iou", "ssim", "canvas", "size")
_LEAST_GROUPS = 5  # of fewer, no pattern of signs is rarer than one in twenty


@dataclass(frozen=True)
class Difference:
    """How much smaller the error of the second way is, on the same pairs.

    gain: mean over pairs, positive where the second is better; low, high: 95 % bootstrap interval over groups. p: of a
    two-sided sign-flip permutation test over groups, 1 where there are fewer than five of them; adjusted: after Holm
    (1979) over all tests made together.
    """

    pairs: int
    groups: int
    gain: float
    low: float
    high: float
    p: float
    adjusted: float

    @property
    def better(self) -> bool:
        """Whether the second is better beyond chance at 5 %."""
        return self.adjusted < 0.05 and self.gain > 0

    @property
    def worse(self) -> bool:
        """Whether the second is worse beyond chance at 5 %."""
        return self.adjusted < 0.05 and self.gain < 0

    @property
    def verdict(self) -> str:
        """``better``, ``worse`` or ``cannot tell``."""
        return "better" if self.better else "worse" if self.worse else "cannot tell"


def compare(
    first: Sequence[PairScore], second: Sequence[PairScore], figure: str = "delta_e", method: str = "packshot"
) -> dict[str, Difference]:
    """Two evaluations of the same pairs, per category. Pairs that only one of them scored are left out."""
    before = {one.id: one for one in first}
    gains: dict[str, list[float]] = defaultdict(list)
    groups: dict[str, list[str]] = defaultdict(list)
    for one in second:
        old = before[one.id].figures[method].get(figure) if one.id in before else None
        new = one.figures[method].get(figure)
        if old is not None and new is not None:
            gains[one.category].append(new - old if figure in _HIGHER_IS_BETTER else old - new)
            groups[one.category].append(one.group)
    return differences({name: (np.array(gains[name]), groups[name]) for name in sorted(gains)})


def differences(gains: Mapping[str, tuple[Floats, Sequence[str]]]) -> dict[str, Difference]:
    """Tests several samples of gains, each with the group of every value, as one family."""
    tested = {
        name: _test(values, np.unique(list(groups), return_inverse=True)[1]) for name, (values, groups) in gains.items()
    }
    adjusted = holm([one[-1] for one in tested.values()])
    return {name: Difference(*one, p) for (name, one), p in zip(tested.items(), adjusted, strict=True)}


def _test(values: Floats, groups: NDArray[np.intp]) -> tuple[int, int, float, float, float, float]:
    count = int(groups.max()) + 1
    weights = resampled(groups)
    means = weights @ values / np.maximum(weights.sum(1), 1e-9)
    low, high = np.quantile(means[weights.sum(1) > 0], (0.025, 0.975))
    totals = np.bincount(groups, values, count).astype(np.float64)
    p = sign_flip(totals) if count >= _LEAST_GROUPS else 1.0
    return len(values), count, float(values.mean()), float(low), float(high), p


def sign_flip(totals: Floats) -> float:
    """Two-sided p of the sum of ``totals`` if each could as well have had the other sign (Fisher's permutation test).

    Exact up to 13 values, by 9,999 random patterns beyond.
    """
    count = len(totals)
    if count <= 13:
        signs = 1 - 2 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1).astype(np.float64)
        sums = np.abs(signs @ totals)
        return float((sums >= abs(totals.sum()) - 1e-12).mean())
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (_FLIPS, count))
    return float((1 + (np.abs(signs @ totals) >= abs(totals.sum()) - 1e-12).sum()) / (_FLIPS + 1))


def holm(values: Sequence[float]) -> list[float]:
    """P-values adjusted for being several (Holm, "A simple sequentially rejective multiple test procedure", 1979)."""
    order = np.argsort(values)
    adjusted, worst = [0.0] * len(values), 0.0
    for rank, index in enumerate(order):
        worst = max(worst, min(1.0, (len(values) - rank) * values[index]))
        adjusted[index] = worst
    return adjusted
