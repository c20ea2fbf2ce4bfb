"""Access: the points of OWASP ASVS level 2 that `docs/security.md` lists, each with its test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser
from sqlalchemy import select, update

from packshot.catalog import Catalog
from packshot.review import accounts as kept
from packshot.review.accounts import IDLE, LONGEST, Accounts
from packshot.review.app import make_app
from packshot.review.guard import Guard
from packshot.review.limits import RateLimit
from packshot.review.passwords import NOBODY, hashed, matches, require_strong
from packshot.review.serving import Listening, make_guard
from tests.review.shops import kept_guard, local_guard, open_catalog, served
from tests.review.visits import Visit

WORDS = "seven quiet herons wade"


@pytest.fixture(scope="module")
def fast_hashes() -> Iterator[None]:
    """Cheap costs, so that signing in often stays quick; `test_hashes_cost_what_they_should` has the real ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("packshot.review.passwords._COST", 2**4)
        patch.setattr("packshot.review.accounts.NOBODY", NOBODY.replace("$32768$", "$16$"))
        yield


@pytest.fixture
def catalog(out: Path, fast_hashes: None) -> Catalog:
    del fast_hashes
    opened = open_catalog(out)
    people = Accounts(opened.database)
    for name, role in (("ada", "admin"), ("mia", "manager"), ("eva", "editor")):
        people.add(name, WORDS, role, "the test")  # type: ignore[arg-type]
    return opened


@pytest.fixture
def guard(catalog: Catalog) -> Guard:
    return kept_guard(catalog)


@pytest.fixture
def client(catalog: Catalog, guard: Guard) -> Iterator[TestClient]:
    with TestClient(make_app(catalog, guard), base_url="http://localhost", follow_redirects=False) as opened:
        yield opened


def sign_in(client: TestClient, name: str = "eva", password: str = WORDS) -> Any:
    return client.post("/login", data={"name": name, "password": password})


def token(client: TestClient) -> dict[str, str]:
    return {"X-CSRF-Token": client.get("/api/session").json()["csrf"]}


def audit(catalog: Catalog) -> list[tuple[str, str]]:
    return [(line.who, line.what) for line in Accounts(catalog.database).trail()]


def test_everything_but_the_sign_in_page_and_styles_needs_a_session(client: TestClient) -> None:
    for path in (
        "/review",
        "/api/session",
        "/photos/1/before?long=640",
        "/accounts",
        "/nowhere",
        "/docs",
        "/openapi.json",
    ):
        assert client.get(path).status_code == 401, path
    for path in (
        "/api/take",
        "/api/decide",
        "/api/undo",
        "/photos/1/draft",
        "/photos/1/after",
        "/photos/1/package",
        "/logout",
    ):
        assert client.post(path, json={}).status_code == 401, path
    assert client.get("/review", headers={"Accept": "text/html"}).headers["location"] == "/login"
    assert client.get("/login").status_code == 200
    assert client.get("/static/page.css").status_code == 200


def test_signing_in_and_out(client: TestClient, catalog: Catalog) -> None:
    answer = sign_in(client)
    assert answer.headers["location"] == "/review"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    session = client.cookies["packshot"]
    assert client.get("/review").status_code == 200
    assert client.post("/logout", data={"csrf": token(client)["X-CSRF-Token"]}).status_code == 303
    client.cookies.set("packshot", session)
    assert client.get("/review").status_code == 401
    assert [what for who, what in audit(catalog) if who == "eva"] == ["signed out", "signed in"]


def test_people_sign_in_work_and_sign_out_in_a_browser(chromium: Browser, catalog: Catalog) -> None:
    with served(catalog, kept_guard(catalog)) as address:
        visit = Visit(chromium, address)
        visit.page.get_by_label("Name").fill("ada")
        visit.page.get_by_label("Password").fill(WORDS)
        visit.page.get_by_role("button", name="Sign in").click()
        visit.waits_for_photo()
        visit.press("a")
        visit.all_sent()
        for name in ("Where it stands", "Accounts"):
            visit.page.get_by_role("link", name=name).click()
            assert visit.page.locator("h1").inner_text() == name
        checks = Path(__file__).with_name("page_checks.js").read_text()
        assert visit.page.evaluate(f"{checks} [...pale(), ...unnamed()]") == []
        visit.page.get_by_role("button", name="sign out").click()
        assert visit.page.get_by_label("Password").is_visible()
        assert visit.troubles == []
        visit.close()
    assert ("ada", "signed out") in audit(catalog)


def test_every_sign_in_is_a_new_session_of_256_random_bits(client: TestClient, catalog: Catalog) -> None:
    client.cookies.set("packshot", "chosen-by-somebody-else")
    seen = set()
    for _ in range(3):
        sign_in(client)
        seen.add(client.cookies.get("packshot", domain="localhost.local") or client.cookies.jar._cookies)  # type: ignore[attr-defined]
        client.cookies.clear()
    with catalog.database.reading() as connection:
        tokens = connection.execute(select(kept.sessions.c.token)).scalars().all()
    assert len(set(tokens)) == 3
    assert "chosen-by-somebody-else" not in tokens


def test_wrong_name_wrong_password_and_shut_out_look_the_same(client: TestClient, catalog: Catalog) -> None:
    Accounts(catalog.database).change("mia", "the test", active=False)
    answers = [sign_in(client, "eva", "wrong wrong wrong"), sign_in(client, "nobody"), sign_in(client, "mia")]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert ("eva", "sign-in refused") in audit(catalog)


def test_tries_are_held_back_by_account_and_by_address(client: TestClient) -> None:
    codes = [sign_in(client, "eva", "wrong wrong wrong").status_code for _ in range(7)]
    assert codes == [401] * 5 + [429] * 2
    assert sign_in(client, "eva").status_code == 429
    assert sign_in(client, "mia").status_code == 303
    more = [sign_in(client, f"name-{at}", "wrong wrong wrong").status_code for at in range(15)]
    assert more[-1] == 429


def test_sessions_end_when_idle_when_old_and_when_shut_out(client: TestClient, catalog: Catalog) -> None:
    def age(**times: timedelta) -> None:
        with catalog.database.writing() as connection:
            row = connection.execute(select(kept.sessions)).one()
            values = {name: getattr(row, name) - by for name, by in times.items()}
            connection.execute(update(kept.sessions).values(values))

    sign_in(client)
    assert client.get("/review").status_code == 200
    age(seen_at=IDLE + timedelta(seconds=5))
    assert client.get("/review").status_code == 401
    with catalog.database.writing() as connection:
        connection.execute(kept.sessions.delete())
    sign_in(client)
    age(made_at=LONGEST + timedelta(seconds=5))
    assert client.get("/review").status_code == 401
    with catalog.database.writing() as connection:
        connection.execute(kept.sessions.delete())
    sign_in(client)
    Accounts(catalog.database).set_password("eva", "eight loud herons fly", "ada")
    assert client.get("/review").status_code == 401


def test_changes_need_this_sessions_token_and_this_sites_page(client: TestClient) -> None:
    sign_in(client)
    right = token(client)
    body = {"count": 1}
    assert client.post("/api/take", json=body, headers=right).status_code == 200
    for headers in (
        {},
        {"X-CSRF-Token": "guessed"},
        {**right, "Origin": "https://evil.example"},
        {**right, "Origin": "null"},
        {**right, "Sec-Fetch-Site": "cross-site"},
        {**right, "Sec-Fetch-Site": "same-site"},
    ):
        assert client.post("/api/take", json=body, headers=headers).status_code == 403, headers
    assert client.post("/logout", data={"csrf": "guessed"}).status_code == 403
    assert client.post("/api/take", content="count=1", headers={"Content-Type": "text/plain"}).status_code == 403


def test_another_persons_token_is_no_use(client: TestClient, catalog: Catalog, guard: Guard) -> None:
    sign_in(client)
    with TestClient(make_app(catalog, guard), base_url="http://localhost", follow_redirects=False) as other:
        sign_in(other, "mia")
        assert client.post("/api/take", json={"count": 1}, headers=token(other)).status_code == 403


def test_roles_open_only_their_own_pages(client: TestClient, catalog: Catalog) -> None:
    for name, expected in (("eva", 403), ("mia", 403), ("ada", 200)):
        sign_in(client, name)
        assert client.get("/accounts").status_code == expected
        assert (
            client.get("/manage").status_code
            == client.get("/manage.csv").status_code
            == (403 if name == "eva" else 200)
        )
        form = {"csrf": token(client)["X-CSRF-Token"], "name": f"by-{name}", "password": WORDS + "s", "role": "admin"}
        assert client.post("/accounts", data=form).status_code == (303 if expected == 200 else 403)
        client.cookies.clear()
    assert {account.name for account in Accounts(catalog.database).all()} == {"ada", "mia", "eva", "by-ada"}


def test_an_admin_changes_accounts_and_the_last_one_stays(client: TestClient, catalog: Catalog) -> None:
    sign_in(client, "ada")
    csrf = token(client)["X-CSRF-Token"]
    assert client.post("/accounts/eva", data={"csrf": csrf, "role": "manager"}).status_code == 303
    eva = next(account for account in Accounts(catalog.database).all() if account.name == "eva")
    assert (eva.role, eva.active) == ("manager", False)
    refused = client.post("/accounts/ada", data={"csrf": csrf, "role": "editor", "active": "yes"})
    assert refused.status_code == 422
    assert "last admin" in refused.text
    assert ("ada", "account changed") in audit(catalog)


def test_headers_forbid_foreign_and_inline_scripts_frames_and_sniffing(client: TestClient) -> None:
    sign_in(client, "ada")
    for path in ("/login", "/review", "/accounts", "/static/review.js", "/photos/1/before?long=640", "/nowhere"):
        headers = client.get(path).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
    assert client.get("/review").headers["cache-control"] == "no-store"
    for path in ("/login", "/review", "/accounts"):
        page = client.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", page)


def test_over_tls_cookies_are_bound_to_the_host(catalog: Catalog) -> None:
    listening = Listening("0.0.0.0", hosts=("studio.example",), certificate=Path("a.pem"), private_key=Path("b.pem"))
    guard = make_guard(catalog, listening, None, accounts=True)
    with TestClient(make_app(catalog, guard), base_url="https://studio.example", follow_redirects=False) as client:
        answer = sign_in(client)
        assert answer.headers["set-cookie"].startswith("__Host-packshot=")
        assert "secure" in answer.headers["set-cookie"].lower()
        assert "max-age" in answer.headers["strict-transport-security"]


def test_other_host_names_are_not_answered(client: TestClient) -> None:
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "[::1", "evil.example:8765"):
        assert client.get("/login", headers={"Host": host}).status_code == 421, host
    for host in ("localhost", "localhost:1234", "127.0.0.1:80", "[::1]:80"):
        assert client.get("/login", headers={"Host": host}).status_code == 200, host


def test_without_accounts_only_this_machine_is_served(out: Path) -> None:
    with open_catalog(out) as catalog:
        assert make_guard(catalog, Listening("127.0.0.1"), "anna", accounts=False).accounts is None
        with pytest.raises(ValueError, match="no admin yet"):
            make_guard(catalog, Listening("0.0.0.0"), "anna", accounts=False)
        with pytest.raises(ValueError, match="no admin yet"):
            make_guard(catalog, Listening("127.0.0.1"), "anna", accounts=True)


def test_pages_for_one_machine_still_want_their_own_token(out: Path) -> None:
    with TestClient(make_app(open_catalog(out), local_guard()), base_url="http://localhost") as client:
        assert client.post("/api/take", json={"count": 1}).status_code == 403
        assert client.get("/login").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd", "/static/%00",
     "/photos/../../etc/passwd", "/photos/1%2f..%2f2/before?long=640", "/photos/1/recipes?long=640"],
)  # fmt: skip
def test_no_path_leads_out(client: TestClient, path: str) -> None:
    sign_in(client)
    assert client.get(path).status_code in (404, 422)


@pytest.mark.parametrize("word", ["' OR 1=1 --", '"; DROP TABLE photos; --', "\x00", "%", "a" * 64])
def test_filters_are_values_never_statements(client: TestClient, catalog: Catalog, word: str) -> None:
    sign_in(client)
    waiting = catalog.counters().waiting
    for name in ("category", "reason"):
        answer = client.post("/api/take", json={"count": 5, "filter": {name: word}}, headers=token(client))
        assert answer.json()["cards"] == []
    assert catalog.counters().waiting == waiting
    assert sign_in(client, word).status_code in (401, 429)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "{{ 7 * 7 }}", "../x", "a b", ""])
def test_names_that_could_be_markup_are_no_account_names(catalog: Catalog, name: str) -> None:
    with pytest.raises(ValueError):
        Accounts(catalog.database).add(name, WORDS, "editor", "the test")


def test_what_is_too_large_or_says_no_length_is_not_read(client: TestClient) -> None:
    sign_in(client)
    headers = {**token(client), "Content-Type": "application/json"}
    assert client.post("/api/take", content=b"x" * 8_000_001, headers=headers).status_code == 413
    assert client.post("/api/take", content=iter([b"{}"]), headers=headers).status_code == 411
    assert client.post("/login", data={"name": "eva", "password": "x" * 200_000}).status_code == 413
    assert client.put("/review").status_code == 405


def test_uploads_and_requests_are_limited(client: TestClient, guard: Guard) -> None:
    sign_in(client)
    headers = token(client)
    guard.uploads = RateLimit(2, 0)
    codes = [client.post("/photos/1/after", files={"after": b"x"}, headers=headers).status_code for _ in range(3)]
    assert codes == [422, 422, 429]
    guard.requests = RateLimit(3, 0)
    assert [client.get("/review").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_limits_fill_up_again_and_forget_old_keys() -> None:
    now = [0.0]
    limit = RateLimit(2, 0.5, lambda: now[0])
    assert [limit.allows("a") for _ in range(3)] == [True, True, False]
    assert limit.allows("b")
    now[0] = 2.0
    assert [limit.allows("a") for _ in range(2)] == [True, False]
    for at in range(20_000):
        limit.allows(str(at))
    assert len(limit._left) <= 10_000


def test_hashes_cost_what_they_should() -> None:
    text = hashed(WORDS)
    name, cost, block, parallel, *_ = text.split("$")
    assert (name, int(block), int(parallel)) == ("scrypt", 8, 3)
    assert int(cost) in (2**15, 2**4)  # other tests of this file may hash cheaply
    assert Path(__file__).parents[2].joinpath("packshot/review/passwords.py").read_text().count("2**15, 8, 3") == 1
    assert matches(WORDS, text)
    assert not matches(WORDS + " ", text)
    assert hashed(WORDS) != text
    assert matches("Ångström and café", hashed("Ångström and café"))


@pytest.mark.parametrize(
    "weak",
    ["short", "password1234", "Passw0rd!!!!", "aaaaaaaaaaaaaaa", "123456789012", "abcdefghijklmn", "eva loves cats",
     "qwertyuiop12", "letmeinletmein", "x" * 129],
)  # fmt: skip
def test_passwords_that_are_tried_first_are_refused(weak: str) -> None:
    with pytest.raises(ValueError):
        require_strong(weak, "eva")


@pytest.mark.parametrize(
    "strong", [WORDS, "correct horse battery", "ключ от старого дома", "9f!x 2Lq_ wW3e", "y" * 60 + "axbdz"]
)
def test_long_passwords_of_any_kind_are_taken(strong: str) -> None:
    require_strong(strong, "eva")
