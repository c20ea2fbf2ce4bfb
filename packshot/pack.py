"""The pack: a folder of trained models with everything tunable beside them. Thresholds live here, never in code."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from packshot.pack_file import Look, ModelCard, PackError, Preprocessing, own_light, read_pack_file
from packshot.recipe import Frozen
from packshot.recognition import Recognition, read_recognition
from packshot.segmentation import network_planes, network_size
from packshot.shrinking import averaged

BASE_PACK = Path(__file__).parent / "packs" / "base"
_LEARN_AGAIN = "learn it again, or set recognition to null in pack.json, and categories must be given"


class Answer(Frozen):
    """What the product network says of one photo."""

    model_config = Frozen.model_config | {"arbitrary_types_allowed": True}
    matte: NDArray[np.float32]
    categories: tuple[float, ...] | None
    embedding: NDArray[np.float32] | None = None


class Pack:
    """A pack in use. Opening reads ``pack.json``; models load when first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = read_pack_file(folder)
        self._own: dict[str, Pack] = {}

    @classmethod
    def base(cls) -> Pack:
        """The pack that ships with packshot."""
        return cls(BASE_PACK)

    @property
    def label(self) -> str:
        """Name and version, as recipes quote it."""
        return f"{self.file.name} {self.file.version}"

    @cached_property
    def digest(self) -> str:
        """sha256 of ``pack.json``, which holds those of all its files: it names the pack exactly."""
        return hashlib.sha256((self.folder / "pack.json").read_bytes()).hexdigest()

    @cached_property
    def content_digest(self) -> str:
        """sha256 of what the pack does: all of ``pack.json`` but its certificates, which quote this."""
        content = self.file.model_dump(mode="json", exclude={"certificates"})
        return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @cached_property
    def damage(self) -> tuple[str, ...]:
        """What ``verify`` finds, looked for once."""
        return tuple(self.verify())

    @property
    def categories(self) -> tuple[str, ...]:
        """Those it tells from photos, then those that it only knows by name."""
        return tuple(dict.fromkeys((*self.told_categories, *self.file.categories, *self._named())))

    @property
    def told_categories(self) -> tuple[str, ...]:
        """Those it tells from photos."""
        if self.recognition is not None:
            return self.recognition.names
        card = self.file.models.get("product")
        return () if card is None or card.category_output is None else self.file.categories

    def _named(self) -> tuple[str, ...]:
        learned = (name for name in (*self.file.habits, *self.file.look) if name != "default")
        return (*learned, *self.file.own)

    @cached_property
    def recognition(self) -> Recognition | None:
        """How it tells categories from photos; None where the network's own opinion does. Raises PackError."""
        card = self.file.recognition
        if card is None:
            return None
        try:
            read = read_recognition((self.folder / card.file).read_bytes())
        except (OSError, ValueError) as error:
            raise PackError(f"{self.folder / card.file} cannot be used: {error}") from error
        product = self.file.models.get("product")
        if product is None or read.network != product.sha256:
            raise PackError(f"{self.folder / card.file} is of another product network: {_LEARN_AGAIN}")
        return read

    def of(self, category: str) -> Pack:
        """The pack that decides on a category's photos: one of its own where it has one, else this pack."""
        own = self.file.own.get(category)
        if own is None:
            return self
        if category not in self._own:
            self._own[category] = Pack(self.folder / own.folder)
        return self._own[category]

    def look(self, category: str) -> Look:
        """The look for a category."""
        return self.file.look.get(category) or self.file.look.get("default") or Look()

    def habits(self, category: str) -> dict[str, Any]:
        """The learned house rules for a category."""
        if category in self.file.own:
            return self.of(category).habits(category)
        return {**self.file.habits.get("default", {}), **self.file.habits.get(category, {})}

    def ask(self, image: NDArray[np.uint8], share: float = 1.0) -> Answer:
        """Runs the product network on a view (H, W, 3) sRGB. The matte has the view's size, 0..1.

        ``share``: of the size the network usually works at.
        """
        card = self.file.models.get("product")
        if card is None:
            raise PackError(f"pack {self.label} has no 'product' model: use another pack")
        how = card.preprocessing
        planes = prepare(image, how.model_copy(update={"long_side": max(32, round(share * how.long_side))}))
        session = self._session(card)
        outputs = session.run(None, {session.get_inputs()[0].name: planes[None]})
        matte = np.asarray(outputs[card.matte_output], np.float32)
        matte = matte.reshape(matte.shape[-2:])
        if card.logits:
            matte = np.asarray(1 / (1 + np.exp(-np.clip(matte, -30, 30))), np.float32)
        size = (image.shape[1], image.shape[0])
        whole = np.asarray(cv2.resize(np.clip(matte, 0, 1), size, interpolation=cv2.INTER_LINEAR), np.float32)
        categories = None
        if card.category_output is not None:
            logits = np.asarray(outputs[card.category_output], np.float64).ravel()
            likely = np.exp(logits - logits.max())
            categories = tuple(float(value) for value in likely / likely.sum())
        embedding = None if card.embedding_output is None else np.asarray(outputs[card.embedding_output][0], np.float32)
        return Answer(matte=whole, categories=categories, embedding=embedding)

    def recognise(self, answer: Answer) -> dict[str, float]:
        """How likely a photo is of each category, by what the product network says of it; empty where none is told."""
        if self.recognition is None:
            return {} if answer.categories is None else dict(zip(self.file.categories, answer.categories, strict=True))
        if answer.embedding is None:
            raise PackError(f"{self.folder}: its product network describes no photo: {_LEARN_AGAIN}")
        try:
            return self.recognition.shares(answer.embedding)
        except ValueError as error:
            raise PackError(f"{self.folder}: {error}: {_LEARN_AGAIN}") from error

    def advise(self, measured: NDArray[np.float32], category: str) -> NDArray[np.float64] | None:
        """What the retouchers would do to a photo's light, (2, changes): the change and how unsure it is.

        ``measured``: ``packshot.lightmeter.NUMBERS`` of the photo with the product network's embedding behind them; the
        changes: ``CHANGES`` there. None if the pack has no such model. An unknown category is one among all.
        A model for this category alone, if the pack has one, goes before that of all.
        """
        card = self.file.models.get(own_light(category)) or self.file.models.get("light")
        if card is None:
            return None
        told = np.array([[name == category for name in card.categories]], np.float32)
        session = self._session(card)
        takes = session.get_inputs()[0].shape[1]
        if len(measured) != takes:
            told_apart = f"its light model takes {takes} numbers, and a photo has {len(measured)}"
            raise PackError(f"pack {self.folder}: {told_apart}: learn the pack anew")
        change, spread = session.run(None, {"measured": measured[None], "category": told})
        return np.stack([change[0], spread[0]]).astype(np.float64)

    def weigh(
        self, curves: NDArray[np.float32], pictures: NDArray[np.uint8] | None = None
    ) -> NDArray[np.float64] | None:
        """The probability of each upright angle, or None if the pack has no such model.

        From the cues (11, angles) and, for models that also look, the turned ``pictures`` (turns, 2, 96, 96).
        """
        card = self.file.models.get("upright")
        if card is None:
            return None
        session = self._session(card)
        names = [put.name for put in session.get_inputs()]
        values = (curves[None], None if pictures is None else pictures[None].astype(np.float32))
        said = session.run(None, dict(zip(names, values, strict=False)))[0]
        logits = np.asarray(said[0], np.float64)
        share = np.exp(logits - logits.max(1, keepdims=True))
        return np.asarray((share / share.sum(1, keepdims=True)).mean(0))

    def specks(self, image: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """How likely each pixel of a picture (H, W, 3) sRGB, sides multiples of 8, is a speck; None without a model."""
        card = self.file.models.get("specks")
        if card is None:
            return None
        session = self._session(card)
        planes = np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32) / np.float32(127.5) - 1
        logits = session.run(None, {session.get_inputs()[0].name: planes})[0][0, 0]
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float32)

    def confirm(self, views: NDArray[np.float32]) -> NDArray[np.float32]:
        """How likely each of a photo's suspects is a speck, (K,), by the second model for specks.

        ``views`` (K, 8, h, w): what ``packshot.stages.suspects.close_ups`` shows of them, one at least.
        """
        session = self._session(self.file.models["suspects"])
        logits = session.run(None, {session.get_inputs()[0].name: views})[0]
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float32)

    def _session(self, card: ModelCard) -> Any:
        # By content too: a pack trained anew in its place must not answer with its old models.
        return _session(str(self.folder / card.file), card.sha256)

    def verify(self) -> list[str]:
        """What is wrong with the pack's files: missing, too large, or not the ones ``pack.json`` names."""
        problems = []
        for name, card in self.file.cards().items():
            path = self.folder / card.file
            if not path.is_file():
                problems.append(f"{name}: {card.file} is missing")
            elif hashlib.sha256(path.read_bytes()).hexdigest() != card.sha256:
                problems.append(f"{name}: {card.file} is not the file pack.json names (sha256 differs)")
        problems = problems or self._unrecognising()
        for category, own in self.file.own.items():
            try:
                inside = self.of(category)
            except PackError as error:
                problems.append(f"own pack of {category}: {error}")
                continue
            if inside.content_digest != own.digest:
                problems.append(f"own pack of {category}: {own.folder} is not the one pack.json names")
            problems += [f"own pack of {category}: {problem}" for problem in inside.verify()]
        return problems

    def _unrecognising(self) -> list[str]:
        """Why categories cannot be told from photos as ``pack.json`` says."""
        try:
            _ = self.recognition
        except PackError as error:
            return [f"recognition: {error}"]
        return []


def prepare(image: NDArray[np.uint8], how: Preprocessing) -> NDArray[np.float32]:
    """A view as the network's input (planes, h, w) float32."""
    size = (
        (how.long_side, how.long_side)
        if how.square
        else network_size((image.shape[1], image.shape[0]), how.long_side, how.multiple)
    )
    small = averaged(image, size)
    if how.planes == "packshot":
        return network_planes(small)
    values = (small.astype(np.float32) / 255 - np.array(how.mean, np.float32)) / np.array(how.deviation, np.float32)
    return np.ascontiguousarray(values.transpose(2, 0, 1))


@lru_cache(maxsize=8)
def _session(path: str, sha256: str) -> Any:
    """An ONNX Runtime session on one thread: a process per core is quicker than threads that share a photo."""
    import onnxruntime

    del sha256  # only tells one file at a path from the next

    if not Path(path).is_file():
        raise PackError(f"{path} is missing: the pack is not whole. Copy it again, or run `packshot doctor`")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
