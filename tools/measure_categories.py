"""Are categories told from photos, and is one that the network was never asked for told from a few pairs?

Recognition is learned from groups that are not held out and scored on those that are, beside the product network's own
opinion. Then each category is left out, and learned again from a few photos of it alone, several draws each; what that
moves in others is counted. Labels of one's own (``--finer LABELS.csv``: columns id, category) take the place of some
categories, so that there are new ones that the network was never trained to tell.

Run: python tools/measure_categories.py DATA/pairs/{real,studio,rendered} [--finer LABELS.csv] [--kept FILE.npz]
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from packshot.learning.pairs import read_pairs
from packshot.learning.recognition import Described, learn_recognition, with_categories
from packshot.learning.splits import held_out
from packshot.pack import BASE_PACK, Pack
from packshot.photo import Photo
from packshot.recognition import Recognition
from packshot.style import Style
from packshot.view import View

COUNTS = (5, 10, 20, 60)
PER_GROUP = 3
DRAWS = 8
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Photos:
    """Befores as the network describes them, what it calls them (n,), the set and the id of each."""

    described: Described
    network: NDArray[np.str_]
    sets: NDArray[np.str_]
    ids: NDArray[np.str_]

    @property
    def categories(self) -> NDArray[np.str_]:
        """(n,) as given."""
        return np.array(self.described.categories)

    @property
    def unseen(self) -> Mask:
        """(n,) of groups that are never learned from."""
        return np.array([held_out(group) for group in self.described.groups])


def measured(folders: Sequence[Path], pack: Pack) -> Photos:
    """All befores of some sets."""
    rows = []
    for folder in folders:
        for pair in read_pairs(folder).pairs:
            answer = View.of(Photo.open(pair.before), pack, Style()).answer
            assert answer.embedding is not None
            assert answer.categories is not None
            network = pack.file.categories[int(np.argmax(answer.categories))]
            rows.append((answer.embedding, pair.category, pair.group, network, folder.name, pair.id))
    embeddings, categories, groups, networks, sets, ids = zip(*rows, strict=True)
    described = Described(np.array(embeddings, np.float64), categories, groups)
    return Photos(described, np.array(networks), np.array(sets), np.array(ids))


def keep(photos: Photos, path: Path) -> None:
    """For another time."""
    told = photos.described
    np.savez(
        path, embeddings=told.embeddings, categories=told.categories, groups=told.groups,
        network=photos.network, sets=photos.sets, ids=photos.ids,
    )  # fmt: skip


def kept(path: Path) -> Photos:
    """What ``keep`` kept."""
    with np.load(path) as store:
        names = (tuple(store[name].tolist()) for name in ("categories", "groups"))
        return Photos(Described(store["embeddings"], *names), store["network"], store["sets"], store["ids"])


def told(recognition: Recognition, photos: Described, chosen: Mask) -> NDArray[np.str_]:
    """The category of some photos."""
    odds = recognition.log_odds(photos.embeddings[chosen])
    return np.asarray(np.array(recognition.names)[odds.argmax(1)], np.str_)


def say_accuracy(photos: Photos) -> None:
    """On held-out groups, by the network and by recognition, by set."""
    unseen, names = photos.unseen, photos.categories
    lesson = learn_recognition(photos.described.only(~unseen), "of this pack")
    ours = told(lesson.recognition, photos.described, unseen)
    for name in (*dict.fromkeys(photos.sets), "all"):
        own = np.full(unseen.sum(), name == "all") | (photos.sets[unseen] == name)
        right = [float((said[own] == names[unseen][own]).mean()) for said in (photos.network[unseen], ours)]
        print(f"{name:10} {own.sum():4} photos   network {right[0]:6.1%}   recognition {right[1]:6.1%}")
    pairs = zip(photos.described.embeddings[unseen], names[unseen], strict=True)
    shares = [lesson.recognition.shares(row)[name] for row, name in pairs]
    print(f"mean surprise {-np.mean(np.log(np.maximum(shares, 1e-6))):.3f} nats; by groups left out: {lesson.right}")


def say_left_out(photos: Photos, name: str) -> None:
    """A category learned from a few photos by a pack that has never been told of it, and what that moves in others."""
    unseen, own = photos.unseen, photos.categories == name
    base = learn_recognition(photos.described.only(~unseen & ~own), "of this pack").recognition
    others, truth = unseen & ~own, photos.categories[unseen & ~own]
    before = told(base, photos.described, others)
    print(f"{name} ({(unseen & own).sum()} held out): others right {(before == truth).mean():.1%}", end="")
    draw = np.random.default_rng(1)
    for count in COUNTS:
        found = []
        for _ in range(DRAWS):
            few = some(photos, ~unseen & own, count, draw)
            wider = with_categories(base, photos.described.only(few))
            groups = set(np.array(photos.described.groups)[few])
            fresh = own & ~np.isin(photos.described.groups, list(groups))
            after = told(wider, photos.described, others)
            asked = unseen & own if (unseen & own).any() else fresh
            recall = float((told(wider, photos.described, asked) == name).mean()) if asked.any() else np.nan
            found.append((recall, float((after != before).mean()), float((after == truth).mean())))
        recall, moved, right = np.mean(found, 0)
        print(f" | {count}: {recall:.0%}, moved {moved:.1%}, others {right:.1%}", end="")
    print()


def some(photos: Photos, among: Mask, count: int, draw: np.random.Generator) -> Mask:
    """So many photos, at most three of a group."""
    groups, chosen = np.array(photos.described.groups), []
    for group in draw.permutation(np.unique(groups[among])):
        chosen += list(np.flatnonzero(among & (groups == group))[:PER_GROUP])
    mask = np.zeros(len(groups), bool)
    mask[chosen[:count]] = True
    return mask


def finer(photos: Photos, path: Path, name: str) -> Photos:
    """With one category of the user's own labels in place of what those photos were called."""
    with path.open(encoding="utf-8") as lines:
        labels = {row["id"]: row["category"] for row in csv.DictReader(lines)}
    pairs = zip(photos.ids, photos.described.categories, strict=True)
    names = tuple(name if labels.get(str(id_)) == name else category for id_, category in pairs)
    return replace(photos, described=replace(photos.described, categories=names))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path, nargs="+")
    parser.add_argument("--pack", type=Path, default=BASE_PACK)
    parser.add_argument("--finer", type=Path, help="CSV with the columns id, category")
    parser.add_argument("--kept", type=Path, help="descriptions, taken from here or written here")
    options = parser.parse_args()
    photos = (
        kept(options.kept) if options.kept and options.kept.is_file() else measured(options.pairs, Pack(options.pack))
    )
    if options.kept and not options.kept.is_file():
        keep(photos, options.kept)
    say_accuracy(photos)
    for name in sorted(set(photos.described.categories)):
        say_left_out(photos, name)
    if options.finer:
        with options.finer.open(encoding="utf-8") as lines:
            for name in sorted({row["category"] for row in csv.DictReader(lines)}):
                say_left_out(finer(photos, options.finer, name), name)


if __name__ == "__main__":
    main()
