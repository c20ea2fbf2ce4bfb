"""The best fit of a before to an after's product: guesses from features and shape, sifted small, refined large."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.geometry import Affine, compose, invert
from packshot.learning.registration.bending import measure_bend
from packshot.learning.registration.evidence import Evidence, correlations, gather
from packshot.learning.registration.features import Features, Guess, feature_guesses, find_features
from packshot.learning.registration.refinement import Aligned, Target, refine
from packshot.learning.registration.shape import shape_guesses
from packshot.learning.registration.views import Pixels, Product, find_product, luminance, shrink

AFTER_SIDE = 800
BEFORE_SIDE = 1600
LEAST_AGREEMENT = 0.6  # true pairs have 1.1 and more, others seldom 0.6
_FEATURE_SIDE, _SHAPE_SIDE = 1000, 400
_COARSE, _FINE = 160, 512
_PLENTY = 40  # agreeing features that need no second guess
_SCANT = 20
_NO_DOUBT = 0.9
_LEAST_STRETCH, _LARGEST_STRETCH = 1.003, 1.12
_THIN = 0.2
_BESIDE = 0.002  # of the product's long side
_STRETCH_GAIN = 0.85  # of the cost that a similarity leaves


@dataclass(frozen=True)
class Views:
    """Both photos at working size, and the way back: ``from_product`` and ``from_before`` lead to full pixels.

    ``before_features`` are in pixels of a smaller before yet, from which ``from_features`` leads to the working one.
    """

    product: Product
    before: Pixels
    from_product: Affine
    from_before: Affine
    product_features: Features
    before_features: Features
    from_features: Affine

    @classmethod
    def of(cls, before: Pixels, after: Pixels) -> Views | None:
        """None when the after is empty. Raises ValueError for anything but (H, W, 3) uint8."""
        for name, pixels in (("before", before), ("after", after)):
            if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
                raise ValueError(f"the {name} must be (H, W, 3) uint8 pixels, not {pixels.shape} {pixels.dtype}")
        small_before, from_before = shrink(before, BEFORE_SIDE)
        small_after, from_product = shrink(after, AFTER_SIDE)
        product = find_product(small_after)
        if product is None:
            return None
        features = find_features(product.pixels, product.mask, 1500)
        smaller, from_features = shrink(small_before, _FEATURE_SIDE)
        before_features = find_features(smaller, None, 3000)
        return cls(product, small_before, from_product, from_before, features, before_features, from_features)

    def mirrored(self) -> Views:
        """The same with the before mirrored left to right."""
        width = round(self.before.shape[1] / self.from_features[0, 0])
        features = self.before_features.mirrored(width)
        return replace(self, before=np.ascontiguousarray(self.before[:, ::-1]), before_features=features)


@dataclass(frozen=True)
class Fit:
    """A refined map and what speaks for it.

    ``agreement``: correlation of texture plus that of the outline at coarse size, -2..2.
    """

    aligned: Aligned
    evidence: Evidence
    agreement: float
    model: str = "similarity"


def best_fit(views: Views, least_agreement: float = LEAST_AGREEMENT) -> Fit | None:
    """The best of all guesses; None when none agrees even at coarse size, where noise and JPEG hardly count."""
    grey = luminance(views.before)
    ranked = _rank(Target(views.product, _COARSE), grey, _guesses(views))
    ranked = [entry for entry in ranked if entry[0] >= max(least_agreement, 0.8 * ranked[0][0])]
    target = Target(views.product, _FINE) if ranked else None
    best: Fit | None = None
    for agreement, guess in ranked[:2]:
        aligned = refine(target, grey, guess.after_to_before) if target else None
        if aligned is None:
            continue
        fit = _nudged(grey, Fit(aligned, gather(aligned), agreement))
        if best is None or fit.evidence.score > best.evidence.score:
            best = fit
        if best.evidence.score > _NO_DOUBT:
            break
    return _stretched(grey, best) if best else None


def _rank(target: Target, grey: NDArray[np.uint8], guesses: list[Guess]) -> list[tuple[float, Guess]]:
    """The guesses refined at small size, in the order of how well they then agree."""
    ranked = []
    for guess in guesses:
        found = refine(target, grey, guess.after_to_before)
        if found is not None:
            agreement = sum(correlations(target, found.source, found.to_source))
            ranked.append((agreement, replace(guess, after_to_before=found.after_to_before)))
    return sorted(ranked, key=lambda entry: -entry[0])


def _nudged(grey: NDArray[np.uint8], fit: Fit) -> Fit:
    """The fit refined anew from where its patches are found, where these say that it stopped beside the optimum."""
    bend = measure_bend(fit.evidence)
    if bend.share < _BESIDE:
        return fit
    aligned = fit.aligned
    start = compose(invert(aligned.target.to_after), bend.similarity, aligned.to_source, aligned.source.to_before)
    again = refine(aligned.target, grey, start)
    if again is None:
        return fit
    nudged = Fit(again, gather(again), fit.agreement)
    return nudged if nudged.evidence.score > fit.evidence.score else fit


def _stretched(grey: NDArray[np.uint8], fit: Fit) -> Fit:
    """The fit with sides free to stretch and shear, where that explains clearly more; otherwise the fit as it is.

    A thin product cannot tell how wide it is, and a stretch that leaves the product bent is none.
    """
    if _slenderness(fit.aligned.target.mask) < _THIN:
        return fit
    aligned = refine(fit.aligned.target, grey, fit.aligned.after_to_before, affine=True)
    if aligned is None or not _LEAST_STRETCH < _stretch(aligned.after_to_before) < _LARGEST_STRETCH:
        return fit
    if aligned.cost > _STRETCH_GAIN * fit.aligned.cost:
        return fit
    freer = Fit(aligned, gather(aligned), fit.agreement, "affine")
    straighter = measure_bend(freer.evidence).share <= measure_bend(fit.evidence).share
    return freer if straighter and freer.evidence.score > fit.evidence.score else fit


def _slenderness(mask: NDArray[np.bool_]) -> float:
    """The spread of the mask across its main axis over that along it, 0 (a line) to 1."""
    across, along = np.linalg.eigvalsh(np.cov(np.stack(np.nonzero(mask))))
    return float(np.sqrt(max(across, 0.0) / max(along, 1e-9)))


def _stretch(matrix: Affine) -> float:
    """Ratio of the longest to the shortest image of a unit vector."""
    longest, shortest = np.linalg.svd(matrix[:, :2], compute_uv=False)
    return float(longest / max(shortest, 1e-9))


def _guesses(views: Views) -> list[Guess]:
    found = feature_guesses(views.product_features, views.before_features, views.product.long_side, 3)
    guesses = [replace(guess, after_to_before=compose(guess.after_to_before, views.from_features)) for guess in found]
    support = guesses[0].support if guesses else 0
    if support >= _PLENTY:
        return guesses[:1]
    return guesses if support >= _SCANT else guesses[:2] + _guesses_by_shape(views)


def _guesses_by_shape(views: Views) -> list[Guess]:
    pixels, from_small = shrink(views.product.pixels, _SHAPE_SIDE)
    size = pixels.shape[1], pixels.shape[0]
    mask = cv2.resize(views.product.mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    if not mask.any():
        return []
    small = Product(pixels, mask, views.product.backdrop)
    found = shape_guesses(small, views.before, 4)
    return [replace(guess, after_to_before=compose(invert(from_small), guess.after_to_before)) for guess in found]
