"""Photos that a run would have made, small and of a known content."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from packshot.catalog import Made
from packshot.recipe import Reason, Recipe, Source

DOUBT = Reason(code="matte_doubt", sentence="The matte is unsure along the hair.")


def made(folder: Path, number: int, **changes: Any) -> Made:
    """What a run made of photo ``number``, its output written."""
    name = f"photo-{number:03}"
    content = f"output {number}".encode()
    route = changes.get("route", "review")
    output = f"{'published' if route == 'publish' else 'review'}/{name}.jpg"
    (folder / output).parent.mkdir(parents=True, exist_ok=True)
    (folder / output).write_bytes(content)
    sha256 = hashlib.sha256(f"photo {number}".encode()).hexdigest()
    source = Source(name=f"{name}.jpg", sha256=sha256, size=(300, 400))
    values: dict[str, Any] = {
        "source": str(folder.parent / "in" / f"{name}.jpg"),
        "sha256": sha256,
        "folder": folder,
        "name": name,
        "category": ("shoes", "tops")[number % 2],
        "pack": "tiny 1",
        "pack_digest": "d" * 64,
        "route": "review",
        "quality": (number % 10) / 10,
        "would_publish": False,
        "reasons": (DOUBT,) if number % 3 == 0 else (),
        "recipe": Recipe(source=source).model_dump_json(),
        "files": {"output": output, "output_sha256": hashlib.sha256(content).hexdigest()},
    }
    return Made(**{**values, **changes})
