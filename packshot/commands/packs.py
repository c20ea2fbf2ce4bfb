"""``packshot packs``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from packshot.commands.output import ExitStatus, answer, answer_json, fail

if TYPE_CHECKING:
    from packshot.pack import Pack


def packs(
    pack: Annotated[
        list[str] | None, typer.Argument(help="Pack folders, or names; all that ship if none is given.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List packs, what they hold, and whether their files are whole."""
    from packshot.pack import Pack
    from packshot.pack_file import PackError

    folders = [find_pack(name) for name in pack] if pack else shipped_packs()
    try:
        described = [describe(Pack(folder)) for folder in folders]
    except PackError as error:
        fail(str(error))
    if json:
        answer_json(described)
    else:
        for each in described:
            _tell(each)
    raise typer.Exit(ExitStatus.SOME_FAILED if any(each["problems"] for each in described) else ExitStatus.DONE)


def shipped_packs() -> list[Path]:
    """The folders of the packs that come with packshot."""
    from packshot.pack import BASE_PACK

    return sorted(file.parent for file in BASE_PACK.parent.glob("*/pack.json"))


def find_pack(name: str) -> Path:
    """A pack's folder by its path, or by the name of one that ships. Ends the command when there is none, or when its
    `pack.json` cannot be read."""
    from packshot.pack_file import PackError, read_pack_file

    folder = Path(name)
    if (folder / "pack.json").is_file():
        try:
            read_pack_file(folder)
        except PackError as error:
            fail(str(error))
        return folder
    shipped = {each.name: each for each in shipped_packs()}
    if name not in shipped:
        names = ", ".join(shipped) or "none"
        fail(f"there is no pack {name!r}: give a folder with a pack.json, or the name of one that ships ({names})")
    return shipped[name]


def describe(pack: Pack) -> dict[str, Any]:
    """What there is to know of a pack."""
    from packshot.evaluation.certificate import certificates_of, publishing

    problems = pack.verify()
    try:
        publishes = publishing(certificates_of(pack))
    except ValueError as error:
        publishes, problems = [], [*problems, str(error)]
    models = {
        name: {"file": card.file, "bytes": _bytes(pack.folder / card.file)} for name, card in pack.file.models.items()
    }
    return {
        "name": pack.file.name,
        "version": pack.file.version,
        "folder": str(pack.folder),
        "digest": pack.digest,
        "categories": list(pack.file.categories if problems else pack.categories),
        "models": models,
        "certificates": list(pack.file.certificates),
        "publishes": publishes,
        "problems": problems,
    }


def _bytes(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _tell(described: dict[str, Any]) -> None:
    answer(f"{described['name']} {described['version']}  {described['folder']}")
    answer(f"  categories   {', '.join(described['categories'])}")
    for name, model in described["models"].items():
        size = "missing" if model["bytes"] is None else f"{model['bytes'] / 1e6:.1f} MB"
        answer(f"  model        {name}: {model['file']}, {size}")
    answer(f"  unseen       {_unseen(described)}")
    answer(f"  files        {'; '.join(described['problems']) or 'whole'}")


def _unseen(described: dict[str, Any]) -> str:
    """What certificates allow: a pack may have some that prove too little for anything."""
    if not described["certificates"]:
        return "no certificate: every photo goes to review"
    groups = described["publishes"]
    return f"may publish {', '.join(groups)}" if groups else "proven too little: every photo goes to review"
