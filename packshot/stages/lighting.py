"""Lighting: how bright, how contrasty, how even.

Evenness is measured where light can be told from form: on the backdrop if it is an even sheet, else weakly on the whole
photo. The light is a plane and a bowl in log luminance (falloff and vignetting): too smooth to flatten a product.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from packshot.colorscience import LUMINANCE, rising_share, tone_shapes
from packshot.pack_file import Look
from packshot.recipe import Grid, Lighting, Recipe
from packshot.render import RenderPlan
from packshot.surface import robust_fit, terms
from packshot.view import View

ROWS, COLUMNS = 12, 12
_LEAST_BACKDROP = 0.08
_EVEN_SHEET = 0.35  # stops of residue at which a backdrop no longer tells the light from its own pattern
_DARK = 0.002
_MOST = 4.0  # stops of exposure that a model is trusted with


class LightingStage:
    """Exposure, tone and evenness."""

    name = "lighting"

    def predict(self, view: View, draft: Recipe) -> Lighting:
        """Evenness and exposure as the pack's retouchers would choose them, tone from their look.

        A pack that has not learned to evens the backdrop and brings the product towards the look's luminance.
        """
        look = view.pack.look(draft.category)
        advice = view.advice
        if advice is not None:
            grid = advice.field(ROWS, COLUMNS)
            stops = round(float(np.clip(advice.change[0], -_MOST, _MOST)), 4)
        else:
            field, share = measured_light(view)
            grid = -field * share * look.evenness
            stops = exposure(view, look, np.array(draft.color.effective().white_gain))
        grid -= product_mean(grid, view)
        return Lighting(
            exposure=stops,
            shadows=look.shadows,
            highlights=look.highlights,
            contrast=look.contrast,
            field=None if np.abs(grid).max() < 0.02 else as_grid(grid),
            strength=view.house.light,
        )

    def lower(self, parameters: Lighting, plan: RenderPlan) -> None:
        """Exposure joins the matrix, tone the curve; the field is a small grid of stops."""
        light = parameters.effective()
        plan.mix(np.eye(3) * 2**light.exposure)
        if light.field is not None:
            plan.stops = light.field.array()
        if light.shadows or light.highlights or light.contrast:
            plan.curve(lambda values: tone(values, light), alike=True)


def tone(values: NDArray[np.float64], light: Lighting) -> NDArray[np.float64]:
    """The tone curve on sRGB-encoded values; what passes white is drawn back as far as highlights are recovered."""
    shadows, highlights, contrast = tone_shapes(values)
    over = np.maximum(values - 1, 0)
    added = light.shadows * shadows + light.highlights * highlights + light.contrast * contrast
    curved = np.minimum(values, 1) + added * rising_share(light.shadows, light.highlights, light.contrast)
    return curved + over * max(0.0, 1 + light.highlights)


def as_grid(stops: NDArray[np.float64]) -> Grid:
    """A field as it stands in the recipe."""
    return Grid(
        rows=stops.shape[0], columns=stops.shape[1], stops=tuple(round(float(stop), 4) for stop in stops.ravel())
    )


def measured_light(view: View) -> tuple[NDArray[np.float64], float]:
    """The photo's uneven light in stops on the grid, mean zero, and how far it may be believed (0..1)."""
    luminance = view.small_luminance
    height, width = luminance.shape
    rows, columns = np.mgrid[0:height, 0:width]
    x, y = (columns + 0.5) / width * 2 - 1, (rows + 0.5) / height * 2 - 1
    mask = view.sure_backdrop & (luminance > _DARK) & (view.small_linear.max(2) < 0.98)
    if mask.mean() < _LEAST_BACKDROP:
        return np.zeros((ROWS, COLUMNS)), 0.0
    logs = np.log2(luminance[mask].astype(np.float64))
    shapes = terms(x[mask], y[mask])
    weights = robust_fit(shapes, logs)
    residue = float(np.median(np.abs(logs - shapes @ weights)))
    belief = 1 / (1 + (residue / (_EVEN_SHEET / 4)) ** 2)
    grid_y, grid_x = np.meshgrid(
        (np.arange(ROWS) + 0.5) / ROWS * 2 - 1, (np.arange(COLUMNS) + 0.5) / COLUMNS * 2 - 1, indexing="ij"
    )
    field = (terms(grid_x.ravel(), grid_y.ravel()) @ weights).reshape(ROWS, COLUMNS)
    return np.clip(field - field.mean(), -1.5, 1.5), belief


def product_mean(grid: NDArray[np.float64], view: View) -> float:
    """The grid's mean over the product: evening the light must not change the exposure."""
    matte = view.small_matte
    rows = np.minimum((np.arange(matte.shape[0]) * ROWS) // matte.shape[0], ROWS - 1)
    columns = np.minimum((np.arange(matte.shape[1]) * COLUMNS) // matte.shape[1], COLUMNS - 1)
    values = grid[rows][:, columns]
    return float((values * matte).sum() / max(1e-6, float(matte.sum())))


def exposure(view: View, look: Look, white_gain: NDArray[np.float64]) -> float:
    """Stops towards the look's mean log luminance of the product, as far as the look goes."""
    values = view.small_linear[view.sure_product]
    if len(values) < 50 or look.exposure_share == 0:
        return 0.0
    luminance = np.maximum(values.astype(np.float64) * white_gain @ LUMINANCE, _DARK)
    change = look.exposure_share * (look.exposure_target - float(np.mean(np.log2(luminance))))
    return round(float(np.clip(change, -look.exposure_limit, look.exposure_limit)), 4)
