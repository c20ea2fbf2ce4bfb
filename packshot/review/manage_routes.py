"""The manager's page, its figures as CSV, promoting a challenger, and going back to the champion before."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from packshot.catalog.champions import roll_back
from packshot.catalog.figures import report
from packshot.review.access import Identity, needs
from packshot.review.account_routes import require_own_page
from packshot.review.guard import address_of
from packshot.review.managing import as_csv, lines_over_time, most_a_day, overview
from packshot.review.pages import page
from packshot.review.promoting import Attempt, Wish
from packshot.review.shop import Shop, shop_of

router = APIRouter()
Manager = Annotated[Identity, Depends(needs("manager"))]
Room = Annotated[Shop, Depends(shop_of)]


@router.get("/manage")
def manage(request: Request, manager: Manager, shop: Room) -> HTMLResponse:
    """Where everything stands."""
    del manager
    told = overview(shop.catalog)
    points = [{key: round(value, 4) for key, value in asdict(point).items()} for point in told.curve]
    lines = lines_over_time(told.report)
    challengers = [pack for pack in shop.shelf.named if pack.content_digest != told.champion_digest]
    asked: dict[str, Any] = {
        "challengers": challengers,
        "attempt": shop.promoter.attempt,
        "grounds": shop.promoter.grounds,
    }
    most = most_a_day(told.report)
    return page(request, "manage.html", told=told, lines=lines, most_a_day=most, points=points, **asked)


@router.get("/manage.csv")
def figures(manager: Manager, shop: Room) -> Response:
    """The figures, for a spreadsheet."""
    del manager
    headers = {"Content-Disposition": 'attachment; filename="packshot.csv"'}
    return Response(as_csv(report(shop.catalog)), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/manage/promotion")
def promotion(manager: Manager, shop: Room) -> dict[str, Any]:
    """How far the comparison has come."""
    del manager
    attempt = shop.promoter.attempt
    return {"attempt": None if attempt is None else attempt.as_json()}


@router.post("/manage/promote", dependencies=[Depends(require_own_page)])
def promote(
    request: Request,
    manager: Manager,
    shop: Room,
    pack: Annotated[str, Form(max_length=200)],
    challenger: Annotated[str, Form(max_length=64)],
    how: Annotated[Literal["compare", "promote"], Form()],
) -> Response:
    """Begins to compare a challenger, by its content's digest, with the champion that the page showed.

    Only packs that the pages were started with can be named. Raises ValueError, and Conflict while another one runs.
    """
    chosen = [known for known in shop.shelf.named if known.content_digest == challenger]
    if not chosen:
        raise ValueError("that pack is no challenger here: load the page again")
    accounts, address = request.app.state.guard.accounts, address_of(request)

    def ended(attempt: Attempt) -> None:
        if accounts is not None:
            accounts.note(manager.name, "promotion ended", f"{attempt.challenger}: {attempt.said}", address)

    shop.promoter.begin(Wish(chosen[0], pack, how == "promote", manager.name), ended)
    if accounts is not None:
        accounts.note(manager.name, "promotion begun", f"{chosen[0].label} against {pack} ({how})", address)
    return RedirectResponse("/manage#champions", 303)


@router.post("/manage/rollback", dependencies=[Depends(require_own_page)])
def go_back(request: Request, manager: Manager, shop: Room, pack: Annotated[str, Form(max_length=200)]) -> Response:
    """Makes the champion's predecessor champion again; ``pack`` is the champion that the page showed.

    Raises CatalogError when there is none before it.
    """
    told = overview(shop.catalog)
    if told.champion != pack:
        raise ValueError("the champion has changed meanwhile: load the page again")
    reign = roll_back(shop.catalog, manager.name)
    accounts = request.app.state.guard.accounts
    if accounts is not None:
        accounts.note(manager.name, "went back", f"from {pack} to {reign.pack}", address_of(request))
    return RedirectResponse("/manage", 303)
