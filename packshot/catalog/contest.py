"""A challenger's way to the throne: compared on a frozen set and on recent reviews, and promoted where it has won."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packshot.catalog.catalog import Catalog
from packshot.catalog.champions import champion, crown
from packshot.catalog.feedback import WITH_ACCEPTED, identity, write_pairs
from packshot.catalog.problems import CatalogError
from packshot.catalog.promotion import CategoryVerdict, PromotionRules, as_evidence, assemble, weigh
from packshot.catalog.shadow import shadow_failures
from packshot.catalog.standing import decided
from packshot.catalog.verdicts import group_of
from packshot.evaluation.bar import Bar
from packshot.learning.pairs import Pair, read_pairs
from packshot.learning.proof.evaluation import EvaluationOptions, evaluate
from packshot.learning.splits import held_out, split_pairs
from packshot.pack import Pack

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Contest:
    """What is compared. frozen: a folder of pairs that the challenger did not learn from. work: folder for what can be
    used again (reviews as pairs, registrations). style: the house style's file."""

    challenger: Path
    work: Path
    frozen: Path | None = None
    style: Path | None = None
    bar: Bar = field(default_factory=Bar)
    rules: PromotionRules = field(default_factory=PromotionRules)
    workers: int | None = None


@dataclass(frozen=True)
class Outcome:
    """Who met whom on what, and what became of each category. ``shadow``: photos seen in the shadow, and failed."""

    champion: str
    challenger: str
    frozen: int
    reviews: int
    shadow: tuple[int, int]
    categories: dict[str, CategoryVerdict]
    left_out: dict[str, str]

    @property
    def won(self) -> list[str]:
        """The categories to promote: none, if the challenger failed on photos that the champion could do."""
        return [] if self.shadow[1] else [name for name, one in self.categories.items() if one.promoted]

    def as_json(self) -> dict[str, Any]:
        """For the record and for machines."""
        plain = ("champion", "challenger", "frozen", "reviews", "shadow", "left_out")
        return {
            **{name: getattr(self, name) for name in plain},
            "won": self.won,
            "categories": as_evidence(self.categories),
        }


def reigning(catalog: Catalog, by: str) -> Pack:
    """The champion; the pack that ships with packshot is the first one."""
    reign = champion(catalog)
    if reign is None:
        crown(catalog, Pack.base(), by)
        return Pack.base()
    pack = Pack(reign.folder)
    if pack.content_digest != reign.pack_digest:
        raise CatalogError(f"{reign.folder} is no longer the pack that became champion: restore it, or go back")
    return pack


def compare(catalog: Catalog, contest: Contest, old: Pack, tell: Tell = lambda *_: None) -> Outcome:
    """Lets both packs retouch the same pairs. Raises ValueError when there is nothing to compare on."""
    new = Pack(contest.challenger)
    if new.content_digest == old.content_digest:
        raise ValueError(f"{new.label} is the champion already")
    frozen = () if contest.frozen is None else read_pairs(contest.frozen).pairs
    reviews = _reviews(catalog, contest, tell)
    pairs = [*frozen, *reviews]
    if not pairs:
        raise ValueError("there is nothing to compare on: give a frozen set of pairs, or review photos first")
    options = EvaluationOptions(
        kept=contest.work / "kept", style=contest.style, bar=contest.bar, workers=contest.workers, baselines=False
    )
    before = evaluate(pairs, old.folder, options, tell)
    after = evaluate(pairs, new.folder, options, tell)
    return Outcome(
        old.label,
        new.label,
        len(frozen),
        len(reviews),
        shadow_failures(catalog, new.content_digest),
        weigh(before.scores, after.scores, contest.bar, contest.rules),
        {**before.refused, **before.failed, **after.refused, **after.failed},
    )


def _reviews(catalog: Catalog, contest: Contest, tell: Tell) -> Sequence[Pair]:
    """People's decisions as pairs, those of groups that no learning from the catalog ever sees."""
    chosen = decided(catalog, WITH_ACCEPTED)
    as_pairs = [Pair(identity(one), one.entry.category, group_of(one), one.entry.source, Path()) for one in chosen]
    _, scored = split_pairs(as_pairs)
    fair = {pair.id for pair in scored if held_out(pair.group)}
    folder = contest.work / "reviews"
    write_pairs([one for one in chosen if identity(one) in fair], folder, tell, credited=False)
    return read_pairs(folder).pairs


def promote(catalog: Catalog, contest: Contest, outcome: Outcome, old: Pack, target: tuple[Path, str]) -> Pack | None:
    """Makes the champion with the challenger in the categories it won the new champion, in the folder ``target[0]``.

    None when it won none. ``target[1]``: who promotes.
    """
    if not outcome.won:
        return None
    out, by = target
    pack = assemble(old, Pack(contest.challenger), outcome.won, out)
    crown(catalog, pack, by, outcome.won, outcome.as_json())
    return pack
