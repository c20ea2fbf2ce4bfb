"""The guard before every request: right host, known person, own page, not too often, not too large; safe headers after.

Browsers are told to run this site's own scripts and styles and nothing else, so that a photo's name can be no script.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from packshot.photo import PhotoLimits
from packshot.review.accounts import Accounts, Session
from packshot.review.limits import RateLimit

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
OPEN_PATHS = ("/login", "/static/")
JSON_BYTES = 8_000_000
_FORM_BYTES = 100_000

Next = Callable[[Request], Awaitable[Response]]


@dataclass
class Guard:
    """``accounts`` None: pages for this machine only, where ``local`` is at the page.

    ``hosts``: names under which the site may be asked for. ``secure``: served over TLS.
    """

    accounts: Accounts | None
    local: Session
    hosts: frozenset[str] = LOCAL_HOSTS
    secure: bool = False
    requests: RateLimit = field(default_factory=lambda: RateLimit(600, 60))
    uploads: RateLimit = field(default_factory=lambda: RateLimit(20, 0.5))
    by_account: RateLimit = field(default_factory=lambda: RateLimit(5, 1 / 30))
    by_address: RateLimit = field(default_factory=lambda: RateLimit(20, 0.2))

    @property
    def cookie(self) -> str:
        """The session cookie's name; over TLS browsers bind it to this very host."""
        return "__Host-packshot" if self.secure else "packshot"

    async def __call__(self, request: Request, call_next: Next) -> Response:
        """Lets a request pass or answers it; either way with the headers."""
        request.state.session = await run_in_threadpool(self._session, request)
        request.state.identity = request.state.session and request.state.session.identity
        response = self._refusal(request) or await call_next(request)
        for name, value in HEADERS.items():
            response.headers[name] = value
        kept = "no-cache" if request.url.path.startswith("/static/") else "no-store"
        response.headers.setdefault("Cache-Control", kept)
        if self.secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response

    def _session(self, request: Request) -> Session | None:
        if self.accounts is None:
            return self.local
        token = request.cookies.get(self.cookie)
        return self.accounts.session(token) if token else None

    def _refusal(self, request: Request) -> Response | None:
        """Why a request does not pass, or None."""
        if _name_of(request.headers.get("host", "")) not in self.hosts:
            return _no(421, "this server is not reached under that name: start it with --host NAME")
        if not self.requests.allows(self._who(request)):
            return _no(429, "too many requests: wait a moment")
        if request.method not in ("GET", "HEAD", "POST"):
            return _no(405, "only GET and POST are used here")
        if request.state.session is None and not request.url.path.startswith(OPEN_PATHS):
            return _to_sign_in(request)
        return self._post_refusal(request) if request.method == "POST" else None

    def _post_refusal(self, request: Request) -> Response | None:
        if not _same_origin(request):
            return _no(403, "a change must come from this site's own page")
        uploads = request.url.path.endswith("/after")
        length = request.headers.get("content-length", "")
        if not length.isdigit():
            return _no(411, "a request must say its length")
        kind = request.headers.get("content-type", "").partition(";")[0]
        limit = _FORM_BYTES if kind == "application/x-www-form-urlencoded" else JSON_BYTES
        if int(length) > (PhotoLimits().max_bytes + 1_000_000 if uploads else limit):
            return _no(413, "that is larger than what is taken here")
        if uploads and not self.uploads.allows(self._who(request)):
            return _no(429, "too many uploads: wait a moment")
        if kind == "application/x-www-form-urlencoded":
            return None  # its token is in the form, where the page's own handler checks it
        return (
            None if self.own_page(request, request.headers.get("x-csrf-token", "")) else _no(403, "load the page again")
        )

    def own_page(self, request: Request, token: str) -> bool:
        """Whether a change came from a page that this session was given."""
        session: Session | None = request.state.session
        return session is not None and hmac.compare_digest(token.encode(), session.csrf.encode())

    def _who(self, request: Request) -> str:
        session: Session | None = request.state.session
        return address_of(request) if session is None else session.identity.name


def address_of(request: Request) -> str:
    """Where a request comes from."""
    return request.client.host if request.client else "?"


def _name_of(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _same_origin(request: Request) -> bool:
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        return False
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _to_sign_in(request: Request) -> Response:
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("/login", 303)
    return _no(401, "sign in first")


def _no(status: int, sentence: str) -> Response:
    return JSONResponse({"detail": sentence}, status)
