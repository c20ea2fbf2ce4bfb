"""Making a pack: its files laid together, named by content, and described."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packshot.pack import Pack
from packshot.pack_file import DataCard, Look, ModelCard, PackFile, Thresholds, own_light
from packshot.photo import write_atomic
from packshot.recipe import Frozen
from packshot.recognition import FILE as RECOGNITION
from packshot.recognition import Recognition

EMBEDDING = "embedding"


def write_data(folder: Path, name: str, data: Frozen) -> DataCard:
    """Writes a data file of a pack, and gives the card by which ``pack.json`` names it."""
    content = data.model_dump_json().encode()
    write_atomic(folder / name, content)
    return DataCard(file=name, sha256=hashlib.sha256(content).hexdigest())


@dataclass
class Workbench:
    """A pack in the making: the folder it is made in, and ``pack.json`` as far as it is known."""

    folder: Path
    file: PackFile

    @classmethod
    def from_base(cls, base: Pack, folder: Path, relearned: str | None = None) -> Workbench:
        """A copy of ``base`` in ``folder``, without certificates and judge: they hold for ``base`` alone.

        Packs and light models of a category's own come along, but for the category that is ``relearned``; learning all
        categories (``None``) takes their place.
        """
        folder.mkdir(parents=True, exist_ok=True)
        models = {role: card for role, card in _with_embedding(base).items() if _stays(role, relearned)}
        names = [card.file for card in models.values()]
        for name in (*names, *([base.file.recognition.file] if base.file.recognition else [])):
            shutil.copyfile(base.folder / name, folder / name)
        own = {} if relearned is None else {name: one for name, one in base.file.own.items() if name != relearned}
        for one in own.values():
            shutil.copytree(base.folder / one.folder, folder / one.folder, dirs_exist_ok=True)
        changes: dict[str, Any] = {"certificates": (), "judge": None, "own": own, "models": models}
        bench = cls(folder, base.file.model_copy(update=changes))
        bench.save()
        return bench

    def pack(self) -> Pack:
        """The pack as it stands."""
        return Pack(self.folder)

    def add_model(self, role: str, name: str, **card: Any) -> None:
        """Takes a file of the folder into the pack, or anew after it has changed; what is not said stays.

        Another product network describes photos otherwise, so how they were recognised goes.
        """
        digest = hashlib.sha256((self.folder / name).read_bytes()).hexdigest()
        known = self.file.models.get(role)
        fresh = {"file": name, "sha256": digest, **card}
        new = ModelCard.model_validate(fresh) if known is None else known.model_copy(update=fresh)
        changed = role == "product" and new != known
        self.change(models={**self.file.models, role: new}, **({"recognition": None} if changed else {}))

    def add_recognition(self, recognition: Recognition) -> None:
        """Takes in how categories are told from photos."""
        self.change(recognition=write_data(self.folder, RECOGNITION, recognition))

    def change(self, **updates: Any) -> None:
        """Changes ``pack.json`` and writes it."""
        self.file = PackFile.model_validate({**self.file.model_dump(), **_dumped(updates)})
        self.save()

    def save(self) -> None:
        """Writes ``pack.json``, whole or not at all."""
        write_atomic(self.folder / "pack.json", (self.file.model_dump_json(indent=1) + "\n").encode())


def _dumped(updates: dict[str, Any]) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, DataCard | Look | ModelCard | Thresholds):
            return value.model_dump()
        return {key: plain(one) for key, one in value.items()} if isinstance(value, dict) else value

    return {key: plain(value) for key, value in updates.items()}


def _stays(role: str, relearned: str | None) -> bool:
    """Whether a model is taken along: one of a single category's light only where other categories are left alone."""
    return not role.startswith(own_light("")) or (relearned is not None and role != own_light(relearned))


def _with_embedding(base: Pack) -> dict[str, ModelCard]:
    """The base's models; where the product network gives an embedding that its card does not name, it is named."""
    models = dict(base.file.models)
    card = models.get("product")
    if card is not None and card.embedding_output is None:
        names = output_names(base.folder / card.file)
        if EMBEDDING in names:
            models["product"] = card.model_copy(update={"embedding_output": names.index(EMBEDDING)})
    return models


def output_names(path: Path) -> list[str]:
    """What an ONNX network gives, in order."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return [output.name for output in session.get_outputs()]
