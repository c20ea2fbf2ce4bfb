"""The steps of learning that have to do with telling a photo's category: learning it, and counting what it brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from packshot.learning.light.model import Rows
from packshot.learning.pack_making import Workbench
from packshot.learning.pairs import Pair
from packshot.learning.recognition import Described, learn_recognition, with_categories
from packshot.learning.steps.run import Learning, Tell
from packshot.lightmeter import NUMBERS
from packshot.pack import Pack
from packshot.photo import Photo, PhotoError
from packshot.style import Style
from packshot.view import View

_BY_HAND = "give their category with --category or a manifest when you run"


@dataclass(frozen=True)
class Told:
    """Of a category's photos: how many there are, how many are told rightly, by the base and by the pack, and of how
    many both say different things."""

    photos: int
    base_right: int
    right: int
    moved: int


def learn_categories(run: Learning, bench: Workbench, rows: Rows | None) -> None:
    """How the pairs' categories are told from photos, from the descriptions that stand behind the light's numbers."""
    base, photos, category = bench.pack().recognition, described(rows), run.options.category
    if photos is None:
        run.note(f"The product network does not describe photos, so their category is not learned: {_BY_HAND}.")
    elif category is None:
        lesson = learn_recognition(photos, bench.file.models["product"].sha256, base)
        bench.add_recognition(lesson.recognition)
        run.account["recognition"] = {"right": dict(lesson.right)}
    elif base is None:
        run.note(f"{category} is not told from photos: {run.options.base} keeps nothing to tell it from. {_BY_HAND}.")
    else:
        bench.add_recognition(with_categories(base, photos))


def described(rows: Rows | None) -> Described | None:
    """The photos' embeddings; None where the network gives none."""
    if rows is None or rows.measured.shape[1] <= len(NUMBERS):
        return None
    return Described(rows.measured[:, len(NUMBERS) :], rows.categories, rows.groups)


def count_told(pairs: Sequence[Pair], base: Pack, pack: Pack, tell: Tell) -> dict[str, Told]:
    """By category how befores are told. A photo that cannot be read is not counted."""
    found: dict[str, Told] = {}
    for done, pair in enumerate(pairs):
        tell("telling categories", done, len(pairs))
        try:
            view = View.of(Photo.open(pair.before), pack, Style())
        except PhotoError:
            continue
        ours, before = view.category[0], base_category(view, base)
        so_far = found.get(pair.category, Told(0, 0, 0, 0))
        found[pair.category] = Told(
            so_far.photos + 1,
            so_far.base_right + (before == pair.category),
            so_far.right + (ours == pair.category),
            so_far.moved + (ours != before),
        )
    return dict(sorted(found.items()))


def base_category(view: View, base: Pack) -> str:
    """What the base says of a photo; a network that both share is asked once."""
    ours, theirs = (pack.file.models.get("product") for pack in (view.pack, base))
    alike = ours is not None and theirs is not None and ours.sha256 == theirs.sha256
    shares = base.recognise(view.answer if alike else base.ask(view.image))
    return max(shares, key=lambda name: shares[name]) if shares else "unknown"
