"""Who may come in, how a session ends, and that forms of other sites do nothing."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, update

from hq_server.console.sign_in.attempts import FREE_FAILURES, WAIT_FIRST
from hq_server.console.sign_in.sessions import SESSION_COOKIE, SESSION_LIFE
from hq_server.console.visiting import safe_next
from hq_server.database.models import ConsoleSession, ConsoleUser
from tests.hq_server.console.franchise_day import PASSWORD, add_people
from tests.hq_server.console.visiting import Visit, visit
from tests.hq_server.served import ServedHq


@pytest.fixture
def people(hq: ServedHq) -> ServedHq:
    add_people(hq)
    return hq


def test_nobody_sees_a_page_without_signing_in(people: ServedHq) -> None:
    stranger = visit(people.url)
    for path in (
        "/",
        "/members",
        "/settlement?from=2026-11-23",
        "/exceptions",
        "/tills",
        "/promotions",
        "/receipts/S01-T1/1/1",
    ):
        answer = stranger.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/console/sign-in?next=%2Fconsole%2F")


def test_the_root_leads_to_the_console(people: ServedHq) -> None:
    assert httpx.get(people.url, follow_redirects=True).url.path == "/console/sign-in"


def test_signing_in_leads_back_to_the_page_that_was_wanted(people: ServedHq) -> None:
    stranger = visit(people.url)
    wanted = stranger.get("/settlement?from=2026-11-23").headers["location"].removeprefix("/console")
    assert stranger.send(wanted, "/sign-in", login="boss", password=PASSWORD).headers["location"] == (
        "/console/settlement?from=2026-11-23"
    )


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil", "/v1/x", "", "/console/\r\nX: y"]
)
def test_signing_in_leads_nowhere_else(elsewhere: str) -> None:
    assert safe_next(elsewhere) == "/console/"


def test_a_wrong_password_and_an_unknown_login_are_told_alike(people: ServedHq) -> None:
    stranger = visit(people.url)
    wrong = stranger.send("/sign-in", "/sign-in", login="boss", password="not-the-password")
    unknown = stranger.send("/sign-in", "/sign-in", login="nobody", password="not-the-password")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.text.replace("boss", "nobody") == unknown.text


def test_guessing_passwords_has_to_wait(people: ServedHq) -> None:
    stranger = visit(people.url)
    for _ in range(FREE_FAILURES):
        assert stranger.send("/sign-in", "/sign-in", login="boss", password="guess").status_code == 401
    assert stranger.send("/sign-in", "/sign-in", login="boss", password=PASSWORD).status_code == 429
    people.clock.at += WAIT_FIRST
    assert stranger.send("/sign-in", "/sign-in", login="BOSS ", password=PASSWORD).status_code == 303


def test_the_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(people: ServedHq) -> None:
    answer = visit(people.url).send("/sign-in", "/sign-in", login="boss", password=PASSWORD)
    cookie = next(each for each in answer.headers.get_list("set-cookie") if each.startswith(SESSION_COOKIE))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/console" in cookie


def test_the_database_does_not_hold_what_the_cookie_says(people: ServedHq) -> None:
    boss = visit(people.url, "boss")
    with people.database.read() as session:
        stored = session.scalars(select(ConsoleSession.token_hash)).all()
    assert len(stored) == 1
    assert stored[0] not in boss.client.cookies[SESSION_COOKIE]


def test_a_session_ends_by_signing_out_by_time_and_with_the_user(people: ServedHq) -> None:
    leaving, staying, dismissed = (visit(people.url, login) for login in ("boss", "sun", "liu"))
    kept = leaving.client.cookies[SESSION_COOKIE]
    assert leaving.send("/tills", "/sign-out").status_code == 303
    leaving.client.cookies.set(SESSION_COOKIE, kept, path="/console")
    assert leaving.get("/").status_code == 303
    with people.database.write() as session:
        session.execute(update(ConsoleUser).where(ConsoleUser.login == "liu").values(active=False))
    assert dismissed.get("/").status_code == 303
    assert staying.get("/").status_code == 200
    people.clock.at += SESSION_LIFE + timedelta(seconds=1)
    assert staying.get("/").status_code == 303


def test_a_made_up_cookie_is_nobody(people: ServedHq) -> None:
    stranger = visit(people.url)
    stranger.client.cookies.set(SESSION_COOKIE, "ImFkbWluIg.c2lnbmVk", path="/console")
    assert stranger.get("/").status_code == 303


def test_a_form_without_this_sessions_token_does_nothing(people: ServedHq) -> None:
    boss, other = visit(people.url, "boss"), visit(people.url, "sun")
    for data in ({}, {"csrf_token": ""}, {"csrf_token": _token(other)}):
        for to in ("/tills/codes", "/sign-out", "/tills/S01-T1/stop"):
            answer = boss.client.post(f"/console{to}", data={"store": "S01", **data})
            assert answer.status_code == 403, to
            assert "Nothing was changed" in answer.text
    assert boss.get("/").status_code == 200


def _token(of: Visit) -> str:
    with_form = of.page("/tills")
    return with_form.partition('name="csrf_token" value="')[2].partition('"')[0]


def test_the_sign_in_form_of_another_browser_is_refused(people: ServedHq) -> None:
    one, two = visit(people.url), visit(people.url)
    token = one.page("/sign-in").partition('name="form_token" value="')[2].partition('"')[0]
    two.get("/sign-in")
    answer = two.client.post("/console/sign-in", data={"login": "boss", "password": PASSWORD, "form_token": token})
    assert answer.status_code == 403


def test_a_page_that_renews_itself_goes_to_the_sign_in_when_the_session_is_over(people: ServedHq) -> None:
    answer = visit(people.url).get(
        "/live", **{"hx-request": "true", "hx-current-url": f"{people.url}/console/?store=S01"}
    )
    assert answer.status_code == 204
    assert answer.headers["hx-redirect"] == "/console/sign-in?next=%2Fconsole%2F%3Fstore%3DS01"


def test_every_answer_forbids_scripts_from_elsewhere(people: ServedHq) -> None:
    boss = visit(people.url, "boss")
    for path in ("/", "/sign-in", "/nowhere", "/settlement?from=no-date", "/static/console.css"):
        policy = boss.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert boss.get(path).headers["x-content-type-options"] == "nosniff"
