"""Writing a run's ``index.html``: one file, everything inlined, that opens from disk and asks the network nothing."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from importlib import resources
from pathlib import Path

from packshot.photo import write_atomic
from packshot.publication.contact.rows import Run, read_run

PAGE = "index.html"
STYLES = ("page.css",)
SCRIPTS = ("data.js", "list.js", "viewer.js", "main.js")


def write_page(out: Path, title: str = "") -> Path:
    """Writes ``out/index.html`` from ``out/run.jsonl`` and returns its path. Without a title it is the folder's name.

    Raises FileNotFoundError, with what to do, when there is no run in the folder.
    """
    lines = out / "run.jsonl"
    if not lines.is_file():
        raise FileNotFoundError(f"{out} holds no run.jsonl: give the folder that `packshot run --out` wrote")
    page = render_page(read_run(lines), title or out.resolve().name)
    write_atomic(out / PAGE, page.encode(), durable=False)
    return out / PAGE


def render_page(run: Run, title: str) -> str:
    """The page's HTML. Names and reasons are data in it, never markup or script."""
    script = "\n".join(_asset(name) for name in SCRIPTS)
    style = "\n".join(_asset(name) for name in STYLES)
    parts = {
        "title": html.escape(_printable(title)),
        "policy": _policy(script, style),
        "style": style,
        "script": script,
        "data": _embedded({"title": title, "photos": run.photos, "kinds": run.kinds, "unread": run.unread}),
    }
    # One pass, so that a part which holds a marker's text is not filled in turn.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _asset("page.html"))


def _asset(name: str) -> str:
    return resources.files("packshot.publication.contact").joinpath(name).read_text("utf-8")


def _embedded(data: object) -> str:
    """JSON that ends no script element and holds no HTML comment, whatever strings are in it."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _policy(script: str, style: str) -> str:
    """A content security policy: only this page's own script and style run, and pictures come from disk alone."""
    return (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "img-src 'self' file: data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
