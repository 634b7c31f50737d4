"""What people and monitors say of incidents: merged and split by hand, alerts, maintenance and announcements, and what
everybody is told of."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from yinji.identity.session import ROLES, Session
from yinji.platform import clock
from yinji.platform.clock import CAMPUS, instant
from yinji.repair import sorting
from yinji.repair.board_store import Boards
from yinji.repair.incident import Incident, done
from yinji.repair.incidents_store import Incidents
from yinji.repair.monitoring import let_in, signals
from yinji.repair.outages import here
from yinji.repair.outages_store import Outages
from yinji.repair.reports_store import Reports

from tests.functions.conftest import Cloud
from tests.functions.test_repair_triage import file, incidents, joined, recent, stream, there
from tests.unit.test_repair_triage import PLACES, ROOMS

__all__ = ["there"]

OFFICER = Session("N0001", "department-officer", "x", department="network-centre")
TECHNICIAN = Session("T7", "technician", "x")


def act(cloud: Cloud, deed: str, one: Incident, who: Session = OFFICER, key: str = "key-of-one", **fields: Any) -> Any:
    body = {"version": one.version, "idempotency_key": key} | fields
    return cloud.call("repair/sort", who, "POST", f"/api/repair/incidents/{one.id}/{deed}", body)


def two(cloud: Cloud) -> tuple[Incident, Incident]:
    reports = [recent("LIB-1-01"), recent("LIB-1-01", 1, "b"), recent("LIB-2-01", 2)]
    file(*reports)
    stream(cloud, *reports)
    first, second = sorted(incidents(cloud), key=lambda one: one.cause)
    return first, second


def test_an_officer_merges_two_and_the_history_stays(there: Cloud) -> None:
    first, second = two(there)
    told = act(there, "merge", second, into=first.id)
    assert told.status == 200 and told.json["reports"] == 3 and told.json["rule"] == "by-hand"
    gone, kept = Incidents().find(second.id), Incidents().find(first.id)
    assert gone and kept and (gone.state, gone.merged_into, gone.reports) == ("merged", first.id, 0)
    assert joined(Reports().of_incident(first.id)) == {first.id: 3}
    assert [(event.what, event.who) for event in Incidents().history(second.id)] == [
        ("opened", "triage"),
        ("merged", "N0001"),
    ]
    again = act(there, "merge", second, into=first.id)
    assert again.status == 200 and Incidents().find(first.id) == kept


def test_what_was_merged_by_hand_goes_on_to_take_reports_of_all_its_places(there: Cloud) -> None:
    first, second = two(there)
    act(there, "merge", second, into=first.id)
    later = recent("LIB-2-01", 30, "c")
    file(later)
    stream(there, later)
    assert joined([later]) == {first.id: 1}
    others = [recent(room, 31, "d") for room in ROOMS[1:]]
    file(*others)
    stream(there, *others)
    after = Incidents().find(first.id)
    assert after and after.state == "open" and after.rule == "by-hand" and after.cause == first.cause


@pytest.mark.parametrize(
    ("into", "code"), [("", "invalid-form"), ("0" * 16, "invalid-form"), ("itself", "invalid-form")]
)
def test_what_cannot_be_merged_is_told(there: Cloud, into: str, code: str) -> None:
    first, _ = two(there)
    told = act(there, "merge", first, into=first.id if into == "itself" else into)
    assert told.status == 422 and told.json["code"] == code


def test_what_moved_on_is_not_merged(there: Cloud) -> None:
    first, second = two(there)
    assert Incidents().change(*done(second, "take", "T7", clock.now(), "k"))
    assert act(there, "merge", second, into=first.id).json["code"] == "incident-moved-on"
    taken = Incidents().find(second.id)
    assert taken
    assert act(there, "merge", taken, into=first.id).status == 200
    after = Incidents().find(first.id)
    assert after and (after.technician, after.state) == ("T7", "taken")
    assert act(there, "merge", after, into=second.id).json["code"] == "incident-moved-on"
    assert act(there, "merge", first.__class__(**{**first.__dict__, "id": "0" * 16}), into=first.id).status == 404


def test_incidents_of_two_buildings_are_not_merged(there: Cloud) -> None:
    first, _ = two(there)
    other = recent("Y-1", building="Y")
    file(other)
    stream(there, other)
    [elsewhere] = [one for one in incidents(there) if one.building == "Y"]
    assert act(there, "merge", elsewhere, into=first.id).json["code"] == "incident-of-another-building"


def test_one_with_more_reports_than_fit_is_merged_in_parts(there: Cloud) -> None:
    many = [recent("LIB-1-01", number / 10, f"w{number}") for number in range(150)]
    other = recent("LIB-2-01", 2)
    file(*many, other)
    stream(there, *many, other)
    first, second = sorted(incidents(there), key=lambda one: one.cause)
    assert act(there, "merge", first, into=second.id).json["reports"] == 151
    assert joined(many) == {second.id: 150}


def test_an_officer_splits_one_and_each_counts_its_own(there: Cloud) -> None:
    first, _ = two(there)
    [one, other] = Reports().of_incident(first.id)
    told = act(there, "split", first, reports=one.id)
    assert told.status == 200 and (told.json["reports"], told.json["people"], told.json["rule"]) == (1, 1, "by-hand")
    assert joined([one]) == {told.json["id"]: 1} and joined([other]) == {first.id: 1}
    rest = Incidents().find(first.id)
    assert rest and (rest.reports, rest.people, list(rest.places)) == (1, 1, ["LIB-1-01"])
    assert act(there, "split", first, reports=one.id).json == told.json
    assert Counter(event.what for event in Incidents().history(first.id)) == {"opened": 1, "split": 1}


def test_a_form_names_reports_by_boxes_and_is_led_back(there: Cloud) -> None:
    first, _ = two(there)
    [one, _] = Reports().of_incident(first.id)
    form = [
        ("version", str(first.version)),
        ("idempotency_key", "key-of-a-form"),
        (f"report.{one.id}", "yes"),
        ("next", "/repair/outages?at=x"),
    ]
    told = there.call("repair/sort", OFFICER, "POST", f"/api/repair/incidents/{first.id}/split", form)
    assert told.status == 303 and "done=repair-triage.split" in told.headers["Location"]


@pytest.mark.parametrize("reports", ["", "unknown", "all", "too-many"])
def test_what_cannot_be_split_is_told(there: Cloud, reports: str) -> None:
    first, _ = two(there)
    named = {
        "all": ",".join(one.id for one in Reports().of_incident(first.id)),
        "too-many": ",".join(map(str, range(sorting.MOST + 1))),
    }.get(reports, reports)
    told = act(there, "split", first, reports=named)
    assert told.status == 422 and told.json["errors"][0]["field"] == "reports"


def test_a_split_of_what_moved_on_or_is_not_there_is_refused(there: Cloud) -> None:
    first, _ = two(there)
    [one, _] = Reports().of_incident(first.id)
    assert act(there, "split", first, version=9, reports=one.id).json["code"] == "incident-moved-on"
    assert act(there, "split", first, version="x", reports=one.id).json["code"] == "malformed-request"
    gone = first.__class__(**{**first.__dict__, "id": "0" * 16})
    assert act(there, "split", gone, reports=one.id).status == 404


def test_only_who_may_manage_incidents_sorts_them_or_gives_notice(there: Cloud) -> None:
    first, second = two(there)
    for role in ROLES:
        who = Session("X0001", role, "x", department="network-centre" if role == "department-officer" else "")
        allowed = role in ("department-officer", "administrator")
        assert (there.call("repair/notices", who, "GET", "/api/repair/notices").status == 200) == allowed
        if not allowed:
            assert act(there, "merge", second, who, into=first.id).status == 403
            assert act(there, "split", first, who, reports="x").status == 403
            assert notice(there, who).status == 403
    assert act(there, "merge", second, TECHNICIAN, into=first.id).status == 403


# --- notices and outages ---


def at_campus(hours: float) -> str:
    return f"{(clock.now() + timedelta(hours=hours)).astimezone(CAMPUS):%Y-%m-%dT%H:%M}"


def notice(cloud: Cloud, who: Session = OFFICER, **fields: Any) -> Any:
    body = {
        "kind": "maintenance",
        "title_zh": "更换交换机",
        "title_en": "A new switch",
        "cause": "LIB-SW1",
        "since": at_campus(-1),
        "until": at_campus(2),
        "idempotency_key": "key-of-a-notice",
    }
    return cloud.call("repair/notices", who, "POST", "/api/repair/notices", body | fields)


def outages(cloud: Cloud) -> list[dict[str, Any]]:
    told = cloud.call("repair/outages", None, "GET", "/api/repair/outages")
    assert told.status == 200 and told.headers["Cache-Control"] == "public, max-age=10"
    return told.json["outages"]


def test_a_notice_is_made_once_told_of_and_ended(there: Cloud) -> None:
    made = notice(there)
    assert made.status == 200 and made.json["place"] == "LIB-SW1"
    assert notice(there).json == made.json
    assert there.call("repair/notices", OFFICER, "GET", "/api/repair/notices").json["notices"] == [made.json]
    [told] = outages(there)
    assert (told["kind"], told["title"]["en"], told["place_title"]["en"]) == ("maintenance", "A new switch", "Switch 1")
    assert told["within"]["en"] == ["Main campus", "Library", "Floor 1"] and told["building"] == "LIB"
    path = f"/api/repair/notices/{made.json['id']}/end"
    ended = there.call("repair/notices", OFFICER, "POST", path, {"idempotency_key": "x" * 8})
    assert ended.status == 200 and ended.json["ended_at"]
    assert there.call("repair/notices", OFFICER, "POST", path, {"idempotency_key": "x" * 8}).json == ended.json
    assert outages(there) == []
    unknown = there.call("repair/notices", OFFICER, "POST", "/api/repair/notices/none/end", {})
    assert unknown.status == 404


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kind": ""}, {"kind": "required"}),
        ({"kind": "party"}, {"kind": "unknown"}),
        ({"title_zh": "", "title_en": "x" * 121}, {"title_zh": "required", "title_en": "invalid"}),
        ({"cause": ""}, {"cause": "required"}),
        ({"cause": "no such"}, {"cause": "invalid"}),
        ({"cause": "NOWHERE"}, {"cause": "unknown"}),
        ({"since": "tomorrow"}, {"since": "invalid"}),
        ({"until": ""}, {"until": "required"}),
        ({"until": "2026-02-31T10:00"}, {"until": "invalid"}),
        ({"until": "2099-01-01T10:00"}, {"until": "invalid"}),
        ({"until": "2020-01-01T10:00"}, {"until": "invalid"}),
    ],
)
def test_a_notice_that_cannot_be_is_told_what_is_wrong(there: Cloud, fields: Any, wrong: dict[str, str]) -> None:
    told = notice(there, **fields)
    assert told.status == 422 and {one["field"]: one["code"] for one in told.json["errors"]} == wrong


def test_an_announcement_is_for_all_and_what_is_far_ahead_is_not_told_yet(there: Cloud) -> None:
    made = notice(there, kind="announcement", cause="", since="", until=at_campus(24))
    assert made.status == 200 and abs(instant(made.json["since"]) - clock.now()) < timedelta(minutes=1)
    assert (
        notice(there, idempotency_key="another-key", since=at_campus(24 * 10), until=at_campus(24 * 11)).status == 200
    )
    assert notice(there, idempotency_key="a-third-key", since=at_campus(24 * 2), until=at_campus(24 * 3)).status == 200
    assert [one["kind"] for one in outages(there)] == ["announcement", "maintenance"]
    every = Outages().every()
    assert len(here(PLACES["LIB-1-01"], every)) == 2 and len(here(PLACES["LIB-2-01"], every)) == 1


def test_an_outage_of_many_is_known_and_that_of_one_is_not(there: Cloud) -> None:
    reports = [recent(room) for room in ROOMS]
    alone = recent("Y-1", building="Y")
    file(alone, *reports)
    stream(there, alone, *reports)
    [told] = outages(there)
    assert (told["kind"], told["place"], told["people"], told["state"]) == ("outage", "LIB", 8, "open")
    assert not {"reports", "technician", "by"} & told.keys()


# --- monitors ---


def alert(device: str = "LIB-SW1", status: str = "firing", began: str = "2026-06-17T10:00:00.123456789+08:00") -> Any:
    return {
        "status": status,
        "labels": {"alertname": "DeviceDown", "instance": f"{device.lower()}:9116", "job": "snmp"},
        "annotations": {"summary": "down"},
        "startsAt": began,
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example.edu:9090/graph",
        "fingerprint": f"1a30ba71cca2{device[-4:]}",
    }


def tell(cloud: Cloud, *alerts: Any, secret: str = "of-the-monitor") -> Any:  # noqa: S107
    body = {"version": "4", "status": "firing", "receiver": "yinji", "groupKey": "{}", "alerts": list(alerts)}
    headers = {"authorization": f"Bearer {secret}"}
    return cloud.call("repair/monitor", None, "POST", "/api/repair/monitor/alertmanager", body, headers=headers)


def outcomes(told: Any) -> list[str]:
    assert told.status == 200, told.json
    return [one["outcome"] for one in told.json["taken"]]


def test_an_alert_opens_an_incident_once_and_reports_of_what_hangs_on_it_join(there: Cloud) -> None:
    assert outcomes(tell(there, alert())) == ["opened"]
    assert outcomes(tell(there, alert(), alert())) == ["known"]
    [one] = incidents(there)
    assert (one.cause, one.rule, one.state, one.reports, one.priority) == ("LIB-SW1", "monitoring", "open", 0, 1)
    reports = [recent("LIB-1-01"), recent("LIB-1-03", 1)]
    file(*reports)
    stream(there, *reports)
    assert joined(reports) == {one.id: 2}
    assert [told["place"] for told in outages(there)] == ["LIB-SW1"]


def test_what_was_reported_before_the_alert_is_joined_to_it(there: Cloud) -> None:
    reports = [recent("LIB-1-01"), recent("LIB-1-03", 1)]
    file(*reports)
    stream(there, *reports)
    assert len(incidents(there)) == 2
    assert outcomes(tell(there, alert())) == ["opened"]
    [after] = [one for one in incidents(there) if one.state != "merged"]
    assert (after.cause, after.rule, after.reports) == ("LIB-SW1", "monitoring", 2)


def test_what_hangs_on_a_device_that_failed_is_the_same_incident(there: Cloud) -> None:
    tell(there, alert("LIB-SW1"), alert("LIB-AP11"))
    assert outcomes(tell(there, alert("LIB-CORE"))) == ["opened"]
    assert outcomes(tell(there, alert("LIB-SW2"))) == ["joined"]
    [one] = [one for one in incidents(there) if one.state != "merged"]
    assert one.cause == "LIB-CORE"
    tell(there, alert("LIB-SW2", "resolved"))
    tell(there, alert("LIB-SW1", "resolved"))
    assert Incidents().find(one.id).state == "open"  # type: ignore[union-attr]
    tell(there, alert("LIB-CORE", "resolved"))
    assert Incidents().find(one.id).state == "closed"  # type: ignore[union-attr]


def test_the_end_closes_what_nobody_works_on_and_comes_once(there: Cloud) -> None:
    tell(there, alert())
    assert outcomes(tell(there, alert(status="resolved"))) == ["recovered"]
    assert outcomes(tell(there, alert(status="resolved"))) == ["known"]
    [one] = incidents(there)
    assert one.state == "closed"
    assert [event.what for event in Incidents().history(one.id)] == ["opened", "close"]


def test_the_end_leaves_what_somebody_works_on_to_them(there: Cloud) -> None:
    tell(there, alert())
    [one] = incidents(there)
    Incidents().change(*done(one, "take", "T7", clock.now(), "k"))
    tell(there, alert(status="resolved"))
    [after] = incidents(there)
    assert after.state == "taken"
    assert [event.what for event in Incidents().history(one.id)][-1] == "recovered"


def test_an_end_that_comes_before_its_beginning_opens_nothing(there: Cloud) -> None:
    assert outcomes(tell(there, alert(status="resolved"))) == ["recovered"]
    assert outcomes(tell(there, alert())) == ["known"]
    assert incidents(there) == []


def test_a_device_that_fails_again_at_once_is_the_same_incident(there: Cloud) -> None:
    tell(there, alert())
    tell(there, alert(status="resolved"))
    assert outcomes(tell(there, alert(began="2026-06-17T10:05:00+08:00"))) in (["opened"], ["joined"])
    [one] = incidents(there)
    assert one.state == "open" and one.reopened == 1


def test_an_unknown_device_is_told_and_the_others_are_dealt_with(there: Cloud) -> None:
    told = tell(there, alert("NO-SUCH"), alert())
    assert told.status == 422 and told.json["code"] == "unknown-device" and "NO-SUCH" in told.json["detail"]
    assert [one.cause for one in incidents(there)] == ["LIB-SW1"]


def test_during_maintenance_alerts_are_no_news(there: Cloud) -> None:
    notice(there)
    assert outcomes(tell(there, alert())) == ["maintenance"]
    assert outcomes(tell(there, alert("LIB-AP11"))) == ["maintenance"]
    assert incidents(there) == []


@pytest.mark.parametrize("secret", ["", "wrong", "of-the-monitor2"])
def test_without_the_secret_nobody_tells_anything(there: Cloud, secret: str) -> None:
    told = tell(there, alert(), secret=secret)
    assert told.status == 403 and told.json["code"] == "not-the-monitor" and incidents(there) == []


def test_the_secret_has_to_come_as_a_bearer() -> None:
    assert let_in("Bearer x", "x") and let_in("bearer  x", "x")
    assert not any(let_in(one, "x") for one in ("x", "Basic x", "Bearer", "Bearer é"))


def zabbix(event: str = "4711", value: str = "1", **more: str) -> dict[str, str]:
    return {
        "event_id": event,
        "event_source": "0",
        "event_value": value,
        "event_update_status": "0",
        "host": "lib-ap11",
        "event_name": "Unavailable by ICMP ping",
    } | more


def test_zabbix_tells_of_the_same(there: Cloud) -> None:
    def send(**told: str) -> Any:
        headers = {"authorization": "Bearer of-the-monitor"}
        path = "/api/repair/monitor/zabbix"
        return there.call("repair/monitor", None, "POST", path, zabbix(**told), headers=headers)

    assert outcomes(send()) == ["opened"] and outcomes(send()) == ["known"]
    assert outcomes(send(event_update_status="1")) == []
    [one] = incidents(there)
    assert (one.cause, one.rule) == ("LIB-AP11", "monitoring")
    assert outcomes(send(value="0")) == ["recovered"]
    assert Incidents().find(one.id).state == "closed"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("source", "told", "code"),
    [
        ("nagios", {}, "not-found"),
        ("alertmanager", {}, "malformed-request"),
        ("alertmanager", {"alerts": []}, "malformed-request"),
        ("alertmanager", {"alerts": ["x"]}, "malformed-request"),
        ("alertmanager", {"alerts": [{"status": "firing", "startsAt": "x"}]}, "malformed-request"),
        ("alertmanager", {"alerts": [{"labels": {}, "status": "x", "startsAt": "x"}]}, "malformed-request"),
        ("alertmanager", {"alerts": [{"labels": {}, "status": "firing"}]}, "malformed-request"),
        ("zabbix", {"event_id": "1"}, "malformed-request"),
        ("zabbix", {"event_id": "1", "event_value": "1", "event_source": "3"}, "malformed-request"),
    ],
)
def test_what_no_monitor_sends_is_refused(source: str, told: Any, code: str) -> None:
    with pytest.raises(Exception, match=code):
        signals(source, told)


def test_a_monitor_names_devices_and_symptoms_in_its_own_ways() -> None:
    labels = {"device": "lib-core", "symptom": "slow", "instance": "x:1"}
    one = {"status": "firing", "labels": labels, "startsAt": "2026-06-17T02:00:00Z"}
    other = {"status": "firing", "labels": {"instance": "http://lib-sw2/probe"}, "startsAt": "2026-06-17T02:00:00Z"}
    found = {signal.device: signal for signal in signals("alertmanager", {"alerts": [one, other]})}
    assert found["LIB-CORE"].symptom == "slow" and found["LIB-SW2"].symptom == "no-connection"
    again = signals("alertmanager", {"alerts": [json.loads(json.dumps(one)), one | {"status": "resolved"}]})
    assert [(signal.id, signal.firing) for signal in again] == [(found["LIB-CORE"].id, False)]


def test_an_incident_is_followed_to_what_it_was_merged_into(there: Cloud) -> None:
    first, second = two(there)
    act(there, "merge", second, into=first.id)
    boards = Boards()
    assert boards.whole(second.id) == boards.whole(first.id) == first.id and boards.whole("x") == "x"
