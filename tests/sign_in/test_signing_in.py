"""Signing in by a real OpenID provider and by a real CAS server: the same for whoever does it, whichever it is."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sign_in import Identity
from sign_in import oidc as protocol
from sign_in.oidc import Provider
from yinji.identity.people import Grant
from yinji.identity.store import People
from yinji.platform import clock

from tests import handlers
from tests.functions.conftest import Cloud
from tests.graduates import LIN
from tests.sign_in.conftest import NAMES, NOBODY, OFFICER, PUBLIC, STUDENT, Visitor, arrive, forget
from tests.sign_in.servers import OidcServer

pytestmark = pytest.mark.slow


def problem(answer: Any) -> str:
    place = urlsplit(answer.headers["Location"])
    assert (answer.status, place.path) == (303, "/sign-in")
    return parse_qs(place.query)["problem"][0]


def test_an_officer_comes_in_as_what_the_register_says_and_where_they_wanted(visitor: Visitor) -> None:
    answer = visitor.sign_in(OFFICER, next="%2Fqueues%3Fq%3Dx")
    assert (answer.status, answer.headers["Location"]) == (303, "/queues?q=x")
    session = visitor.session
    assert session and (session.sub, session.role, session.school, session.name) == (
        OFFICER, "counsellor", "S01", NAMES[OFFICER],
    )  # fmt: skip
    assert session.fresh(clock.now())
    assert [one.how for one in People().record(OFFICER).sign_ins] == [visitor.way]
    assert set(visitor.cookies) == {"yinji_session"}, "the attempt is over"


def test_a_student_comes_in_by_their_case_and_nobody_else_does(visitor: Visitor, cloud: Cloud) -> None:
    assert problem(visitor.sign_in(STUDENT)) == "no-role"
    assert visitor.session is None
    cloud.open(LIN)
    answer = visitor.back(visitor.browser.go(visitor.away()))
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert visitor.session and (visitor.session.role, visitor.session.sub) == ("student", STUDENT)


def test_who_is_nobody_here_is_told_so_and_not_signed_in(visitor: Visitor) -> None:
    assert problem(visitor.sign_in(NOBODY)) == "no-role"
    assert not visitor.cookies


def test_who_is_signed_in_at_the_university_need_not_prove_it_again_and_is_not_fresh_for_that(
    visitor: Visitor,
) -> None:
    visitor.sign_in(OFFICER)
    first = visitor.session
    assert first
    time.sleep(1.1)
    assert visitor.back(visitor.browser.go(visitor.away())).status == 303
    second = visitor.session
    assert second and second.id != first.id and second.since >= first.since
    assert second.proved <= first.proved, "they proved nothing this time"


def test_who_is_asked_again_proves_it_again_and_stays_in_their_role(visitor: Visitor) -> None:
    People().grant(OFFICER, Grant("department-officer", department="library"))
    visitor.sign_in(OFFICER)
    first = visitor.session
    assert first
    time.sleep(1.1)
    page = visitor.browser.go(visitor.away(again="1", next="/queues"))
    assert not isinstance(page, str), "they are asked although they are signed in there"
    assert visitor.back(visitor.prove(page, OFFICER)).headers["Location"] == "/queues"
    second = visitor.session
    assert second and second.proved > first.proved and second.fresh(clock.now())
    assert not People().stands(first, clock.today()), "the session before is over: signing out must end all there is"
    assert (second.role, second.school) == (first.role, first.school)


def test_who_answers_the_question_as_somebody_else_is_somebody_else(visitor: Visitor, cloud: Cloud) -> None:
    cloud.open(LIN)
    visitor.sign_in(OFFICER)
    held = visitor.cookies["yinji_session"]
    other = Visitor(cloud, visitor.way)
    other.cookies["yinji_session"] = held
    other.sign_in(STUDENT, again="1")
    assert other.session and (other.session.sub, other.session.role) == (STUDENT, "student")


def test_what_was_got_in_one_browser_is_worth_nothing_in_another(visitor: Visitor, cloud: Cloud) -> None:
    url = visitor.prove(visitor.browser.go(visitor.away()), OFFICER)
    victim = Visitor(cloud, visitor.way)
    assert problem(victim.back(url)) == "sign-in-stale"
    victim.away()
    assert problem(victim.back(url)) == "sign-in-stale"
    assert victim.session is None


def test_what_was_used_once_is_used_up(visitor: Visitor) -> None:
    away = visitor.away()
    held = dict(visitor.cookies)
    url = visitor.prove(visitor.browser.go(away), OFFICER)
    assert visitor.back(url).status == 303 and visitor.session
    visitor.cookies = held
    assert problem(visitor.back(url)) == "sign-in-stale"


def test_an_attempt_takes_ten_minutes_and_not_more(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    from itsdangerous import TimestampSigner

    url = visitor.prove(visitor.browser.go(visitor.away()), OFFICER)
    real = int(time.time())
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: real + 601)
    assert problem(visitor.back(url)) == "sign-in-stale"


@pytest.mark.parametrize("next", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_led_elsewhere(visitor: Visitor, next: str) -> None:
    assert visitor.sign_in(OFFICER, next=urlencode({"": next})[1:]).headers["Location"] == "/"


def test_a_wrong_password_gets_nobody_back(visitor: Visitor) -> None:
    page = visitor.prove(visitor.browser.go(visitor.away()), OFFICER, "" if visitor.way == "oidc" else "wrong")
    assert not isinstance(page, str)


def test_the_universitys_own_sign_in_is_left_on_request(visitor: Visitor) -> None:
    visitor.sign_in(OFFICER)
    page = visitor.browser.go(visitor.ask(f"/api/sign-in/{visitor.way}/leave").headers["Location"])
    if visitor.way == "oidc":  # the provider asks whether they mean it
        page = visitor.browser.fill(page, logout="yes")
    assert isinstance(page, str) and page.startswith(f"{PUBLIC}/sign-in")
    assert not isinstance(visitor.browser.go(visitor.away()), str), "they are asked for their password again"


def test_a_server_that_is_away_is_told_as_that(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    url = visitor.prove(visitor.browser.go(visitor.away()), OFFICER)
    monkeypatch.setenv("YINJI_OIDC_ISSUER", "http://127.0.0.1:9")
    monkeypatch.setenv("YINJI_CAS_URL", "http://127.0.0.1:9")
    forget(visitor.way)
    if visitor.way == "oidc":
        assert problem(visitor.ask("/api/sign-in/oidc")) == "sign-in-unreachable"
    else:
        assert problem(visitor.back(url)) == "sign-in-unreachable"


def test_two_tabs_do_not_get_in_each_others_way(visitor: Visitor) -> None:
    one, two = visitor.away(next="/me"), visitor.away(next="/queues")
    url = visitor.prove(visitor.browser.go(one), OFFICER)
    assert visitor.back(url).headers["Location"] == "/me"
    assert visitor.back(visitor.browser.go(two)).headers["Location"] == "/queues"
    assert visitor.back(url).headers["Location"] == "/", "who presses Back is where they were"


def test_the_number_is_known_however_it_is_written(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    module = handlers.warm(f"identity/sign_in_{visitor.way}")
    found = Identity(OFFICER.lower(), "x", clock.now())
    thing = module.provider() if visitor.way == "oidc" else module.server()
    monkeypatch.setattr(type(thing), "identity", lambda *_: found)
    state = parse_qs(urlsplit(visitor.away()).query).get("state", [""])[0]
    if visitor.way == "cas":
        state = parse_qs(urlsplit(parse_qs(urlsplit(visitor.away()).query)["service"][0]).query)["state"][0]
    assert visitor.ask(f"/api/sign-in/{visitor.way}/back?state={state}").headers["Location"] == "/"
    assert visitor.session and visitor.session.sub == OFFICER


def test_whatever_goes_wrong_a_browser_is_led_to_a_page(visitor: Visitor, cloud: Cloud) -> None:
    url = visitor.prove(visitor.browser.go(visitor.away(next="/queues")), OFFICER)
    cloud.dynamodb.delete_table(TableName="People")
    answer = visitor.back(url)
    assert problem(answer) == "internal" and "next=%2Fqueues" in answer.headers["Location"]


# --- OpenID Connect alone -------------------------------------------------------------------------------------


@pytest.fixture
def oidc(request: pytest.FixtureRequest, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    return arrive(request, cloud, monkeypatch, "oidc")


def test_the_providers_keys_may_change_at_any_time(oidc: Visitor, provider: OidcServer) -> None:
    assert oidc.sign_in(OFFICER).status == 303 and oidc.session
    page = oidc.browser.go(oidc.away(again="1"))
    provider.rotate(keep_old=False)
    oidc.cookies.pop("yinji_session")
    known = handlers.warm("identity/sign_in_oidc").provider()
    known._keys = (known._keys[0] - protocol.KEYS_AGAIN - 1, known._keys[1])
    assert oidc.back(oidc.prove(page, OFFICER)).headers["Location"] == "/"
    assert oidc.session


def test_who_does_not_want_to_is_told_so(oidc: Visitor) -> None:
    url = oidc.browser.fill(oidc.browser.go(oidc.away()), action="cancel", username="", password="")
    assert problem(oidc.back(url)) == "sign-in-denied"


def test_an_answer_of_another_issuer_is_none(oidc: Visitor) -> None:
    url = oidc.prove(oidc.browser.go(oidc.away()), OFFICER)
    issuer = parse_qs(urlsplit(url).query)["iss"][0]
    changed = url.replace(urlencode({"iss": issuer}), urlencode({"iss": "https://other.example"}))
    assert changed != url and problem(oidc.back(changed)) == "sign-in-untrue"


def test_a_code_without_its_verifier_is_worth_nothing(oidc: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    url = oidc.prove(oidc.browser.go(oidc.away()), OFFICER)
    token = Provider._token
    monkeypatch.setattr(Provider, "_token", lambda self, code, verifier: token(self, code, "x" * 43))
    assert problem(oidc.back(url)) == "sign-in-stale"


def test_nothing_that_somebody_wrote_into_an_address_gets_into_the_log(
    oidc: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    held = parse_qs(urlsplit(oidc.away()).query)["state"][0]
    kept, mark = dict(oidc.cookies), "ZZQXJ"
    for query in (
        f"state={held}&error={mark}",
        f"state={mark}&code={mark}",
        f"state={held}&code={mark}",
        f"iss={mark}",
    ):
        assert problem(oidc.ask(f"/api/sign-in/oidc/back?{query}")).startswith("sign-in-")
        oidc.cookies |= kept
    assert mark not in caplog.text
    assert mark not in " ".join(str(vars(record)) for record in caplog.records)
