"""``packshot calibrate``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from packshot.commands.output import ExitStatus, answer, answer_json, fail, say
from packshot.commands.pair_sets import read_pair_set
from packshot.commands.steps import Steps
from packshot.commands.styles import StyleFile

if TYPE_CHECKING:
    from packshot.evaluation.bar import Bar
    from packshot.evaluation.certificate import Certificate, CertifiedGroup
    from packshot.evaluation.promise import Case, Promise
    from packshot.learning.judging.calibration import Measured
    from packshot.pack import Pack
    from packshot.style import Style

_LOT = ": let a share of its photos be looked at by lot (`packshot run --audit`, `packshot ask`)"


@dataclass(frozen=True)
class _Data:
    """Verdicts to calibrate on; ``measured`` and ``bar`` where they come from pairs."""

    cases: list[Case]
    bar: Bar | None = None
    measured: Measured | None = None


def calibrate(
    pack: Annotated[str, typer.Argument(help="Pack folder, or the name of one that ships. Its pack.json is written.")],
    data: Annotated[
        Path | None, typer.Argument(help="Folder of pairs the pack did not learn from, or a file of verdicts.")
    ] = None,
    catalog: Annotated[
        str | None, typer.Option("--catalog", help="Instead of DATA: what people decided on photos drawn by lot.")
    ] = None,
    risk: Annotated[
        float, typer.Option(min=0.0005, max=0.5, help="Share of what is published that may be bad.")
    ] = 0.02,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.9999, help="How sure this must be.")] = 0.9,
    style: StyleFile = None,
    delta_e: Annotated[
        float | None,
        typer.Option(min=0, help="Pairs: bar of good, mean ΔE00 on the product; as before if not given."),
    ] = None,
    iou: Annotated[float | None, typer.Option(min=0, max=1, help="Pairs: bar of good, IoU of the mattes.")] = None,
    corner: Annotated[float | None, typer.Option(min=0, help="Pairs: bar of good, corners in percent.")] = None,
    kept: Annotated[Path | None, typer.Option(help="Pairs: folder to keep registrations in.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Pairs at a time; one per core if not given.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell; leave the pack as it is.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Prove from verdicts what may be published unseen, and write the certificate into the pack."""
    from packshot.commands.packs import find_pack
    from packshot.evaluation.certificate import certify, write_certificate
    from packshot.evaluation.promise import Promise
    from packshot.pack import Pack
    from packshot.pack_file import PackError

    folder, promise = find_pack(pack), Promise(risk=risk, confidence=confidence)
    try:
        opened, house = Pack(folder), _style(style)
        bar = _bar(opened, house, {"delta_e": delta_e, "iou": iou, "corner": corner})
        found = _found(folder, (data, catalog), bar, (style, kept, workers))
        if not found.cases:
            fail(f"{data or catalog} holds no verdict that may calibrate {opened.label}{'' if data else _LOT}")
        certificate = certify(opened, found.cases, promise, house, found.bar)
        figures = _figures(opened, house, found, promise)
    except (PackError, ValueError, OSError) as error:
        fail(str(error))
    if not dry_run:
        write_certificate(folder, certificate)
    told = {"certificate": certificate.model_dump(mode="json"), **figures}
    answer_json({**told, "written": not dry_run}) if json else _tell(certificate, told, dry_run)
    left_out = found.measured is not None and found.measured.left_out
    raise typer.Exit(ExitStatus.SOME_FAILED if left_out else ExitStatus.DONE)


def _bar(pack: Pack, style: Style, asked: dict[str, float | None]) -> Bar:
    """The bar of good this style was last held to, or else the judge's, less what the style leaves alone; with what was
    asked in place of it."""
    from packshot.evaluation.bar import Bar
    from packshot.evaluation.judge import serving_judge

    trained = serving_judge(pack, style)
    own = Bar() if trained is None else trained.bar
    left = own.of_what_is_done(style.houses(pack.categories, pack.habits))
    return left.model_copy(update={name: limit for name, limit in asked.items() if limit is not None})


def _style(path: Path | None) -> Style:
    from packshot.style import Style, load_style

    return Style() if path is None else load_style(path)


def _found(
    folder: Path, where: tuple[Path | None, str | None], bar: Bar, how: tuple[Path | None, Path | None, int | None]
) -> _Data:
    """The verdicts of a catalog, of a folder of pairs, or of a file. ``how``: style, folder to keep in, workers."""
    data, catalog = where
    if (data is None) == (catalog is None):
        fail("give one source of verdicts: a folder of pairs, a file of verdicts, or --catalog")
    if catalog is not None:
        return _from_catalog(folder, catalog)
    assert data is not None
    return _from_pairs(folder, data, bar, how) if data.is_dir() else _from_file(data)


def _from_catalog(folder: Path, url: str) -> _Data:
    from packshot.commands.catalogs import opened

    with opened(url) as catalog:
        from packshot.catalog.verdicts import verdicts_of
        from packshot.pack import Pack

        found = verdicts_of(catalog, Pack(folder))
    if found.chosen:
        say(f"{found.chosen} decisions are left out: their photos were picked, and only the lot is a fair sample.")
    if found.learned_from:
        say(f"{found.learned_from} decisions are left out: the pack learned from their product or seller.")
    if found.other_packs:
        say(f"{found.other_packs} decisions are left out: they are about another pack's shots.")
    return _Data(list(found.cases))


def _from_file(path: Path) -> _Data:
    from packshot.evaluation.verdicts import read_verdicts

    if not path.exists():
        fail(f"{path} is not there: give a folder of pairs, or a file of verdicts")
    return _Data(read_verdicts(path))


def _from_pairs(folder: Path, data: Path, bar: Bar, how: tuple[Path | None, Path | None, int | None]) -> _Data:
    from packshot.engines import EngineError
    from packshot.evaluation.judge import serving_judge
    from packshot.learning.judging.calibration import measure_pairs
    from packshot.learning.judging.outcomes import OutcomeSettings
    from packshot.pack import Pack

    read = read_pair_set(data, scoring=True)
    try:
        with Steps() as steps:
            measured = measure_pairs(read.pairs, folder, OutcomeSettings(*how), steps)
    except EngineError as error:
        fail(f"stopped: {error}", ExitStatus.SOME_FAILED)
    if measured.learned_from:
        say(f"{measured.learned_from} of {len(read.pairs)} pairs are left out: the pack learned from their groups.")
    for name, reason in measured.left_out.items():
        say(f"{name} is left out: {reason}")
    return _Data(measured.cases(bar, serving_judge(Pack(folder), _style(how[0]))), bar, measured)


def _figures(pack: Pack, style: Style, found: _Data, promise: Promise) -> dict[str, Any]:
    """The curve, and what other promises and bars would allow. They carry no promise of their own."""
    from packshot.evaluation.judge import serving_judge
    from packshot.evaluation.promise import curve
    from packshot.learning.judging.what_if import as_rows, by_bar, of_cases

    points = curve(found.cases, promise.confidence)
    rows = [
        {"quality": point.quality, "published": point.published, "bad": point.bad, "bound": point.bound}
        for point in points
    ]
    if found.measured is None or found.bar is None:
        others = [of_cases(found.cases, promise.confidence)]
    else:
        judge = serving_judge(pack, style)
        others = by_bar(found.measured.outcomes, judge, found.bar, promise.confidence)
    return {"curve": rows, "what_if": [row for one in others for row in as_rows(one, promise.confidence)]}


def _tell(certificate: Certificate, told: dict[str, Any], dry_run: bool) -> None:
    answer(f"Promise: {certificate.promise.sentence()}.")
    for group in certificate.groups:
        answer(_line(group))
    answer("Of these photos, other promises would publish (for looking at; run it again to prove one):")
    for line in _table(told["what_if"]):
        answer(line)
    answer("Nothing was written." if dry_run else f"The certificate is in the pack {certificate.pack}.")


def _table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """A line a bar: how many photos miss it, how well the judge tells which, and what each promise would publish."""
    risks = list(dict.fromkeys(row["risk"] for row in rows))
    lines = ["ΔE00   IoU  corners    bad   AUC  " + "".join(f"{f'at {risk:.0%}':>8}" for risk in risks)]
    for start in range(0, len(rows), len(risks)):
        row, shares = rows[start], [one["published"] for one in rows[start : start + len(risks)]]
        limits = [f"{row[name]:g}" if row.get(name) is not None else "–" for name in ("delta_e", "iou", "corner")]
        known = f"{limits[0]:>4}  {limits[1]:>4}  {limits[2]:>7}  {row['bad']:>5.0%}  {row['auc']:.2f}  "
        lines.append(known + "".join(f"{share:>8.0%}" for share in shares))
    return lines


def _line(group: CertifiedGroup) -> str:
    about = f"{group.name} ({', '.join(group.categories)}): {group.verdicts} verdicts, {group.bad} bad"
    if group.quality is not None:
        share = group.published / group.verdicts
        return (
            f"{about}; published from quality {group.quality:.3f} on: {share:.0%}, {group.published_bad} of "
            f"{group.published} bad, at most {group.bound:.1%} by the bound."
        )
    if group.missing is None:
        return f"{about}; nothing is published: this judge does not tell good from bad well enough."
    return f"{about}; nothing is published yet: about {group.missing} more verdicts are needed."
