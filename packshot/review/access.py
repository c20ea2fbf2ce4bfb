"""Who is at the page, and what they may do. Who may do more may do all that those below may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from fastapi import HTTPException, Request

Role = Literal["editor", "manager", "admin"]


@dataclass(frozen=True)
class Identity:
    """A person at the page."""

    name: str
    role: Role

    def may(self, role: Role) -> bool:
        """Whether the person may do what this role may."""
        order = get_args(Role)
        return order.index(self.role) >= order.index(role)


def signed_in(request: Request) -> Identity:
    """The person who asks; the guard has made sure there is one."""
    identity: Identity | None = request.state.identity
    if identity is None:
        raise HTTPException(401, "sign in first")
    return identity


def needs(role: Role) -> Callable[[Request], Identity]:
    """A dependency that lets only this role, and those above it, pass."""

    def check(request: Request) -> Identity:
        identity = signed_in(request)
        if not identity.may(role):
            raise HTTPException(403, f"this page is for the role {role}")
        return identity

    return check
