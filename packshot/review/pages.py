"""Pages from their templates, everything in them escaped."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import resources
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from packshot.review.access import Identity, Role

STATIC = resources.files("packshot.review").joinpath("static")
SURROUNDS = ("mid", "light", "dark")
PAGES: list[tuple[str, str, Role]] = [
    ("/review", "Review", "editor"),
    ("/manage", "Where it stands", "manager"),
    ("/accounts", "Accounts", "admin"),
]
"""Path, label, and the role from which on a page is shown."""


@lru_cache(maxsize=1)
def _templates() -> Environment:
    loader = PackageLoader("packshot.review")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page for the person who asks."""
    identity: Identity | None = request.state.identity
    surround = request.cookies.get("surround", "")
    accounts = request.app.state.guard.accounts is not None
    common = {
        "version": static_version(),
        "surround": surround if surround in SURROUNDS else SURROUNDS[0],
        "csrf": request.state.session.csrf if request.state.session else "",
        "editor": identity.name if identity else "",
        "account": accounts and identity is not None,
        "pages": [each for each in _links(identity) if accounts or each["path"] != "/accounts"],
        "here": request.url.path,
    }
    return HTMLResponse(_templates().get_template(template).render({**common, **values}), status)


def _links(identity: Identity | None) -> list[dict[str, str]]:
    shown = [(path, label) for path, label, role in PAGES if identity is not None and identity.may(role)]
    return [{"path": path, "label": label} for path, label in shown]


@lru_cache(maxsize=1)
def static_version() -> str:
    """Changes when a script or style changes, so that browsers do not keep an old one."""
    digest = hashlib.sha256()
    for item in sorted(STATIC.iterdir(), key=lambda each: each.name):
        digest.update(item.read_bytes())
    return digest.hexdigest()[:12]
