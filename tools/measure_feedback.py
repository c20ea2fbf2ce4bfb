"""What corrections bring: a number of simulated ones of one category, learned from and compared on other groups.

    python tools/measure_feedback.py PAIRS --category tops --count 60 --out FOLDER

Photos of groups that are learned from are retouched by the base pack; the simulated editor sends the human's after for
each. Then: pairs from decisions, learn, comparison with the champion on groups never learned from, promotion.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
from collections import Counter
from pathlib import Path

from packshot.batch import RunSettings, run
from packshot.catalog import Answer, Catalog
from packshot.catalog.contest import Contest, compare, promote, reigning
from packshot.catalog.feedback import corrections_as_pairs
from packshot.catalog.recording import CatalogRecorder
from packshot.learning.learn import LearnOptions, learn
from packshot.learning.pairs import Pair, read_pairs
from packshot.learning.splits import held_out
from packshot.photo import write_atomic


def main() -> None:
    arguments = _arguments()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    pairs = read_pairs(arguments.pairs).pairs
    chosen = _chosen(pairs, arguments.category, arguments.count)
    frozen = _frozen(pairs, arguments, out / "frozen")
    with Catalog.open(str(out / "catalog.sqlite")) as catalog:
        old = reigning(catalog, "simulation")
        _review(catalog, chosen, out)
        feedback = corrections_as_pairs(catalog, out / "corrections", tell=_tell)
        _report("corrections", pairs=len(feedback.pairs), problems=feedback.problems, stages=feedback.by_stage())
        options = LearnOptions(
            out / "challenger", old.folder, arguments.category, minutes=arguments.minutes, workers=arguments.workers
        )
        learned = learn(read_pairs(out / "corrections"), options, _tell)
        _report("learned", **learned.account)
        contest = Contest(out / "challenger", out / "work", frozen, workers=arguments.workers)
        outcome = compare(catalog, contest, old, _tell)
        _report("outcome", **outcome.as_json())
        if not (out / "champion").exists():
            pack = promote(catalog, contest, outcome, old, (out / "champion", "simulation"))
            _report("promoted", pack=None if pack is None else pack.label)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--category", required=True)
    parser.add_argument("--others", default="", help="categories that must not get worse, with commas between")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--per-group", type=int, default=1000, help="at most so many held-out pairs of a group")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def _chosen(pairs: tuple[Pair, ...], category: str, count: int) -> list[Pair]:
    some = [pair for pair in pairs if pair.category == category and not held_out(pair.group)]
    random.Random(1).shuffle(some)
    return some[:count]


def _frozen(pairs: tuple[Pair, ...], arguments: argparse.Namespace, folder: Path) -> Path:
    """The held-out pairs of the category and of the others, as a set of their own."""
    wanted = {arguments.category, *filter(None, arguments.others.split(","))}
    lines, counts = [], Counter[tuple[str, str]]()
    for pair in pairs:
        counts[pair.category, pair.group] += 1
        if pair.category not in wanted or not held_out(pair.group):
            continue
        if counts[pair.category, pair.group] > arguments.per_group:
            continue
        line = {"id": pair.id, "category": pair.category, "group": pair.group}
        for side, path in (("before", pair.before), ("after", pair.after)):
            place = folder / side / f"{pair.id}{path.suffix}"
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                place.symlink_to(path.resolve())
            line[side] = str(place.relative_to(folder))
        lines.append(json.dumps(line) + "\n")
    write_atomic(folder / "pairs.jsonl", "".join(lines).encode())
    return folder


def _review(catalog: Catalog, chosen: list[Pair], out: Path) -> None:
    """Retouches the befores and sends the human's after for each."""
    manifest = out / "manifest.csv"
    with manifest.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["source", "category", "group"])
        rows.writerows([str(pair.before), pair.category, pair.group] for pair in chosen)
    run([], out / "run", RunSettings(manifest=manifest, workers=1), recorder=CatalogRecorder(catalog))
    afters = {pair.before.resolve(): pair.after for pair in chosen}
    for entry in catalog.lease("simulated editor", len(chosen), 3600):
        assert entry.prediction is not None
        after = afters[entry.source.resolve()].read_bytes()
        catalog.decide(entry.id, "simulated editor", Answer("edited", entry.prediction.id, after=after))


def _tell(what: str, done: int, total: int) -> None:
    if done % 20 == 0 or done == total:
        print(f"{what}: {done} of {total}", flush=True)


def _report(what: str, **figures: object) -> None:
    print(json.dumps({what: figures}, indent=1, default=str), flush=True)


if __name__ == "__main__":
    main()
