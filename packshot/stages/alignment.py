"""Alignment: how far to turn the product so that it stands upright; nothing where it is not sure.

What speaks for each angle (symmetry, edges, box, axis) is measured by ``packshot.uprightness``, what the product looks
like turned by it is drawn by ``packshot.turning``; a small network of the pack weighs both into a probability for every
angle. The turn goes towards the median as far as the pack's risk allows; it is made only if enough probability lies
near the median. Where it does not, a pack may have a share of the mean turn made, which errs less on average than none.
"""

from __future__ import annotations

from packshot.recipe import Alignment, Recipe
from packshot.render import RenderPlan
from packshot.uprightness import LIMIT, decide, mean_turn
from packshot.view import View


class AlignmentStage:
    """The upright angle."""

    name = "alignment"

    def predict(self, view: View, draft: Recipe) -> Alignment:
        """The weighed angle; below the pack's confidence or at the range's end a share of the mean, which may be none;
        zero without a product."""
        del draft
        limits = view.pack.file.thresholds
        if view.house.upright == "never" or float(view.small_matte.mean()) < limits.matte_empty:
            return Alignment()
        share = view.upright_share
        if share is None:
            return Alignment()
        angle, confidence = decide(share, limits.align_risk)
        if confidence < limits.align_confidence or abs(angle) > LIMIT - 1:
            angle = limits.align_unsure * mean_turn(share)
        if angle == 0:
            return Alignment(confidence=round(confidence, 3))
        return Alignment(angle=round(angle, 3), method="cues", confidence=round(confidence, 3))

    def lower(self, parameters: Alignment, plan: RenderPlan) -> None:
        """Turn and crop are one affine, which the plan has whole from the recipe's geometry."""
        del parameters, plan
