"""Telling a photo's category from the product network's description of it.

Around the mean of each category, descriptions scatter alike in all of them (linear discriminant analysis; Fisher, "The
use of multiple measurements in taxonomic problems", 1936). A mean known from few products is itself unsure, so its
category reaches further (the predictive distribution of a normal mean). A category more is a mean more: what is said
of the others among themselves stays as it was. Learned by ``packshot.learning.recognition``.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, model_validator

from packshot.recipe import Frozen

FILE = "recognition.json"
Numbers = tuple[float, ...]
Floats = NDArray[np.float64]


class Kind(Frozen):
    """A category as it is recognised. ``rarity``: by how many times it is rarer than those a studio sends."""

    name: str
    mean: Numbers = Field(description="of its photos' embeddings")
    products: int = Field(ge=1, description="how many products or sellers the mean is of")
    rarity: float = Field(1.0, ge=1)


class Recognition(Frozen):
    """``recognition.json`` of a pack. axes (directions, embedding): in which categories scatter by one."""

    recognition: Literal[1] = 1
    network: str = Field(description="sha256 of the product network whose embedding this is")
    kinds: tuple[Kind, ...] = Field(min_length=1)
    axes: tuple[Numbers, ...] = Field(min_length=1)
    softness: float = Field(1.0, gt=0, description="by which log odds are divided, so that they are calibrated")

    @model_validator(mode="after")
    def _alike(self) -> Recognition:
        widths = {len(axis) for axis in self.axes} | {len(kind.mean) for kind in self.kinds}
        if len(widths) > 1:
            raise ValueError(f"its means and axes have {sorted(widths)} numbers: all must have as many")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The categories it tells apart."""
        return tuple(kind.name for kind in self.kinds)

    @cached_property
    def arrays(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Axes (directions, embedding), means along them (kinds, directions), products and rarity (kinds,)."""
        axes = np.array(self.axes)
        means = np.array([kind.mean for kind in self.kinds]) @ axes.T
        counts = (np.array([getattr(kind, name) for kind in self.kinds], float) for name in ("products", "rarity"))
        return axes, means, *counts

    def taking(self, other: Recognition, names: Collection[str]) -> Recognition:
        """With some categories as ``other`` knows them, if it is of the same network; all else stays as it is."""
        taken = {kind.name: kind for kind in other.kinds if kind.name in names and other.network == self.network}
        kinds = {**{kind.name: kind for kind in self.kinds}, **taken}
        return Recognition(network=self.network, kinds=tuple(kinds.values()), axes=self.axes, softness=self.softness)

    def log_odds(self, embeddings: Floats) -> Floats:
        """(n, embedding) to (n, kinds): up to a number for each photo the log of how likely it is of each kind.

        Not softened yet, and every kind taken to be as frequent. Raises ValueError for descriptions of another size.
        """
        axes, means, products, _ = self.arrays
        if embeddings.shape[-1] != axes.shape[1]:
            raise ValueError(f"{FILE} knows embeddings of {axes.shape[1]} numbers, not {embeddings.shape[-1]}")
        spread = 1 + 1 / products
        apart = ((embeddings @ axes.T)[:, None] - means) ** 2
        return np.asarray(-0.5 * apart.sum(2) / spread - 0.5 * len(axes) * np.log(spread), np.float64)

    def shares(self, embedding: NDArray[np.floating]) -> dict[str, float]:
        """How likely a photo is of each category, from its embedding (numbers,). Raises as ``log_odds``."""
        odds = self.log_odds(np.asarray(embedding, np.float64)[None])[0] / self.softness - np.log(self.arrays[3])
        likely = np.exp(odds - odds.max())
        return dict(zip(self.names, (float(value) for value in likely / likely.sum()), strict=True))


def read_recognition(content: bytes) -> Recognition:
    """``recognition.json``. Raises ValueError saying what is wrong with it."""
    try:
        return Recognition.model_validate(json.loads(content))
    except ValidationError as error:
        raise ValueError(str(error.errors()[0]["msg"])) from error
