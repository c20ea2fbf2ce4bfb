"""Hard material, told from the photo: glass, mirrors, jewellery, whatever shines or is seen through.

A logistic model over what its surface shows (``material_features``), where the models disagree about its outline, and
the network's description. Recall comes first: the threshold is the highest at which hardly a hard photo of other
products is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from packshot.recipe import Frozen

FEATURES = (
    "edge_width", "unsure", "cut_overlap", "cut_apart", "level_overlap", "level_box", "off_surface_overlap",
    "off_surface_inside", "like_backdrop_inside", "off_surface_outside", "border_overlap", "border_inside",
    "varied_overlap", "varied_apart", "category_entropy", "matte_doubt", "specular", "bright", "deep", "chroma",
    "chroma_spread", "local_contrast", "fine_drawing", "highlight_chroma", "seen_through", "from_backdrop",
    "chroma_as_backdrop", "hollow", "solidity", "slender", "pieces",
)  # fmt: skip


class HardModel(Frozen):
    """Weights of standardised features, in log odds."""

    features: tuple[str, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    weights: tuple[float, ...]
    offset: float
    threshold: float = Field(description="probability from which a photo counts as hard")
    positives: int = Field(description="hard photos the recall was measured on, of products not trained on")
    recall: float = Field(description="share of them that the threshold finds")
    recall_bound: float = Field(description="what it is at least, with 95 % confidence (Clopper and Pearson)")
    others_routed: float = Field(description="share of the others that it sends to people as well")

    @cached_property
    def arrays(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Means, deviations, weights."""
        return np.array(self.means), np.array(self.deviations), np.array(self.weights)

    def probability(self, features: Mapping[str, float]) -> float:
        """How likely the material is hard; unknown features count as usual."""
        means, deviations, weights = self.arrays
        row = np.array([features.get(name, np.nan) for name in self.features])
        scaled = standardised(row, means, deviations)
        return float(1 / (1 + np.exp(-(scaled @ weights + self.offset))))


def standardised(
    rows: NDArray[np.float64], means: NDArray[np.float64], deviations: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Features at mean 0 and deviation 1; unknown ones at the mean, far ones drawn in to four deviations."""
    return np.asarray(np.clip(np.nan_to_num((rows - means) / deviations, nan=0.0), -4, 4))
