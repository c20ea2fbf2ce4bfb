"""Measures registration on sets of pairs whose truth is known: who is accepted, how far off corners are, what it costs.

    python tools/measure_registration.py PAIRS [PAIRS ...] [--sample N] [--wrong N] [--out FILE.jsonl]

A set is a folder with pairs.jsonl; `truth.before_to_after` (2x3) and `truth.product_corners_before` (4 points) are for
scoring only. Wrong pairs are made of right ones: half get the before of another group of their category, half their own
before mirrored. Results go to FILE.jsonl as they come, and what is there already is not measured again.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from packshot.geometry import apply
from packshot.learning.registration.register import Registration, as_bytes, register, register_files
from packshot.photo import Photo

PERCENTILES = (50, 95, 99, 100)


@dataclass(frozen=True)
class Case:
    """One measurement: the after of ``entry`` with the before of ``other``; kind is right, shuffled or mirrored."""

    folder: Path
    entry: dict[str, Any]
    other: dict[str, Any]
    kind: str

    @property
    def key(self) -> str:
        return f"{self.folder.name}/{self.kind}/{self.entry['id']}/{self.other['id']}"


def main() -> None:
    options = parse()
    cases = [case for folder in options.pairs for case in cases_of(folder, options)]
    results = measured(options.out)
    cv2.setNumThreads(1)
    for number, case in enumerate(cases, 1):
        if case.key not in results:
            results[case.key] = measure(case)
            keep(options.out, results[case.key])
        if sys.stderr.isatty():
            print(f"\r{number} of {len(cases)}", end="", file=sys.stderr, flush=True)
    found = [results[case.key] for case in cases]
    for folder in options.pairs:
        report(folder.name, [entry for entry in found if entry["set"] == folder.name])
    if len(options.pairs) > 1:
        report("all", found)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", nargs="+", type=Path, help="folders with pairs.jsonl")
    parser.add_argument("--sample", type=int, default=0, help="right pairs of each set (0: all)")
    parser.add_argument("--wrong", type=int, default=0, help="wrong pairs over all sets, half shuffled, half mirrored")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=None, help="results, a line each; measuring goes on from there")
    return parser.parse_args()


def cases_of(folder: Path, options: argparse.Namespace) -> list[Case]:
    """The right pairs, and this set's share of the wrong ones."""
    draw = random.Random(f"{options.seed}/{folder.name}")
    entries = entries_of(folder)
    total = sum(len(entries_of(other)) for other in options.pairs)
    wrong = round(options.wrong * len(entries) / total)
    right = draw.sample(entries, options.sample) if 0 < options.sample < len(entries) else entries
    cases = [Case(folder, entry, entry, "right") for entry in right]
    for entry in draw.sample(entries, min(len(entries), wrong // 2)):
        strangers = [one for one in entries if one["category"] == entry["category"] and one["group"] != entry["group"]]
        if strangers:
            cases.append(Case(folder, entry, draw.choice(strangers), "shuffled"))
    cases += [Case(folder, entry, entry, "mirrored") for entry in draw.sample(entries, min(len(entries), wrong // 2))]
    return cases


def entries_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "pairs.jsonl").read_text("utf-8").splitlines() if line.strip()]


def measure(case: Case) -> dict[str, Any]:
    before, after = case.folder / case.other["before"], case.folder / case.entry["after"]
    started, used = time.perf_counter(), time.process_time()
    if case.kind == "mirrored":
        mirrored = np.ascontiguousarray(Photo.open(before).pixels()[:, ::-1])
        found = register(as_bytes(mirrored), as_bytes(Photo.open(after).pixels()))
    else:
        found = register_files(before, after)
    result = {"key": case.key, "set": case.folder.name, "kind": case.kind, **found.as_json()}
    result["seconds"], result["cpu_seconds"] = time.perf_counter() - started, time.process_time() - used
    if case.kind == "right":
        result["corner_percent"] = corner_percent(found, case)
    return result


def corner_percent(found: Registration, case: Case) -> float:
    """The farthest of the product box's corners from the truth, in percent of the after's long side."""
    truth = case.entry["truth"]
    corners = np.array(truth["product_corners_before"])
    apart = apply(found.before_to_after, corners) - apply(np.array(truth["before_to_after"]), corners)
    return float(100 * np.hypot(*apart.T).max() / max(Photo.open(case.folder / case.entry["after"]).size))


def measured(path: Path | None) -> dict[str, dict[str, Any]]:
    if path is None or not path.exists():
        return {}
    return {entry["key"]: entry for entry in map(json.loads, path.read_text("utf-8").splitlines())}


def keep(path: Path | None, result: dict[str, Any]) -> None:
    if path is not None:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(result) + "\n")


def report(name: str, results: list[dict[str, Any]]) -> None:
    print(f"\n{name}")
    right = [entry for entry in results if entry["kind"] == "right"]
    if right:
        accepted = [entry for entry in right if entry["accepted"]]
        print(f"  accepted {len(accepted)} of {len(right)} right pairs ({len(accepted) / len(right):.1%})")
        show("corner error of accepted, % of long side", [entry["corner_percent"] for entry in accepted])
        show("residual, after px", [entry["residual_px"] for entry in accepted])
        show("CPU seconds a right pair", [entry["cpu_seconds"] for entry in right])
        print(f"  stretched: {sum(entry['model'] == 'affine' for entry in accepted)}")
        for entry in right:
            if not entry["accepted"] or entry["corner_percent"] > 0.5:
                print(f"    {entry['key']}: {entry['corner_percent']:.2f} %, {entry['reason'] or 'accepted'}")
    for kind in ("shuffled", "mirrored"):
        wrong = [entry for entry in results if entry["kind"] == kind]
        if wrong:
            print(f"  accepted {sum(entry['accepted'] for entry in wrong)} of {len(wrong)} {kind} pairs")
            show(f"CPU seconds a {kind} pair", [entry["cpu_seconds"] for entry in wrong])
            for entry in wrong:
                if entry["accepted"]:
                    print(f"    {entry['key']}: score {entry['score']:.2f}")


def show(what: str, values: list[float]) -> None:
    if values:
        figures = ", ".join(f"p{p} {np.percentile(values, p):.3f}" for p in PERCENTILES)
        print(f"  {what}: {figures}")


if __name__ == "__main__":
    main()
