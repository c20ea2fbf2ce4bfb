"""What a studio's work costs, in its own figures: ``costs.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import Field, ValidationError

from packshot.recipe import Frozen


class Minutes(Frozen):
    """A person's minutes for one photo. None: what is said for all categories."""

    by_hand: float | None = Field(None, ge=0, description="retouching it from nothing")
    review: float | None = Field(None, ge=0, description="deciding on it, where the review page did not measure it")


class Costs(Frozen):
    """A studio's figures. ``per_photo``: machines and storage."""

    currency: str = "EUR"
    per_hour: float = Field(30.0, ge=0, description="of an editor's work")
    per_photo: float = Field(0.0, ge=0)
    minutes: Minutes = Minutes(by_hand=6.0, review=0.5)
    categories: dict[str, Minutes] = Field(default_factory=dict)

    def by_hand(self, category: str) -> float:
        """Minutes to retouch a photo from nothing."""
        own = self.categories.get(category, Minutes()).by_hand
        return own if own is not None else self.minutes.by_hand or 0.0

    def review(self, category: str) -> float:
        """Minutes to decide on one."""
        own = self.categories.get(category, Minutes()).review
        return own if own is not None else self.minutes.review or 0.0


def load_costs(path: Path) -> Costs:
    """Reads ``costs.toml``. Raises ValueError naming the key that is wrong."""
    try:
        return Costs.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} is not valid TOML: {error}") from error
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ValueError(f"{path.name} does not fit: {lines}") from error
