"""Learning to tell categories from photos: a mean of the network's descriptions for each, and how they scatter.

Twenty pairs of a new category are enough for a mean. How descriptions scatter around means takes hundreds of pairs of
many categories; it comes from the base pack wherever that tells products left out better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from packshot.learning.pair_folders import NO_CATEGORY
from packshot.learning.splits import folds
from packshot.recognition import Floats, Kind, Recognition

_DIRECTIONS = 48
_SHRUNK = 0.2  # of the scatter, towards one alike in all directions
_LEAST_PHOTOS, _LEAST_GROUPS = 20, 6  # from which on some can be left out to learn how sure to be
_SOFTNESS = np.geomspace(1, 30, 36)
_USUAL_SOFTNESS = 6.0
_RARE = 10.0  # by how many times a category that a studio's pairs have none of is rarer than theirs
_BASE_PRODUCTS = 10  # that weigh in what the base knows of a category, at most
_DIGITS = 5


@dataclass(frozen=True)
class Described:
    """Photos as the network describes them: embeddings (n, numbers), and the category and group of each."""

    embeddings: Floats
    categories: tuple[str, ...]
    groups: tuple[str, ...]

    def only(self, chosen: NDArray[np.bool_]) -> Described:
        """Some of the photos."""
        index = np.flatnonzero(chosen)
        names = (tuple(values[i] for i in index) for values in (self.categories, self.groups))
        return Described(self.embeddings[index], *names)


@dataclass(frozen=True)
class RecognitionLesson:
    """What was learned. right: by category the share of photos told rightly by what was learned of other products;
    empty where there are too few products to leave any out."""

    recognition: Recognition
    right: Mapping[str, float]


def learn_recognition(photos: Described, network: str, base: Recognition | None = None) -> RecognitionLesson:
    """Telling a studio's categories apart, and from those that only ``base`` knows, which are taken to be rare.

    ``network``: sha256 of the product network, which ``base`` must be of too. Photos without a category teach none;
    where none has one, all photos are of one kind, whatever the base knows.
    """
    nameless = np.array(photos.categories) == NO_CATEGORY
    photos, base = (photos, None) if nameless.all() else (photos.only(~nameless), base)
    teachers = [Teacher(network, None if base is None else np.array(base.axes), base)]
    if base is not None:
        teachers.append(replace(teachers[0], axes=None))
    if len(photos.groups) < _LEAST_PHOTOS or len(set(photos.groups)) < _LEAST_GROUPS:
        return RecognitionLesson(teachers[0].learn(photos), {})
    trials = [Trial.of(teacher, photos) for teacher in teachers]
    best = min(range(len(trials)), key=lambda index: trials[index].loss(trials[index].softness()))
    return RecognitionLesson(teachers[best].learn(photos, trials[best].softness()), trials[best].right())


def with_categories(base: Recognition, photos: Described) -> Recognition:
    """``base`` with the photos' categories learned, or learned further; what else it knows stays as it is."""
    found = kinds_of(photos, base)
    learned = Recognition(network=base.network, kinds=tuple(found.values()), axes=base.axes)
    return base.taking(learned, found)


@dataclass(frozen=True)
class Teacher:
    """How a recognition is learned: along which axes, the photos' own if not given, and on top of what."""

    network: str
    axes: Floats | None
    base: Recognition | None

    def learn(self, photos: Described, softness: float | None = None) -> Recognition:
        """From some photos; of ``softness`` the base's if not given."""
        found = kinds_of(photos, self.base)
        others = [] if self.base is None else [kind for kind in self.base.kinds if kind.name not in found]
        usual = _USUAL_SOFTNESS if self.base is None else self.base.softness
        axes = scatter(photos) if self.axes is None else self.axes
        return Recognition(
            network=self.network,
            kinds=(*found.values(), *(kind.model_copy(update={"rarity": _RARE}) for kind in others)),
            axes=tuple(_rounded(axis) for axis in axes),
            softness=round(float(softness or usual), 3),
        )


def scatter(photos: Described) -> Floats:
    """(directions, embedding): where photos differ most, in units of how far those of one category do."""
    names = np.array(photos.categories)
    means = {name: photos.embeddings[names == name].mean(0) for name in set(photos.categories)}
    within = photos.embeddings - np.array([means[name] for name in photos.categories])
    spread = within.T @ within / max(1, len(within) - len(means))
    level = float(np.trace(spread)) / len(spread) + 1e-9
    sizes, directions = np.linalg.eigh((1 - _SHRUNK) * spread + _SHRUNK * level * np.eye(len(spread)))
    white = directions / np.sqrt(sizes)
    _, _, main = np.linalg.svd((photos.embeddings - photos.embeddings.mean(0)) @ white, full_matrices=False)
    return np.asarray(main[:_DIRECTIONS] @ white.T, np.float64)


def kinds_of(photos: Described, base: Recognition | None = None) -> dict[str, Kind]:
    """The mean description of each of the photos' categories, with what the base knows of it."""
    known = {} if base is None else {kind.name: kind for kind in base.kinds}
    kinds = {}
    for name in sorted(set(photos.categories)):
        own = photos.only(np.array(photos.categories) == name)
        mean, products = own.embeddings.mean(0), len(set(own.groups))
        if name in known:
            before = min(_BASE_PRODUCTS, known[name].products)
            mean = (products * mean + before * np.array(known[name].mean)) / (products + before)
            products += before
        kinds[name] = Kind(name=name, mean=_rounded(mean), products=products)
    return kinds


@dataclass(frozen=True)
class Trial:
    """What is said of photos whose products were not learned from: log odds (n, kinds), minus infinity where a kind was
    not known, and which kind each photo is; only of photos whose own kind was known."""

    odds: Floats
    kind: NDArray[np.intp]
    names: tuple[str, ...]

    @classmethod
    def of(cls, teacher: Teacher, photos: Described) -> Trial:
        """By cross-validation over groups."""
        others = () if teacher.base is None else teacher.base.names
        names = tuple(sorted({*photos.categories, *others}))
        place = folds(photos.groups)
        odds = np.full((len(place), len(names)), -np.inf)
        for fold in range(int(place.max()) + 1):
            learned = teacher.learn(photos.only(place != fold))
            left_out = np.flatnonzero(place == fold)
            columns = np.array([names.index(name) for name in learned.names], np.intp)
            rare = np.log([kind.rarity for kind in learned.kinds])
            odds[np.ix_(left_out, columns)] = learned.log_odds(photos.embeddings[left_out]) - rare
        kind = np.array([names.index(name) for name in photos.categories], np.intp)
        told = np.isfinite(odds[np.arange(len(kind)), kind])
        return cls(odds[told], kind[told], names)

    def loss(self, softness: float) -> float:
        """Mean surprise at the true categories, in nats."""
        odds = self.odds / softness
        most = odds.max(1, keepdims=True)
        whole = most[:, 0] + np.log(np.exp(odds - most).sum(1))
        return float((whole - odds[np.arange(len(odds)), self.kind]).mean()) if len(odds) else np.inf

    def softness(self) -> float:
        """By which log odds must be divided to be as sure as they are right."""
        return float(min(_SOFTNESS, key=self.loss))

    def right(self) -> dict[str, float]:
        """By category the share of photos that were told rightly."""
        hit = self.odds.argmax(1) == self.kind if len(self.odds) else np.zeros(0, bool)
        return {self.names[kind]: round(float(hit[self.kind == kind].mean()), 4) for kind in sorted(set(self.kind))}


def _rounded(numbers: Floats) -> tuple[float, ...]:
    return tuple(float(f"{number:.{_DIGITS}g}") for number in numbers)
