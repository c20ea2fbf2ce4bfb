"""``packshot bench``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from packshot.commands.output import ExitStatus, answer, answer_json, fail

if TYPE_CHECKING:
    from packshot.bench import Report


def bench(
    megapixels: Annotated[float, typer.Option(min=0.1, max=100, help="Of the photo that is made for it.")] = 24,
    runs: Annotated[int, typer.Option(min=1, help="Rounds, of which the median counts.")] = 5,
    pack: Annotated[str | None, typer.Option(help="Pack folder, or the name of one that ships.")] = None,
    workers: Annotated[
        list[int] | None, typer.Option(min=1, help="Also photos an hour by so many; repeatable.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Measure this machine: a photo's cost by step, one thread, against decoding and encoding it alone."""
    from packshot.bench import Settings
    from packshot.bench import bench as measure
    from packshot.commands.packs import find_pack
    from packshot.engines import EngineError

    folder = None if pack is None else find_pack(pack)
    try:
        report = measure(Settings(megapixels, runs, folder, tuple(workers or ())))
    except EngineError as error:
        fail(str(error), ExitStatus.SOME_FAILED)
    if json:
        answer_json(report.as_json())
    else:
        _tell(report)


def _tell(report: Report) -> None:
    size = f"{report.megapixels:g} megapixels, {report.photo_bytes / 1e6:.1f} MB"
    answer(
        f"A photo of {size}, to {report.output[0]} x {report.output[1]}; CPU ms of one thread, median of {report.runs}:"
    )
    for step, cost in report.steps_ms.items():
        answer(f"  {step:<24} {cost:8.1f}")
    answer(f"  {'total':<24} {report.total_ms:8.1f}")
    answer(f"  {'decode and encode alone':<24} {report.decode_encode_ms:8.1f}")
    answer(
        f"Ratio {report.ratio:g}; by the clock {report.wall_ms['total']:.0f} ms; at most {report.peak_rss_mb:.0f} MB."
    )
    for count, rate in report.photos_per_hour.items():
        answer(f"{count} at a time: {rate:,.0f} photos an hour.")
