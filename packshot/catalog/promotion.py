"""Champion against challenger: what is better beyond chance and worse nowhere is promoted, category by category."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
from pydantic import Field

from packshot.evaluation.bar import Bar
from packshot.learning.pack_making import write_data
from packshot.learning.proof.comparison import Difference, differences
from packshot.pack import Pack
from packshot.pack_file import OwnPack
from packshot.photo import write_atomic
from packshot.recipe import Frozen
from packshot.recognition import FILE

if TYPE_CHECKING:
    from packshot.learning.proof.pair_score import PairScore

OURS = "packshot"
_HIGHER_IS_BETTER = ("iou", "ssim")
_UNSEEN = {"delta_e": 0.2, "iou": 0.002, "corner": 0.5, "angle": 0.2, "bad": 0.02}


class PromotionRules(Frozen):
    """When a category is promoted. The figures are those of ``packshot evaluate``; ``bad``: misses the bar of good.

    A category is better when one figure is, beyond chance (5 % over all figures and categories that moved). It is
    harmed when a figure is worse beyond chance by more than anybody sees (``unseen``), or may well be: when the lower
    end of the 95 % interval of its gain loses more than ``unseen`` and than ``tolerance`` of the champion's mean error.
    """

    tolerance: float = Field(0.1, ge=0, le=1)
    unseen: dict[str, float] = Field(default_factory=lambda: dict(_UNSEEN))
    least_pairs: int = Field(10, ge=1, description="of a category, before anything is said of it")


@dataclass(frozen=True)
class CategoryVerdict:
    """What the comparison says of one category. ``figures``: the gain of each; ``why``: a sentence."""

    category: str
    promoted: bool
    why: str
    pairs: int
    figures: Mapping[str, Difference] = field(default_factory=dict)


def weigh(
    champion: Sequence[PairScore], challenger: Sequence[PairScore], bar: Bar, rules: PromotionRules | None = None
) -> dict[str, CategoryVerdict]:
    """Compares two packs' scores of the same pairs, by category. Pairs that one could not score are left out."""
    rules = rules or PromotionRules()
    before = {one.id: one for one in champion}
    both = [(before[one.id], one) for one in challenger if one.id in before]
    moved = _tested(both, bar, rules)
    verdicts = {}
    for category in sorted({new.category for _, new in both}):
        pairs = [(old, new) for old, new in both if new.category == category]
        figures = {figure: one for (name, figure), one in moved.items() if name == category}
        errors = {figure: _mean_error([old for old, _ in pairs], figure, bar) for figure in figures}
        promoted, why = _judged(figures, errors, len(pairs), rules)
        verdicts[category] = CategoryVerdict(category, promoted, why, len(pairs), figures)
    return verdicts


def _tested(
    both: Sequence[tuple[PairScore, PairScore]], bar: Bar, rules: PromotionRules
) -> dict[tuple[str, str], Difference]:
    """The figures that moved at all, tested as one family."""
    gains: dict[tuple[str, str], tuple[list[float], list[str]]] = {}
    for old, new in both:
        for figure in rules.unseen:
            first, second = _error(old, figure, bar), _error(new, figure, bar)
            if first is not None and second is not None:
                values, groups = gains.setdefault((new.category, figure), ([], []))
                values.append(first - second)
                groups.append(new.group)
    moved = {key: value for key, value in gains.items() if any(abs(gain) > 1e-9 for gain in value[0])}
    keys = {f"{number}": key for number, key in enumerate(moved)}
    tested = differences({name: (np.array(moved[key][0]), moved[key][1]) for name, key in keys.items()})
    return {keys[name]: one for name, one in tested.items()}


def _error(score: PairScore, figure: str, bar: Bar) -> float | None:
    if figure == "bad":
        return float(bool(score.faults(bar)))
    value = score.figures[OURS].get(figure)
    if value is None:
        return None
    return 1 - value if figure in _HIGHER_IS_BETTER else value


def _mean_error(scores: Sequence[PairScore], figure: str, bar: Bar) -> float:
    known = [value for score in scores if (value := _error(score, figure, bar)) is not None]
    return float(np.mean(known)) if known else 0.0


def _judged(
    figures: Mapping[str, Difference], errors: Mapping[str, float], pairs: int, rules: PromotionRules
) -> tuple[bool, str]:
    if pairs < rules.least_pairs:
        return False, f"only {pairs} pairs to compare on; {rules.least_pairs} are needed"
    harmed = [
        name
        for name, one in figures.items()
        if (one.worse and -one.gain > rules.unseen[name])
        or one.low < -max(rules.tolerance * errors[name], rules.unseen[name])
    ]
    if harmed:
        return False, f"{', '.join(harmed)} may be worse"
    better = [name for name, one in figures.items() if one.better]
    if not better:
        return False, "it is not better beyond chance" if figures else "nothing moved"
    return True, f"{', '.join(better)} better beyond chance, nothing worse"


def assemble(champion: Pack, challenger: Pack, categories: Sequence[str], out: Path) -> Pack:
    """A new pack in the folder ``out``: the champion, with the challenger in its place for these categories.

    It has no certificate: what was proven of the champion does not hold for it. The folder appears whole or not at all.
    Raises ValueError when it is there already.
    """
    if out.exists():
        raise ValueError(f"{out} is there already: give another --out")
    making = out.with_name(f".{out.name}.{uuid4().hex[:12]}.part")
    try:
        _copy(champion, making)
        own = dict(champion.file.own)
        for category in categories:
            chosen = challenger.of(category)
            place = making / "own" / category
            if place.exists():
                shutil.rmtree(place)
            _copy(chosen, place, deep=False)
            own[category] = OwnPack(folder=f"own/{category}", digest=Pack(place).content_digest)
        changes = {"own": {name: one.model_dump() for name, one in own.items()}, "version": _version(champion)}
        _write(making, {**changes, **_recognising(champion, challenger, categories, making)})
        making.rename(out)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    return Pack(out)


def _recognising(champion: Pack, challenger: Pack, categories: Sequence[str], folder: Path) -> dict[str, Any]:
    """The champion's way to tell categories from photos with the challenger's for some: a new one must be told too."""
    if champion.recognition is None or challenger.recognition is None:
        return {}
    both = champion.recognition.taking(challenger.recognition, categories)
    return {"recognition": write_data(folder, FILE, both).model_dump()}


def _copy(pack: Pack, folder: Path, deep: bool = True) -> None:
    """The files that ``pack.json`` names and no others, without the certificates."""
    folder.mkdir(parents=True)
    for card in pack.file.cards().values():
        shutil.copyfile(pack.folder / card.file, folder / card.file)
    content = json.loads((pack.folder / "pack.json").read_text(encoding="utf-8"))
    content["certificates"] = []
    if not deep:
        content["own"] = {}
    (folder / "pack.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
    for name in ("card.md", "style.toml"):
        if (pack.folder / name).is_file():
            shutil.copyfile(pack.folder / name, folder / name)
    if deep:
        for own in pack.file.own.values():
            shutil.copytree(pack.folder / own.folder, folder / own.folder)


def _write(folder: Path, changes: Mapping[str, Any]) -> None:
    path = folder / "pack.json"
    content = {**json.loads(path.read_text(encoding="utf-8")), **changes}
    write_atomic(path, json.dumps(content, indent=1).encode())


def _version(champion: Pack) -> str:
    """The champion's version with how many promotions it has seen."""
    stem, plus, count = champion.file.version.partition("+")
    return f"{stem}+{int(count) + 1 if plus and count.isdigit() else 1}"


def as_evidence(verdicts: Mapping[str, CategoryVerdict]) -> dict[str, Any]:
    """The comparison for the record."""
    return {
        name: {
            "promoted": one.promoted,
            "why": one.why,
            "pairs": one.pairs,
            "figures": {figure: asdict(difference) for figure, difference in one.figures.items()},
        }
        for name, one in verdicts.items()
    }
