"""Accounts, sessions and the audit trail, kept in tables of the catalog."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, get_args

from sqlalchemy import delete, insert, select, update

from packshot.catalog.database import Database, Transaction
from packshot.catalog.schema import accounts, sessions, trail
from packshot.review.access import Identity, Role
from packshot.review.passwords import NOBODY, hashed, matches, require_strong

LONGEST = timedelta(hours=12)
IDLE = timedelta(minutes=30)
_SEEN_EVERY = timedelta(seconds=60)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


@dataclass(frozen=True)
class Account:
    """A person who may sign in."""

    name: str
    role: Role
    active: bool
    made_at: datetime


@dataclass(frozen=True)
class Session:
    """A person who has signed in, and the token that the person's own page sends with every change."""

    identity: Identity
    csrf: str


@dataclass(frozen=True)
class Noted:
    """One line of the audit trail."""

    at: datetime
    who: str
    what: str
    about: str | None
    address: str | None
    detail: dict[str, Any]


class Accounts:
    """Who may sign in, who has, and what they did. Safe for several threads and servers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def _reading(self) -> Iterator[Transaction]:
        with self._database.reading() as connection:
            yield Transaction(connection, self._database.places)

    @contextmanager
    def _writing(self) -> Iterator[Transaction]:
        with self._database.writing() as connection:
            yield Transaction(connection, self._database.places)

    def add(self, name: str, password: str, role: Role, by: str) -> None:
        """A new account. Raises ValueError when the name is taken or the password weak."""
        name = require_name(name)
        _require_role(role)
        require_strong(password, name)
        kept = hashed(password)
        with self._writing() as work:
            if work.execute(select(accounts.c.name).where(accounts.c.name == name)).first() is not None:
                raise ValueError(f"there is an account {name} already")
            now = work.now
            work.execute(insert(accounts).values(name=name, role=role, password=kept, active=True, made_at=now))
            self._note(work, by, "account added", name, {"role": role})

    def change(self, name: str, by: str, role: Role | None = None, active: bool | None = None) -> None:
        """Another role, or shut out; either signs the person out. Raises ValueError."""
        values = {key: value for key, value in (("role", role), ("active", active)) if value is not None}
        if role is not None:
            _require_role(role)
        with self._writing() as work:
            self._require(work, name)
            work.execute(update(accounts).where(accounts.c.name == name).values(values))
            if not self._has_admin(work):
                raise ValueError("this is the last admin: make another one first")
            work.execute(delete(sessions).where(sessions.c.name == name))
            self._note(work, by, "account changed", name, values)

    def set_password(self, name: str, password: str, by: str) -> None:
        """A new password; all of the person's sessions end. Raises ValueError."""
        require_strong(password, name)
        kept = hashed(password)
        with self._writing() as work:
            self._require(work, name)
            work.execute(update(accounts).where(accounts.c.name == name).values(password=kept))
            work.execute(delete(sessions).where(sessions.c.name == name))
            self._note(work, by, "password set", name, {})

    def all(self) -> list[Account]:
        """Every account, by name."""
        with self._reading() as work:
            rows = work.execute(select(accounts).order_by(accounts.c.name)).all()
        return [Account(row.name, row.role, row.active, row.made_at) for row in rows]

    def sign_in(self, name: str, password: str, address: str) -> str | None:
        """A new session's token, or None: wrong name, wrong password and shut out look and take the same."""
        name = name.strip().casefold()[:40]
        with self._reading() as work:
            row = work.execute(select(accounts).where(accounts.c.name == name)).first()
        right = matches(password, NOBODY if row is None else row.password)
        if row is None or not right or not row.active:
            self.note(name if _NAME.fullmatch(name) else "?", "sign-in refused", None, address)
            return None
        token = secrets.token_urlsafe(32)
        with self._writing() as work:
            now = work.now
            work.execute(delete(sessions).where(sessions.c.made_at < now - LONGEST))
            values = {"token": _digest(token), "name": name, "csrf": secrets.token_urlsafe(24)}
            work.execute(insert(sessions).values(**values, made_at=now, seen_at=now))
            self._note(work, name, "signed in", None, {}, address)
        return token

    def session(self, token: str) -> Session | None:
        """Who a token belongs to; None when it is wrong, too old, idle too long, or the account is shut out."""
        query = select(sessions, accounts.c.role, accounts.c.active).join(accounts, accounts.c.name == sessions.c.name)
        with self._reading() as work:
            row = work.execute(query.where(sessions.c.token == _digest(token))).first()
            now = work.now
        if row is None or not row.active or now - row.made_at > LONGEST or now - row.seen_at > IDLE:
            return None
        if now - row.seen_at > _SEEN_EVERY:
            with self._writing() as work:
                work.execute(update(sessions).where(sessions.c.token == row.token).values(seen_at=now))
        return Session(Identity(row.name, row.role), row.csrf)

    def sign_out(self, token: str) -> None:
        """Ends a session."""
        with self._writing() as work:
            done = delete(sessions).where(sessions.c.token == _digest(token)).returning(sessions.c.name)
            name = work.execute(done).scalar()
            if name is not None:
                self._note(work, name, "signed out", None, {})

    def note(self, who: str, what: str, about: str | None, address: str | None = None, **detail: Any) -> None:
        """Adds a line to the audit trail. Nothing in the product changes or removes one."""
        with self._writing() as work:
            self._note(work, who, what, about, detail, address)

    def _note(
        self,
        work: Transaction,
        who: str,
        what: str,
        about: str | None,
        detail: dict[str, Any],
        address: str | None = None,
    ) -> None:
        values = {"who": who, "what": what, "about": about, "address": address, "detail": detail}
        work.execute(insert(trail).values(at=work.now, **values))

    def trail(self, limit: int = 200) -> list[Noted]:
        """The audit trail, latest first."""
        with self._reading() as work:
            rows = work.execute(select(trail).order_by(trail.c.id.desc()).limit(limit)).all()
        return [Noted(row.at, row.who, row.what, row.about, row.address, row.detail) for row in rows]

    def _require(self, work: Transaction, name: str) -> None:
        if work.execute(select(accounts.c.name).where(accounts.c.name == name)).first() is None:
            raise ValueError(f"there is no account {name}")

    def _has_admin(self, work: Transaction) -> bool:
        admins = select(accounts.c.name).where(accounts.c.role == "admin", accounts.c.active)
        return work.execute(admins).first() is not None


def require_name(name: str) -> str:
    """The name as it is kept. Raises ValueError."""
    kept = name.strip().casefold()
    if not _NAME.fullmatch(kept):
        raise ValueError(
            "a name has 2 to 40 letters a-z, digits, dots, dashes or underscores, and a letter or digit first"
        )
    return kept


def _require_role(role: str) -> None:
    if role not in get_args(Role):
        raise ValueError(f"a role is one of {', '.join(get_args(Role))}, not {role!r}")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
