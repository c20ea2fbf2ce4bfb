"""The blind test in the browser: two pictures, two questions, nothing that tells whose is whose."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from pydantic import Field

from packshot.blindtest.trials import BlindTestError, BlindTestFolder, Rater, Reply, Trial
from packshot.recipe import Frozen
from packshot.review import account_routes
from packshot.review.access import signed_in
from packshot.review.guard import Guard
from packshot.review.pages import STATIC, page

router = APIRouter()
_AHEAD = 2


class Ask(Frozen):
    """Who rates. With accounts the account's name counts."""

    rater: Rater


class Say(Ask):
    """An answer, and on to the next."""

    reply: Reply


def make_blindtest_app(folder: BlindTestFolder, guard: Guard) -> FastAPI:
    """The pages over one blind test."""
    app = FastAPI(title="packshot", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.folder = folder
    app.state.guard = guard
    app.middleware("http")(guard)
    app.add_exception_handler(BlindTestError, _refusal)
    if guard.accounts is not None:
        app.include_router(account_routes.router)
    app.include_router(router)
    app.add_api_route("/", lambda: RedirectResponse("/blindtest"), methods=["GET"])
    app.mount("/static", StaticFiles(directory=str(STATIC)), name="static")
    return app


def _refusal(request: Request, error: Exception) -> JSONResponse:
    del request
    return JSONResponse({"detail": str(error)}, 404)


@router.get("/api/session")
def session(request: Request) -> dict[str, Any]:
    """Who is at the page, and the token that changes must carry."""
    return {"csrf": request.state.session.csrf, "editor": request.state.identity.name}


@router.get("/blindtest")
def blindtest_page(request: Request) -> HTMLResponse:
    """The test."""
    accounts = request.app.state.guard.accounts is not None
    return page(request, "blindtest.html", rater=signed_in(request).name if accounts else "")


@router.post("/api/blindtest/next")
def following(request: Request, ask: Ask) -> dict[str, Any]:
    """The next trials of a rater; the later ones are for fetching their pictures ahead."""
    return _state(request, ask.rater)


@router.post("/api/blindtest/answer")
def answered(request: Request, say: Say) -> dict[str, Any]:
    """Keeps an answer, then the next trials. Sent twice, it counts once."""
    folder: BlindTestFolder = request.app.state.folder
    folder.answer(_rater(request, say.rater), say.reply)
    return _state(request, say.rater)


@router.get("/blindtest/pictures/{name}")
def picture(request: Request, name: Annotated[str, Field(max_length=40)]) -> FileResponse:
    """One picture, by its random name."""
    folder: BlindTestFolder = request.app.state.folder
    return FileResponse(
        folder.picture(name), media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"}
    )


def _rater(request: Request, named: str) -> str:
    return signed_in(request).name if request.app.state.guard.accounts is not None else named


def _state(request: Request, named: str) -> dict[str, Any]:
    folder: BlindTestFolder = request.app.state.folder
    rater = _rater(request, named)
    waiting = folder.waiting(rater)
    shown = [_as_shown(folder, rater, trial) for trial in waiting[: 1 + _AHEAD]]
    return {"done": len(folder.test.trials) - len(waiting), "all": len(folder.test.trials), "trials": shown}


def _as_shown(folder: BlindTestFolder, rater: str, trial: Trial) -> dict[str, str]:
    studio_left = folder.test.studio_side(rater, trial) == "left"
    left, right = (trial.studio, trial.other) if studio_left else (trial.other, trial.studio)
    return {"id": trial.id, "left": f"/blindtest/pictures/{left}", "right": f"/blindtest/pictures/{right}"}
