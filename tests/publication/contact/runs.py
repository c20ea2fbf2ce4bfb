"""Small finished runs to look at: real pictures on disk, and lines as a run writes them."""

from __future__ import annotations

import json
import os
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from packshot.geometry import frame_affine
from packshot.photo import encode_jpeg
from packshot.publication.contact import Aligned, write_page, write_pictures

SIZE = (300, 400)


def finished(out: Path, name: str, level: int = 120) -> dict[str, Any]:
    """Writes a photo, its output, preview and thumbnail; returns their keys of a run line."""
    photo = np.full((400, 300, 3), level, np.uint8)
    photo[100:300, 80:220] = (30, 90, 160)
    output = np.where(photo == level, 255, photo).astype(np.uint8)
    for folder, image in (("photos", photo), ("published", output)):
        (out / folder).mkdir(exist_ok=True)
        (out / folder / name).write_bytes(encode_jpeg(image))
    aligned = Aligned(photo, frame_affine(0.0, 1.0, (149.5, 199.5), SIZE), SIZE)
    pictures = write_pictures(out, PurePosixPath(name), aligned, output)
    return {"source": f"photos/{name}", "output": f"published/{name}", "category": "bags", **pictures}


def halo(share: float) -> dict[str, Any]:
    region = [0.25, 0.25, 0.75, 0.5]
    return {"code": "halo", "sentence": f"A halo is left along {share} % of the outline.", "region": region}


def shop(failed: list[str]) -> dict[str, Any]:
    """A marketplace's output and what is open about it."""
    findings = [{"status": "failed", "sentence": sentence} for sentence in failed]
    findings.append({"status": "advice", "sentence": "It fills little of the frame."})
    return {"Shop": {"output": "published/a1.jpg", "meets": not failed, "findings": findings}}


def small_run(out: Path) -> Path:
    """Seven photos: three published, three for review, one failed."""
    rows = [
        {**finished(out, "a1.jpg"), "route": "publish", "quality": 0.97, "category": "shoes", "presets": shop([])},
        {**finished(out, "a2.jpg"), "route": "publish", "quality": 0.95, "presets": shop(["It is 900 pixels long."])},
        {**finished(out, "a10.jpg"), "route": "publish", "quality": 0.99},
        {**finished(out, "b1.jpg", 90), "route": "review", "quality": 0.4, "reasons": [halo(4)]},
        {**finished(out, "b2.jpg"), "route": "review", "quality": 0.6, "reasons": [halo(2), "7 specks are left."]},
        {**finished(out, "b3.jpg"), "route": "review", "quality": 0.9, "would_publish": True},
        {"source": "photos/c.nef", "category": "shoes", "route": "failed", "error": "c.nef is cut off; copy it again."},
    ]
    return written(out, rows)


def long_run(out: Path, count: int) -> Path:
    """``count`` photos that share one set of pictures."""
    keys = finished(out, "one.jpg")
    routes = ["publish"] * 8 + ["review", "failed"]
    rows = [
        {**keys, "source": f"photos/{index:05}.jpg", "output": f"published/{index:05}.jpg", "route": routes[index % 10]}
        | {"category": f"category {index % 9}", "quality": index % 97 / 97, "reasons": [halo(index)], "error": "No."}
        for index in range(count)
    ]
    return written(out, rows)


def written(out: Path, rows: list[dict[str, Any]]) -> Path:
    """The run's lines and its page; returns the page's path."""
    (out / "run.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return write_page(out, title="Autumn")


def as_name(raw: bytes) -> str:
    """A file name of these bytes, as this machine spells it."""
    return os.fsdecode(raw)
