"""The application: pages, their data, and the guard before them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

from packshot.catalog import Catalog, CatalogError, Conflict
from packshot.photo import PhotoError
from packshot.review import account_routes, desk_routes, handover_routes, manage_routes
from packshot.review.carrier import Mode
from packshot.review.guard import Guard
from packshot.review.pages import STATIC, page
from packshot.review.promoting import Grounds
from packshot.review.queue import REJECTIONS
from packshot.review.shop import Shop


def make_app(catalog: Catalog, guard: Guard, grounds: Grounds | None = None, carry: Mode = "on") -> FastAPI:
    """The pages over a catalog. ``grounds``: the packs beside those that ship, and how they are promoted. ``carry``:
    whether a correction of colour is entered on the product's other photos, offered, or not.

    Raises PackError when one cannot be read.
    """
    app = FastAPI(title="packshot", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.shop = Shop(catalog, grounds, carry)
    app.state.guard = guard
    app.middleware("http")(guard)
    for kind, status in ((Conflict, 409), (PhotoError, 422), (ValueError, 422)):
        app.add_exception_handler(kind, _refusal(status))
    app.add_exception_handler(CatalogError, _catalog_trouble)
    app.include_router(account_routes.router)
    app.include_router(manage_routes.router)
    app.include_router(handover_routes.router)
    app.include_router(desk_routes.router)
    app.add_api_route("/", lambda: RedirectResponse("/review"), methods=["GET"])
    app.add_api_route("/review", review_page, methods=["GET"])
    app.add_api_route("/api/session", session, methods=["GET"])
    app.mount("/static", StaticFiles(directory=str(STATIC)), name="static")
    return app


def _refusal(status: int) -> Any:
    def answer(request: Request, error: Exception) -> JSONResponse:
        del request
        return JSONResponse({"detail": str(error)}, status)

    return answer


def _catalog_trouble(request: Request, error: Exception) -> JSONResponse:
    """What is not there is not found; a catalog that does not answer is there later, so that pages send again."""
    del request
    return JSONResponse({"detail": str(error)}, 404 if error.__cause__ is None else 503)


def session(request: Request) -> dict[str, Any]:
    """Who is at the page, and the token that changes must carry."""
    return {"csrf": request.state.session.csrf, "editor": request.state.identity.name}


def review_page(request: Request) -> HTMLResponse:
    """The queue."""
    return page(request, "review.html", rejections=REJECTIONS, carry=request.app.state.shop.carry)
