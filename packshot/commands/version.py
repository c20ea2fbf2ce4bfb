"""``packshot --version``."""

from __future__ import annotations

import json
from pathlib import Path


def base_pack_version() -> str:
    """The version of the pack that ships, read without loading what a pack needs."""
    file = Path(__file__).parents[1] / "packs" / "base" / "pack.json"
    return str(json.loads(file.read_text("utf-8"))["version"]) if file.is_file() else "missing"
