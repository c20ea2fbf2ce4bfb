"""The bar of good: what a finished shot must keep, measured against the retoucher's own after, to count as good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import Field

from packshot.recipe import Frozen
from packshot.style import House

WORDS = {
    "delta_e": "ΔE00 on the product", "iou": "matte IoU", "corner": "corners (% of the long side)",
    "angle": "angle (°)", "margin": "margins (%)", "edge": "edge (% of the long side)", "perceptual": "MDSI",
}  # fmt: skip


class Bar(Frozen):
    """Limits of figures by their names; the user's choice. One that is passed makes the shot bad; None is not asked."""

    delta_e: float | None = Field(4.0, ge=0, description="mean CIEDE2000 on the product, at most")
    iou: float | None = Field(0.95, ge=0, le=1, description="of the mattes, at least")
    corner: float | None = Field(2.0, ge=0, description="percent of the long side, at most")
    angle: float | None = Field(None, ge=0, description="degrees, at most")
    margin: float | None = Field(None, ge=0, description="percent of the canvas, at most")
    edge: float | None = Field(None, ge=0, description="percent of the photo's long side, at most")
    perceptual: float | None = Field(None, ge=0, description="MDSI, at most")

    def faults(self, figures: Mapping[str, float | None]) -> tuple[str, ...]:
        """The names of the figures that miss the bar; a figure that could not be measured is not held against it."""
        return tuple(name for name in type(self).model_fields if self._missed(name, figures.get(name)))

    def severity(self, figures: Mapping[str, float | None]) -> float:
        """How far the worst figure is from perfect, 1 being the bar itself."""
        return max((self._distance(name, figures.get(name)) for name in type(self).model_fields), default=0.0)

    def of_what_is_done(self, houses: Sequence[House]) -> Bar:
        """The limits that such rules leave: colour, frame or angle that nobody touches is not held against them."""
        dropped: dict[str, None] = {}
        if all(house.color == house.light == 0 for house in houses):
            dropped |= {"delta_e": None, "perceptual": None}
        if all(house.frame == "photo" for house in houses):
            dropped |= {"corner": None, "margin": None, "perceptual": None}
        if all(house.upright == "never" for house in houses):
            dropped |= {"angle": None}
        return self.model_copy(update=dropped)

    def words(self) -> str:
        """The limits that are set, for people."""
        told = {name: getattr(self, name) for name in type(self).model_fields}
        sides = {name: "at least" if name == "iou" else "at most" for name in told}
        return ", ".join(f"{WORDS[name]} {sides[name]} {limit:g}" for name, limit in told.items() if limit is not None)

    def _distance(self, name: str, value: float | None) -> float:
        limit = getattr(self, name)
        if limit is None or value is None:
            return 0.0
        return float((1 - value) / max(1 - limit, 1e-6) if name == "iou" else value / max(limit, 1e-6))

    def _missed(self, name: str, value: float | None) -> bool:
        limit = getattr(self, name)
        if limit is None or value is None:
            return False
        return bool(value < limit) if name == "iou" else bool(value > limit)
