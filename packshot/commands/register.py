"""``packshot register``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from packshot.commands.output import answer, answer_json, fail

if TYPE_CHECKING:
    from packshot.learning.registration.register import Registration


def register(
    before: Annotated[Path, typer.Argument(help="The photo.")],
    after: Annotated[Path, typer.Argument(help="What the retoucher made of it.")],
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Find how a before became its after: turn, scale, crop, to a fraction of a pixel."""
    from packshot.learning.registration.register import register_files
    from packshot.photo import PhotoError

    try:
        found = register_files(before, after)
    except PhotoError as error:
        fail(str(error))
    answer_json(found.as_json()) if json else _tell(found)


def _tell(found: Registration) -> None:
    from packshot.geometry import angle_of, scale_of

    if not found.accepted:
        answer(f"Refused: {found.reason}")
        return
    matrix = found.before_to_after
    answer(f"Turned by {angle_of(matrix):.2f} degrees, scaled by {scale_of(matrix):.4f}, {found.model}.")
    answer(f"{found.inliers} patches found again, {found.residual_px:.2f} px apart.")
