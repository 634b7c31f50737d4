"""Too often: who is stopped, for how long, what they are told, and that a table that does not answer stops nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from yinji.clearance import codes
from yinji.identity.session import Session, signing_keys
from yinji.messages import stop
from yinji.platform import clock, counter, limits
from yinji.platform.limits import Limit
from yinji.platform.problem import Problem

from tests import portal
from tests.functions.conftest import STUDENT, Cloud, officer
from tests.functions.test_feed_pages import AUDITOR
from tests.functions.test_portal import certified
from tests.graduates import LIN
from tests.sessions import cookie

LONGEST = max(limit.seconds for limit in limits.LIMITS)
AT = datetime.fromtimestamp(clock.now().timestamp() // LONGEST * LONGEST + 10, UTC)
"""Ten seconds into a window of every limit."""
FEW, OTHERS = Limit("few", 3, 60), Limit("others", 3, 60)
ADMINISTRATOR = Session("A0001", "administrator", "x")


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on AWS, but so that a test need not ask a thousand times; and the clock stands."""
    monkeypatch.setenv("YINJI_LIMIT_FACTOR", "1")
    monkeypatch.setattr(clock, "now", lambda: AT)
    monkeypatch.setattr(Limit, "most", property(lambda limit: 3), raising=False)


@pytest.fixture
def emitted(capsys: pytest.CaptureFixture[str]) -> Callable[[str], list[dict[str, Any]]]:
    """The values of a metric emitted since, with their dimensions."""

    def read(name: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
        return [line for line in lines if name in line]

    return read


def hits(limit: Limit, whom: str, times: int) -> list[str]:
    """What each of so many requests came to: "in", or the problem's code."""
    found: list[str] = []
    for _ in range(times):
        try:
            counter.hit(limit, whom)
            found.append("in")
        except Problem as problem:
            found.append(problem.code)
    return found


def items(cloud: Cloud) -> list[dict[str, Any]]:
    return cloud.dynamodb.scan(TableName="Limits")["Items"]


# --- counting ------------------------------------------------------------------------------------------------


def test_as_many_as_may_are_let_in_and_no_more(cloud: Cloud) -> None:
    assert hits(FEW, "me", 5) == ["in", "in", "in", "too-often", "too-often"]
    assert hits(FEW, "somebody else", 3) == ["in", "in", "in"]
    assert hits(OTHERS, "me", 3) == ["in", "in", "in"]


def test_it_is_over_when_the_window_is(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    hits(FEW, "me", 4)
    with pytest.raises(Problem) as told:
        counter.hit(FEW, "me")
    seconds = told.value.params["seconds"]
    assert seconds == 50
    monkeypatch.setattr(clock, "now", lambda: AT + timedelta(seconds=seconds - 1))
    assert hits(FEW, "me", 1) == ["too-often"]
    monkeypatch.setattr(clock, "now", lambda: AT + timedelta(seconds=seconds))
    assert hits(FEW, "me", 4) == ["in", "in", "in", "too-often"]


def test_one_request_is_one_update_and_reads_nothing(cloud: Cloud, counted: Callable[[], list[str]]) -> None:
    hits(FEW, "me", 4)
    assert counted() == ["UpdateItem"] * 4


def test_what_is_kept_goes_with_its_window_and_names_nobody(cloud: Cloud) -> None:
    counter.hit(FEW, LIN.student)
    counter.hit_from(FEW, "203.0.113.7")
    kept = items(cloud)
    assert len(kept) == 2
    for item in kept:
        assert item.keys() == {"pk", "hits", "expires_at"} and item["hits"] == {"N": "1"}
        assert int(item["expires_at"]["N"]) == AT.timestamp() + 50
        assert LIN.student not in str(item) and "203.0.113" not in str(item)


def test_addresses_are_hashed_by_a_key_of_the_day(cloud: Cloud) -> None:
    window, address = FEW.window(AT), "203.0.113.7"
    counter.hit_from(FEW, address)
    [item] = items(cloud)
    assert item["pk"]["S"] == limits.key(FEW, address, window, limits.of_the_day(signing_keys()[0], AT))
    assert item["pk"]["S"] != limits.key(FEW, address, window), "a key that everybody has keeps nothing secret"
    morning = datetime(2026, 6, 20, 1, tzinfo=UTC)
    assert limits.of_the_day("x", morning) == limits.of_the_day("x", morning + timedelta(hours=14))
    assert limits.of_the_day("x", morning) != limits.of_the_day("x", morning + timedelta(days=1))
    assert limits.of_the_day("x", morning) != limits.of_the_day("y", morning)


def test_a_deployment_may_raise_all_of_them(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINJI_LIMIT_FACTOR", "2")
    assert hits(FEW, "me", 7) == ["in"] * 6 + ["too-often"]


def test_a_table_that_does_not_answer_stops_nobody_and_is_told(
    cloud: Cloud, emitted: Callable[[str], list[dict[str, Any]]]
) -> None:
    cloud.dynamodb.delete_table(TableName="Limits")
    cloud.open(LIN)
    assert hits(FEW, "me", 5) == ["in"] * 5
    assert cloud.act(STUDENT, "exit-survey", "answer", teaching="5", services="4").status == 200
    told = emitted("LimitsUnreachable")
    assert len(told) == 6
    assert {one["service"] for one in told} == {"limits"}


def test_an_address_is_what_our_own_door_saw() -> None:
    cloudfront = "130.176.0.1"
    assert limits.address_of(f"203.0.113.7, {cloudfront}", cloudfront) == "203.0.113.7"
    assert limits.address_of(f"10.0.0.1, 203.0.113.7, {cloudfront}", cloudfront) == "203.0.113.7"
    assert limits.address_of("203.0.113.7", "203.0.113.7") == limits.address_of("", "203.0.113.7") == "203.0.113.7"
    assert limits.address_of("2001:db8:1:2:3::4", "") == limits.address_of("2001:db8:1:2:ffff::9", "")
    assert limits.address_of("2001:db8:1:3::4", "") != limits.address_of("2001:db8:1:2::9", "")
    assert limits.address_of("<script>", "") == limits.address_of("", "") == ""
    assert limits.address_of("nonsense", "203.0.113.7") == "203.0.113.7"


def test_the_names_of_limits_are_different() -> None:
    assert len({limit.name for limit in limits.LIMITS}) == len(limits.LIMITS)


# --- who is counted ------------------------------------------------------------------------------------------


def preferences(cloud: Cloud, who: Session, language: str = "zh", form: bool = False) -> Any:
    fields = {"language": "en"}
    return cloud.call(
        "messages/inbox",
        who,
        "POST",
        "/api/messages/preferences",
        [*fields.items(), ("next", "/messages/preferences")] if form else fields,
        headers={"accept-language": language},
    )


def test_a_student_is_told_so_in_their_language_and_when_to_come_again(
    cloud: Cloud, emitted: Callable[[str], list[dict[str, Any]]]
) -> None:
    assert [preferences(cloud, STUDENT).status for _ in range(4)] == [200, 200, 200, 429]
    chinese, english = preferences(cloud, STUDENT), preferences(cloud, STUDENT, "en")
    for answer in (chinese, english):
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Retry-After"] == "50" and answer.json["code"] == "too-often"
        assert answer.json["seconds"] == 50 and "50" in answer.json["detail"]
    assert "频繁" in chinese.json["title"] and "too often" in english.json["title"]
    form = preferences(cloud, STUDENT, form=True)
    assert form.status == 303 and "problem=too-often" in form.headers["Location"]
    assert portal.visit(form.headers["Location"], STUDENT).body.count("频繁") == 1
    told = emitted("RequestsLimited")
    assert [(one["service"], one["limit"]) for one in told] == [("limits", "student-writes")] * 4
    # somebody else goes on, and so do they in what only reads
    assert preferences(cloud, officer("library")).status == 200
    assert cloud.call("messages/inbox", STUDENT, "GET", "/api/messages").status == 200


def test_officers_are_counted_by_person_one_by_one_or_many_at_once(cloud: Cloud) -> None:
    cloud.open(LIN)
    who = officer("library")
    path = "/api/clearance/steps/library-loans/sign-off"
    body = {"cases": [{"student": LIN.student, "step_version": 0}] * 2}
    told = [cloud.call("clearance/steps/library_loans", who, "POST", path, body).status for _ in range(3)]
    assert told == [400] * 3
    assert cloud.act(who, "library-loans", "sign-off").status == 429
    assert preferences(cloud, who).status == 429, "whichever function is asked"
    assert cloud.act(officer("finance"), "tuition", "sign-off").status != 429


def test_nothing_is_changed_by_what_came_too_often(cloud: Cloud) -> None:
    cloud.open(LIN)
    for _ in range(3):
        preferences(cloud, STUDENT)
    before = cloud.case()
    assert cloud.act(STUDENT, "exit-survey", "answer", teaching="5", services="4").status == 429
    assert cloud.case() == before


def test_another_sites_page_does_not_use_up_what_somebody_may(cloud: Cloud) -> None:
    for _ in range(5):
        answer = cloud.call(
            "messages/inbox", STUDENT, "POST", "/api/messages/preferences", {}, headers={"sec-fetch-site": "cross-site"}
        )
        assert answer.status == 403
    assert items(cloud) == []


def test_roles_and_the_register_are_counted_by_themselves(cloud: Cloud) -> None:
    take = {"to": "T0002", "key": "counsellor#S01"}
    for _ in range(3):
        path = "/api/account/lent/take-back"
        assert cloud.call("identity/account", ADMINISTRATOR, "POST", path, take).status == 404
    grant = {"name": "x", "role": "auditor"}
    assert cloud.call("identity/people", ADMINISTRATOR, "POST", "/api/people/T0100/grants", grant).status == 429


def test_lists_and_histories_as_files_are_counted_together(cloud: Cloud) -> None:
    cloud.open(LIN)
    season = "/api/clearance/exports/season.csv"
    assert [cloud.call("clearance/exports", AUDITOR, "GET", season).status for _ in range(2)] == [200, 200]
    history = f"/api/clearance/cases/{LIN.student}/audit.json"
    told = [cloud.call("clearance/audit_export", AUDITOR, "GET", history).status for _ in range(2)]
    assert told == [200, 429]
    assert cloud.call("clearance/exports", AUDITOR, "GET", season).headers["Retry-After"]


def test_a_certificate_is_looked_up_so_often_per_address_and_per_code(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YINJI_LIMIT_FACTOR", "100")
    code = certified(cloud)
    monkeypatch.setenv("YINJI_LIMIT_FACTOR", "1")
    place = f"/verify/{code}"
    for number in range(3):
        assert portal.visit(place, **{"X-Forwarded-For": f"203.0.113.{number}"}).status == 200
    refused = portal.visit(place, language="en", **{"X-Forwarded-For": "203.0.113.9"})
    assert refused.status == 429 and refused.headers["Retry-After"] and "too often" in refused.body
    other = codes.new()
    assert portal.visit(f"/verify/{other}", **{"X-Forwarded-For": "203.0.113.9"}).status == 404
    for _ in range(2):
        portal.visit(f"/verify/{codes.new()}", **{"X-Forwarded-For": "203.0.113.9"})
    assert portal.visit(f"/verify/{codes.new()}", **{"X-Forwarded-For": "203.0.113.9"}).status == 429
    assert portal.visit("/verify/nonsense", **{"X-Forwarded-For": "203.0.113.9"}).status == 404, "it asks no table"


def test_a_stop_link_is_followed_so_often_and_forged_ones_cost_nothing(cloud: Cloud) -> None:
    good = f"/api/messages/stop/{stop.token(LIN.student, 'reminders', signing_keys())}"
    for _ in range(5):
        assert cloud.call("messages/stop", None, "POST", "/api/messages/stop/forged").status == 404
    assert items(cloud) == []
    assert [cloud.call("messages/stop", None, "POST", good).status for _ in range(4)] == [200, 200, 200, 429]


@pytest.mark.parametrize("way", ["oidc", "cas"])
def test_who_comes_back_from_signing_in_is_counted_by_address_and_led_to_a_page(cloud: Cloud, way: str) -> None:
    path = f"/api/sign-in/{way}/back?state=forged"
    there = {"x-forwarded-for": "203.0.113.7"}
    codes_told = [
        cloud.call(f"identity/sign_in_{way}", None, "GET", path, headers=there).headers["Location"] for _ in range(4)
    ]
    assert codes_told == ["/sign-in?problem=sign-in-stale"] * 3 + ["/sign-in?problem=too-often"]
    elsewhere = cloud.call(f"identity/sign_in_{way}", None, "GET", path, headers={"x-forwarded-for": "203.0.113.8"})
    assert "sign-in-stale" in elsewhere.headers["Location"]


def test_who_signs_out_too_often_is_signed_out_of_this_browser_all_the_same(cloud: Cloud) -> None:
    held = [f"yinji_session={cookie(STUDENT)}"]
    told = [cloud.call("identity/sign_out", None, "POST", "/api/sign-out", cookies=held) for _ in range(4)]
    assert [one.headers["Location"].split("?")[1] for one in told] == ["done=signed-out"] * 3 + ["problem=too-often"]
    assert all("yinji_session=;" in one.cookies[0] for one in told)
