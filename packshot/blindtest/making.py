"""Making a blind test from pairs: packshot retouches the befores, the studio's afters stand beside.

Nothing but the retouching may tell the two apart: both are decoded, laid on one canvas, encoded by the same encoder
at the same quality without metadata, given random names and filled up to the same number of bytes. Neither is
enlarged, and ours has been the JPEG that would be published: raters look at single pixels, too.
"""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.blindtest.flaws import flawed
from packshot.blindtest.trials import PICTURES, TEST, BlindTestError, BlindTestFile, Kind, Trial, write_test
from packshot.evaluation.blindtest import BlindTest, trials_needed
from packshot.learning.pairs import Pair
from packshot.learning.registration.register import register
from packshot.pack import Pack
from packshot.photo import Photo, PhotoError, encode_jpeg, write_atomic
from packshot.pipeline import predict, render
from packshot.render import to_bytes
from packshot.style import Style

Picture = NDArray[np.uint8]
Tell = Callable[[str, int, int], None]
_QUALITY = 94
_LONG_SIDE = 2400
_BLOCK = 4096  # bytes: both files of a trial are filled up to the same multiple


@dataclass(frozen=True)
class Plan:
    """How a test is made. ``products``: pictures of ours at most; shares are of those; ``rules``: fixed beforehand."""

    rules: BlindTest = field(default_factory=BlindTest)
    products: int = 200
    control_share: float = 0.15
    check_share: float = 0.1
    seed: int = 0


@dataclass(frozen=True)
class Made:
    """What was made, and which pairs could not be used."""

    test: BlindTestFile
    failures: tuple[str, ...]


def make_test(pairs: Sequence[Pair], pack: Pack, style: Style, plan: Plan, out: Path, tell: Tell | None = None) -> Made:
    """Writes a blind test into ``out``. Raises BlindTestError when one is there already or no pair can be used."""
    if (out / TEST).exists():
        raise BlindTestError(f"{out} holds a blind test already: give another folder, or remove it")
    (out / PICTURES).mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(plan.seed)
    chosen = _spread(pairs, plan.products, generator)
    trials: list[Trial] = []
    failures: list[str] = []
    for index, pair in enumerate(chosen):
        if tell:
            tell("pictures", index, len(chosen))
        try:
            trials.append(_shown(out, "ai", pair, _read(pair.after), _ours(pair, pack, style)))
        except (PhotoError, ValueError) as error:
            failures.append(f"{pair.id}: {error}")
    if not trials:
        raise BlindTestError("no pair could be used: " + (failures[0] if failures else "the set is empty"))
    trials += _controls(pairs, out, round(plan.control_share * len(trials)), generator)
    checks = max(3, round(plan.check_share * len(trials)))
    for pair in (chosen[index] for index in generator.permutation(len(chosen))[:checks]):
        studio = _read(pair.after)
        trials.append(_shown(out, "check", pair, studio, flawed(studio, generator)))
    test = BlindTestFile(
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        pack=pack.label,
        margin=plan.rules.margin,
        doubt=plan.rules.doubt,
        trials_planned=trials_needed(plan.rules),
        secret=secrets.token_hex(16),
        trials=tuple(trials),
    )
    write_test(out, test)
    return Made(test, tuple(failures))


def _spread(pairs: Sequence[Pair], count: int, generator: np.random.Generator) -> list[Pair]:
    """Pairs of as many products as there are, the categories in turn, so that no product or category is the test."""
    by_category: dict[str, list[Pair]] = defaultdict(list)
    shown: Counter[tuple[str, str]] = Counter()
    order: list[tuple[int, Pair]] = []
    for pair in (pairs[index] for index in generator.permutation(len(pairs))):
        order.append((shown[pair.category, pair.group], pair))
        shown[pair.category, pair.group] += 1
    for _, pair in sorted(order, key=lambda entry: entry[0]):  # each product once, then those with more a second time
        by_category[pair.category].append(pair)
    chosen: list[Pair] = []
    while len(chosen) < min(count, len(pairs)):
        for members in by_category.values():
            if members and len(chosen) < count:
                chosen.append(members.pop(0))
    return chosen


def _ours(pair: Pair, pack: Pack, style: Style) -> Picture:
    """Our shot as it would be published, JPEG and all: the studio's has been one, and that can be seen."""
    photo = Photo.open(pair.before)
    finished = render(photo, predict(photo, pack, style, pair.category))
    quality = style.house(pair.category, pack.habits(pair.category)).quality
    return np.asarray(Photo.open(encode_jpeg(finished, quality), name=pair.id).pixels(), np.uint8)


def _read(path: Path) -> Picture:
    return np.asarray(to_bytes(Photo.open(path).pixels()), np.uint8)


def _controls(pairs: Sequence[Pair], out: Path, count: int, generator: np.random.Generator) -> list[Trial]:
    """Two humans' work on one product: two afters of a group that show it alike. Few sets have them."""
    groups: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[pair.category, pair.group].append(pair)
    couples = [(one, two) for members in groups.values() for one, two in pairwise(members)]
    trials: list[Trial] = []
    for index in generator.permutation(len(couples)):
        if len(trials) == count:
            break
        one, two = couples[index]
        try:
            first, second = _read(one.after), _read(two.after)
        except PhotoError:
            continue
        if register(first, second).accepted:  # the same view of the same product, however each was retouched
            trials.append(_shown(out, "human", one, first, second))
    return trials


def _shown(out: Path, kind: Kind, pair: Pair, studio: Picture, other: Picture) -> Trial:
    """Both pictures on one canvas, as files that only a look can tell apart."""
    size = common_size(studio, other)
    files = [encode_jpeg(laid_on(picture, size), _QUALITY) for picture in (studio, other)]
    length = -(-max(map(len, files)) // _BLOCK) * _BLOCK
    names = [f"{secrets.token_hex(12)}.jpg" for _ in files]
    for name, content in zip(names, files, strict=True):
        write_atomic(out / PICTURES / name, content.ljust(length, b"\0"))
    product = f"{pair.category}/{pair.group}"
    return Trial(
        id=secrets.token_hex(8), kind=kind, category=pair.category, product=product, studio=names[0], other=names[1]
    )


def common_size(studio: Picture, other: Picture) -> tuple[int, int]:
    """(width, height) in the studio's shape at which neither picture is enlarged: a soft one would give itself away."""
    height, width = studio.shape[:2]
    fits = max(other.shape[1] / width, other.shape[0] / height)
    scale = min(1.0, fits, _LONG_SIDE / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))


def laid_on(picture: Picture, size: tuple[int, int]) -> Picture:
    """A picture (H, W, 3) scaled to fit (width, height) ``size``, in the middle of its own backdrop's colour."""
    scale = min(size[0] / picture.shape[1], size[1] / picture.shape[0])
    width, height = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(picture, (width, height), interpolation=way) if scale != 1 else picture
    canvas = np.empty((size[1], size[0], 3), np.uint8)
    canvas[:] = picture[0, 0]
    top, left = (size[1] - height) // 2, (size[0] - width) // 2
    canvas[top : top + height, left : left + width] = scaled
    return canvas
