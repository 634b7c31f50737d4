"""What technicians do to incidents: who may, who is first, what is sent twice; and the rota."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from yinji.identity.people import Grant
from yinji.identity.session import ROLES, Session
from yinji.identity.store import People
from yinji.platform import clock
from yinji.repair.incident import Incident, State
from yinji.repair.incidents_store import Incidents
from yinji.repair.rota_store import Rota

from tests.functions.conftest import Cloud, officer
from tests.repairs import campus, keep
from tests.repairs_at_work import file, incident, open_incident, report

ME = Session("N001", "technician", "甲")
COLLEAGUE = Session("N002", "technician", "乙")
OFFICE = officer("network-centre")
ID = "a" * 24
PATH = "/api/repair/incidents"


@pytest.fixture
def fault(cloud: Cloud) -> Incident:
    keep(campus())
    return open_incident(incident())


def act(cloud: Cloud, who: Session | None, deed: str, key: str = "", version: int | None = None, **more: Any) -> Any:
    found = Incidents().find(ID)
    body = {"version": version or (found.version if found else 1), "idempotency_key": key or f"the-key-of-{deed}"}
    return cloud.call("repair/work", who, "POST", f"{PATH}/{ID}/{deed}", body | more)


def now() -> Incident:
    found = Incidents().find(ID)
    assert found
    return found


def test_from_taking_it_to_mending_it(cloud: Cloud, fault: Incident) -> None:
    for deed, state in (
        ("take", "taken"), ("travel", "travelling"), ("need-access", "waiting-access"), ("go-on", "taken"),
        ("need-parts", "waiting-parts"),
    ):  # fmt: skip
        answer = act(cloud, ME, deed)
        assert (answer.status, answer.json["state"], answer.json["technician"]) == (200, state, "N001"), answer.json
    answer = act(cloud, ME, "fix", cause="ap-restarted", note="  已重启，\n请再试 ")
    assert (answer.json["state"], answer.json["found"], answer.json["note"]) == (
        "fixed",
        "ap-restarted",
        "已重启， 请再试",
    )
    assert [one.what for one in Incidents().history(ID)] == [
        "opened", "take", "travel", "need-access", "go-on", "need-parts", "fix",
    ]  # fmt: skip
    assert len(now().waits) == 4
    assert act(cloud, OFFICE, "close").json["state"] == "closed"


def test_what_is_sent_again_is_answered_as_it_was(cloud: Cloud, fault: Incident) -> None:
    first = act(cloud, ME, "take", version=1)
    again = act(cloud, ME, "take", version=1)
    assert again.json["version"] == first.json["version"] == 2
    act(cloud, ME, "hand-over", why="shift-over", version=2)
    # it is nobody's by now, and the handing over that comes again is no other one
    again = act(cloud, ME, "hand-over", why="shift-over", version=2)
    assert (again.status, again.json["state"], again.json["version"]) == (200, "open", 3)
    # nor does a take from before take it again
    assert act(cloud, ME, "take", version=1).json["state"] == "open"
    assert len(Incidents().history(ID)) == 3


def test_of_two_who_take_it_one_has_it_and_the_other_is_told_who(cloud: Cloud, fault: Incident) -> None:
    technicians = [Session(f"N{number:03}", "technician", str(number)) for number in range(1, 9)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda who: act(cloud, who, "take", f"key-of-{who.sub}", version=1), technicians))
    [winner] = [one for one in answers if one.status == 200]
    others = [one for one in answers if one.status != 200]
    assert len(others) == 7 and now().technician == winner.json["technician"] and now().version == 2
    for one in others:
        assert (one.status, one.json["code"], one.json["by"]) == (409, "incident-taken", now().technician)
    assert [one.what for one in Incidents().history(ID)] == ["opened", "take"]


def test_the_same_tap_that_comes_twice_at_once_is_one(cloud: Cloud, fault: Incident) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: act(cloud, ME, "take", version=1), range(4)))
    assert {(one.status, one.json["version"]) for one in answers} == {(200, 2)}
    assert len(Incidents().history(ID)) == 2


def test_reports_that_join_meanwhile_keep_nobody_from_working(cloud: Cloud, fault: Incident) -> None:
    store = Incidents()
    joined = replace(fault, version=2, reports=4, changed_at=clock.now())
    assert store.change(joined, replace(store.history(ID)[0], key="joined", what="joined", at=clock.now()))
    assert act(cloud, ME, "take", version=1).status == 200
    assert now().reports == 4
    # but who closes it has to have seen them
    answer = act(cloud, OFFICE, "close", version=1)
    assert (answer.status, answer.json["code"]) == (409, "incident-moved-on")


def test_only_who_has_it_goes_on_with_it(cloud: Cloud, fault: Incident) -> None:
    for deed, more in (("travel", {}), ("fix", {"cause": "other"}), ("hand-over", {"why": "other"})):
        answer = act(cloud, ME, deed, **more)
        assert (answer.status, answer.json["code"]) == (409, "incident-moved-on"), deed
    act(cloud, ME, "take")
    for deed, more in (
        ("take", {}), ("travel", {}), ("need-access", {}), ("fix", {"cause": "other"}), ("hand-over", {"why": "other"}),
    ):  # fmt: skip
        answer = act(cloud, COLLEAGUE, deed, **more)
        assert (answer.status, answer.json["code"], answer.json["by"]) == (409, "incident-taken", "N001"), deed
    assert act(cloud, ME, "close").status == 403
    assert act(cloud, OFFICE, "travel").json["technician"] == "N001"
    # who has it and taps once more, from another page, has it still
    assert act(cloud, ME, "take", "from another page").json["state"] == "travelling"


def test_what_is_over_is_not_worked_on(cloud: Cloud, fault: Incident) -> None:
    act(cloud, OFFICE, "close")
    for deed in ("take", "travel"):
        answer = act(cloud, ME, deed)
        assert (answer.status, answer.json["code"], answer.json["state"]) == (409, "incident-moved-on", "closed")


@pytest.mark.parametrize("role", ROLES)
def test_roles(cloud: Cloud, fault: Incident, role: str) -> None:
    who = Session("X001", role, "x", department="network-centre" if role == "department-officer" else "")  # type: ignore[arg-type]
    sees = role in ("technician", "department-officer", "administrator", "auditor")
    manages = role in ("department-officer", "administrator")
    assert cloud.call("repair/work", who, "GET", PATH).status == (200 if sees else 403)
    assert cloud.call("repair/work", who, "GET", f"{PATH}/{ID}").status == (200 if sees else 403)
    assert cloud.call("repair/rota", who, "GET", "/api/repair/rota").status == (200 if sees else 403)
    assert act(cloud, who, "take").status == (200 if role == "technician" else 403)
    assert act(cloud, who, "close").status == (200 if manages else 403)
    answer = cloud.call("repair/rota", who, "POST", "/api/repair/rota/N001", {"areas": "north"})
    assert answer.status == (422 if manages else 403)
    for path in ("/api/repair/rota/N001/day", "/api/repair/rota/N001/leave"):
        assert (cloud.call("repair/rota", who, "POST", path, {}).status == 403) is not manages


def test_another_office_sees_nothing(cloud: Cloud, fault: Incident) -> None:
    assert cloud.call("repair/work", officer("library"), "GET", PATH).status == 403
    assert act(cloud, officer("library"), "close").status == 403
    assert cloud.call("repair/work", None, "GET", PATH).status == 401


def test_how_to_reach_a_reporter_is_told_to_technicians_until_it_is_over(
    cloud: Cloud, fault: Incident, capsys: pytest.CaptureFixture[str]
) -> None:
    file(report("1", contact="13800001111", text="上不了网", incident=ID))
    path = f"{PATH}/{ID}"
    told = cloud.call("repair/work", ME, "GET", path).json
    assert [one["contact"] for one in told["filed"]] == ["13800001111"]
    assert told["filed"][0]["text"] == "上不了网" and [one["what"] for one in told["history"]] == ["opened"]
    assert cloud.call("repair/work", OFFICE, "GET", path).json["filed"][0]["contact"] is None
    act(cloud, OFFICE, "close")
    assert cloud.call("repair/work", ME, "GET", path).json["filed"][0]["contact"] is None
    out = capsys.readouterr()
    assert "13800001111" not in out.out + out.err


@pytest.mark.parametrize(
    ("deed", "more", "fields"),
    [
        ("fix", {}, {"cause"}),
        ("fix", {"cause": "magic"}, {"cause"}),
        ("fix", {"cause": "switch-replaced"}, {"cause"}),
        ("fix", {"cause": "other", "note": "x" * 301}, {"note"}),
        ("fix", {"cause": "other", "note": "a\u202eb"}, {"note"}),
        ("hand-over", {}, {"why"}),
        ("hand-over", {"why": "he is lazy"}, {"why"}),
    ],
)
def test_what_has_to_be_said(cloud: Cloud, fault: Incident, deed: str, more: dict[str, Any], fields: set[str]) -> None:
    act(cloud, ME, "take")
    answer = act(cloud, ME, deed, **more)
    assert (answer.status, answer.json["code"]) == (422, "invalid-form")
    assert {one["field"] for one in answer.json["errors"]} == fields and now().state == "taken"


@pytest.mark.parametrize("version", ["", "x", "-1", "1" * 20, "１"])
def test_versions_that_are_none(cloud: Cloud, fault: Incident, version: str) -> None:
    body = {"version": version, "idempotency_key": "k" * 8}
    assert cloud.call("repair/work", ME, "POST", f"{PATH}/{ID}/take", body).status == 400


def test_what_there_is_not(cloud: Cloud, fault: Incident) -> None:
    body = {"version": 1, "idempotency_key": "k" * 8}
    for path in (
        f"{PATH}/{ID}/confirm",
        f"{PATH}/{ID}/explode",
        f"{PATH}/{'b' * 24}/take",
        f"{PATH}/{'x' * 3000}/take",
    ):
        assert cloud.call("repair/work", ME, "POST", path, body).status == 404
    assert cloud.call("repair/work", ME, "GET", f"{PATH}/nothing").status == 404


def test_of_one_area(cloud: Cloud, fault: Incident) -> None:
    open_incident(incident("b" * 24, area="north-east"))
    for area, expected in (("", 2), ("north", 1), ("north-east", 1), ("south", 0)):
        answer = cloud.call("repair/work", ME, "GET", f"{PATH}?area={area}")
        assert len(answer.json["incidents"]) == expected


def test_a_form_goes_back_to_its_page(cloud: Cloud, fault: Incident) -> None:
    form = [("version", "1"), ("idempotency_key", "k" * 8), ("next", f"/repair/incidents/{ID}#notice")]
    answer = cloud.call("repair/work", ME, "POST", f"{PATH}/{ID}/take", form)
    assert answer.status == 303 and answer.headers["Location"] == f"/repair/incidents/{ID}?done=repair-work.take#notice"
    answer = cloud.call("repair/work", COLLEAGUE, "POST", f"{PATH}/{ID}/take", form)
    assert "problem=incident-taken" in answer.headers["Location"] and "N001" not in answer.headers["Location"]


@pytest.mark.parametrize("state", ["taken", "waiting-access", "open"])
def test_the_office_gives_work_out(cloud: Cloud, fault: Incident, state: State) -> None:
    on_rota(cloud, "N002")
    if state != "open":
        act(cloud, ME, "take")
    if state == "waiting-access":
        act(cloud, ME, "need-access")
    answer = act(cloud, OFFICE, "hand-over", to="N002", why="too-much")
    assert (answer.json["state"], answer.json["technician"]) == ("taken", "N002")
    assert len(now().waits) % 2 == 0
    assert Incidents().history(ID)[-1].told == {"to": "N002", "why": "too-much"}


def test_a_technician_hands_over_to_a_colleague_on_the_rota(cloud: Cloud, fault: Incident) -> None:
    act(cloud, ME, "take")
    answer = act(cloud, ME, "hand-over", to="N002", why="other-skill")
    assert (answer.status, answer.json["code"]) == (422, "no-such-colleague")
    on_rota(cloud, "N002")
    assert act(cloud, ME, "hand-over", to="N002", why="other-skill").json["technician"] == "N002"
    assert act(cloud, ME, "travel").json["by"] == "N002"


# --- the rota ------------------------------------------------------------------------------------------------


def on_rota(cloud: Cloud, staff: str, **more: str) -> Any:
    People().grant(staff, Grant("technician"))
    People().name(staff, f"name of {staff}")
    form = {"areas": "north", "skill.wireless": "yes", **{f"weekday.{day}": "yes" for day in range(5)}} | more
    answer = cloud.call("repair/rota", OFFICE, "POST", f"/api/repair/rota/{staff}", form)
    assert answer.status == 200, answer.json
    return answer.json


def test_who_is_put_on_the_rota_is_on_it(cloud: Cloud) -> None:
    told = on_rota(cloud, "N001")
    assert (told["name"], told["areas"], told["skills"], told["weekdays"]) == (
        "name of N001", ["north"], ["wireless"], [0, 1, 2, 3, 4],
    )  # fmt: skip
    on_rota(cloud, "N001")
    on_rota(cloud, "N002", areas="south")
    found = Rota().find("N001")
    assert found and found.version == 1
    told = cloud.call("repair/rota", ME, "GET", "/api/repair/rota").json
    assert [one["staff"] for one in told["technicians"]] == ["N001", "N002"]
    assert cloud.call("repair/rota", OFFICE, "POST", "/api/repair/rota/N001/leave", {}).status == 200
    assert [one.staff for one in Rota().every()] == ["N002"]


def test_nobody_else_is_put_on_it(cloud: Cloud) -> None:
    People().grant("T0001", Grant("counsellor", school="S01"))
    for staff in ("N009", "T0001", "", "x" * 3000):
        body = {"staff": staff, "areas": "north"}
        answer = cloud.call("repair/rota", OFFICE, "POST", "/api/repair/rota", body)
        assert (answer.status, answer.json["code"]) == (422, "no-such-colleague")
    assert Rota().every() == []


def test_single_days(cloud: Cloud) -> None:
    on_rota(cloud, "N001")
    path = "/api/repair/rota/N001/day"
    body = {"day": "2026-06-20", "duty": "on"}
    assert cloud.call("repair/rota", OFFICE, "POST", path, body).json["days_on"] == ["2026-06-20"]
    told = cloud.call("repair/rota", OFFICE, "POST", path, body | {"duty": "off"}).json
    assert (told["days_on"], told["days_off"]) == ([], ["2026-06-20"])
    for wrong in ({"day": "soon"}, {"duty": "maybe"}):
        assert cloud.call("repair/rota", OFFICE, "POST", path, body | wrong).status == 422
    assert cloud.call("repair/rota", OFFICE, "POST", "/api/repair/rota/N009/day", body).status == 404


def test_of_two_who_change_the_rota_one_looks_again(cloud: Cloud) -> None:
    on_rota(cloud, "N001")
    found = Rota().find("N001")
    assert found
    assert Rota().put(replace(found, version=2, areas=("south",)))
    assert not Rota().put(replace(found, version=2, areas=("east",)))
