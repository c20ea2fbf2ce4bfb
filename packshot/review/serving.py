"""Serving the pages: on this machine for whoever is at it, elsewhere for those with an account."""

from __future__ import annotations

import getpass
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI

from packshot.blindtest.trials import BlindTestFolder
from packshot.catalog import Catalog
from packshot.review.access import Identity
from packshot.review.accounts import Accounts, Session
from packshot.review.app import make_app
from packshot.review.carrier import Mode
from packshot.review.guard import LOCAL_HOSTS, Guard
from packshot.review.promoting import Grounds


@dataclass(frozen=True)
class Listening:
    """Where the pages are served. ``hosts``: further names under which browsers reach them.

    ``grounds``: packs that do not ship, for editors' categories and managers' promotions. ``carry``: whether
    corrections of colour are entered on a product's other photos.
    """

    address: str = "127.0.0.1"
    port: int = 8765
    hosts: tuple[str, ...] = ()
    certificate: Path | None = None
    private_key: Path | None = None
    grounds: Grounds = field(default_factory=Grounds)
    carry: Mode = "on"

    @property
    def local(self) -> bool:
        """Whether only this machine can reach them."""
        return self.address in LOCAL_HOSTS


def make_guard(catalog: Catalog, listening: Listening, editor: str | None, accounts: bool) -> Guard:
    """The guard for these circumstances. Raises ValueError when accounts are needed and there are none."""
    secure = listening.certificate is not None
    hosts = LOCAL_HOSTS | {listening.address} | {host.casefold() for host in listening.hosts}
    local = Session(Identity(editor or getpass.getuser(), "admin"), secrets.token_urlsafe(24))
    if listening.local and not accounts:
        return Guard(None, local, hosts, secure)
    kept = Accounts(catalog.database)
    if not any(account.role == "admin" and account.active for account in kept.all()):
        raise ValueError(
            "these pages are for people with an account, and there is no admin yet: make one with "
            "`packshot accounts add NAME --role admin`"
        )
    return Guard(kept, local, hosts, secure)


def serve(
    catalog: Catalog, listening: Listening, editor: str | None, accounts: bool, tell: Callable[[str], None]
) -> None:
    """Serves until it is stopped; ``tell`` is given the address. Raises ValueError, and OSError when it is taken."""
    guard = make_guard(catalog, listening, editor, accounts)
    _run(make_app(catalog, guard, listening.grounds, listening.carry), listening, "/review", tell)


def serve_blindtest(
    folder: BlindTestFolder, listening: Listening, catalog: str | None, tell: Callable[[str], None]
) -> None:
    """Serves a blind test until it is stopped. Raises ValueError when others could reach it without an account."""
    from packshot.review.blindtest_routes import make_blindtest_app

    if catalog is not None:
        kept = Catalog.open(catalog)
        try:
            guard = make_guard(kept, listening, None, accounts=True)
            _run(make_blindtest_app(folder, guard), listening, "/blindtest", tell)
        finally:
            kept.close()
        return
    if not listening.local:
        raise ValueError("others could reach the test: name the accounts that may take it with --catalog URL")
    local = Session(Identity("rater", "editor"), secrets.token_urlsafe(24))
    _run(make_blindtest_app(folder, Guard(None, local, LOCAL_HOSTS)), listening, "/blindtest", tell)


def _run(app: FastAPI, listening: Listening, path: str, tell: Callable[[str], None]) -> None:
    import uvicorn

    keys = [str(path) if path else None for path in (listening.certificate, listening.private_key)]
    config = uvicorn.Config(
        app, log_level="warning", ssl_certfile=keys[0], ssl_keyfile=keys[1], server_header=False, timeout_keep_alive=30
    )
    family = socket.AF_INET6 if ":" in listening.address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((listening.address, listening.port))
        listener.listen()  # before anybody is told, so that who comes at once waits and is not refused
        name = f"[{listening.address}]" if ":" in listening.address else listening.address
        tell(f"Open {'https' if keys[0] else 'http'}://{name}:{listener.getsockname()[1]}{path} (Ctrl-C ends it)")
        uvicorn.Server(config).run(sockets=[listener])
