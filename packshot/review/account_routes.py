"""Signing in and out, and the admin's page of accounts."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from packshot.review.access import Identity, Role, needs
from packshot.review.accounts import Accounts
from packshot.review.guard import Guard, address_of
from packshot.review.pages import page

router = APIRouter()
Admin = Annotated[Identity, Depends(needs("admin"))]
Field = Annotated[str, Form(max_length=600)]


def guard_of(request: Request) -> Guard:
    """The guard of the application that answers."""
    guard: Guard = request.app.state.guard
    return guard


def kept_accounts(request: Request) -> Accounts:
    """The accounts. Raises 404 where there are none: pages for one machine."""
    accounts = guard_of(request).accounts
    if accounts is None:
        raise HTTPException(404, "there are no accounts here: the pages are for this machine only")
    return accounts


Kept = Annotated[Accounts, Depends(kept_accounts)]


def require_own_page(request: Request, csrf: Field) -> None:
    """Raises 403 when a form does not come from a page of this session."""
    if not guard_of(request).own_page(request, csrf):
        raise HTTPException(403, "load the page again")


@router.get("/login")
def login_page(request: Request, accounts: Kept) -> HTMLResponse:
    """The form."""
    del accounts
    return page(request, "login.html", said="")


@router.post("/login")
def login(request: Request, accounts: Kept, name: Field, password: Field) -> Response:
    """Signs in. After a few wrong tries for a name, or from an address, one has to wait."""
    guard, address = guard_of(request), address_of(request)
    if not (guard.by_address.allows(address) and guard.by_account.allows(name.strip().casefold()[:40])):
        accounts.note("?", "sign-in held back", None, address)
        return page(request, "login.html", 429, said="Too many tries. Wait half a minute.")
    token = accounts.sign_in(name, password, address)
    if token is None:
        return page(request, "login.html", 401, said="Name or password is wrong.")
    response = RedirectResponse("/review", 303)
    response.set_cookie(guard.cookie, token, httponly=True, secure=guard.secure, samesite="strict", path="/")
    return response


@router.post("/logout", dependencies=[Depends(require_own_page)])
def logout(request: Request, accounts: Kept) -> Response:
    """Signs out."""
    guard = guard_of(request)
    accounts.sign_out(request.cookies.get(guard.cookie, ""))
    response = RedirectResponse("/login", 303)
    response.delete_cookie(guard.cookie, path="/", secure=guard.secure, httponly=True, samesite="strict")
    return response


@router.get("/accounts")
def accounts_page(request: Request, admin: Admin, accounts: Kept) -> HTMLResponse:
    """Who may sign in, and what was done lately."""
    del admin
    return _accounts_page(request, accounts, "")


def _accounts_page(request: Request, accounts: Accounts, said: str, status: int = 200) -> HTMLResponse:
    return page(request, "accounts.html", status, accounts=accounts.all(), trail=accounts.trail(), said=said)


@router.post("/accounts", dependencies=[Depends(require_own_page)])
def add_account(request: Request, admin: Admin, accounts: Kept, name: Field, password: Field, role: Field) -> Response:
    """A new account."""
    try:
        accounts.add(name, password, cast(Role, role), admin.name)
    except ValueError as error:
        return _accounts_page(request, accounts, str(error), 422)
    return RedirectResponse("/accounts", 303)


@router.post("/accounts/{name}", dependencies=[Depends(require_own_page)])
def change_account(
    request: Request, name: str, admin: Admin, accounts: Kept, role: Field, active: Field = "", password: Field = ""
) -> Response:
    """Another role, shut out or let in again, a new password."""
    try:
        accounts.change(name, admin.name, cast(Role, role), active == "yes")
        if password:
            accounts.set_password(name, password, admin.name)
    except ValueError as error:
        return _accounts_page(request, accounts, str(error), 422)
    return RedirectResponse("/accounts", 303)
