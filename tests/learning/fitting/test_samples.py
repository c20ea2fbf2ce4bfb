from __future__ import annotations

import numpy as np
import pytest

from packshot.colorscience import decode_srgb, encode_srgb
from packshot.geometry import identity
from packshot.learning.fitting.samples import LaidPair, take_samples


def test_stripes_finer_than_a_place_do_not_count_as_a_darker_after() -> None:
    rng = np.random.default_rng(6)
    before = np.where(rng.random((120, 120, 1)) < 0.5, (20, 60, 200), (230, 220, 210)).astype(np.uint8)
    stop = 0.25
    after = np.round(255 * encode_srgb(decode_srgb(before / 255) * 2**stop)).clip(0, 255).astype(np.uint8)
    whole = np.ones((120, 120))
    laid = LaidPair(before, after, whole.astype(np.float32), whole > 0, identity(), (120, 120))
    taken = take_samples(laid)
    seen = taken.encoded.max(1) < 0.9  # beyond, stripes reached white
    assert seen.sum() > 100
    gain = decode_srgb(taken.encoded[seen]) / taken.linear[seen]
    assert np.log2(gain.mean(0)) == pytest.approx([stop] * 3, abs=0.03)
