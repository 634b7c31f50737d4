"""The page of a label: light, open to everybody, in both languages; and the page that follows a report."""

from __future__ import annotations

import gzip
import hashlib
import re
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from yinji.identity.session import Session
from yinji.platform import clock
from yinji.repair import labels
from yinji.repair.incident import Act, Incident, done
from yinji.repair.incidents_store import Incidents
from yinji.repair.incidents_store import item_of as item_of_incident
from yinji.repair.places_store import item_of
from yinji.repair.report import SYMPTOMS, Ticket, follow_link, wished
from yinji.repair.reports_store import Reports

from tests import portal
from tests.functions.conftest import Cloud
from tests.repairs import AREA, AT, BUILDING, KEY, campus, join, keep, label, outage

HEAVIEST = 30_000
"""Bytes that the page of a label may take, with all that it needs."""
HERE = {place.id: place for place in campus()}
ROOM = HERE["LIB-1-01"]
FIELDS = {"symptom": "no-connection"}


@pytest.fixture
def code(cloud: Cloud) -> str:
    keep(campus())
    return label(ROOM.id)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_knows_the_place_and_is_one_light_answer(code: str, language: str) -> None:
    item_of_incident(outage("LIB-SW1", people=12)).save()
    page = portal.visit(f"/r/{code}", language=language)
    assert page.status == 200
    assert ROOM.title[language] in page.body and HERE[BUILDING].title[language] in page.body
    assert all(f'name="symptom" value="{one}"' in page.body for one in SYMPTOMS)
    # nothing is waited for but the page itself; what stands in an attribute is asked for by the self check alone
    asked = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]+)"', page.body)
    assert [one for one in asked if not one.endswith("icon.svg")] == []
    icon = portal.visit(asked[0]).body
    assert len(gzip.compress(page.body.encode())) + len(icon) + 2_000 < HEAVIEST // 2
    other = "/language/" + ("en" if language == "zh" else "zh")
    assert f'href="{other}?next=' in page.body


def test_its_policy_lets_in_its_own_style_and_script_and_no_other(code: str) -> None:
    page = portal.visit(f"/r/{code}")
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for name in ("style", "script"):
        [text] = re.findall(rf"<{name}>(.*?)</{name}>", page.body, re.DOTALL)
        [told] = re.findall(rf"{name}-src 'self' 'sha256-([^']+)'", policy)
        assert b64decode(told) == hashlib.sha256(text.encode()).digest()
    assert not re.search(r" on[a-z]+=| style=", re.sub(r"<script>.*?</script>", "", page.body, flags=re.DOTALL))


def test_old_engines_of_phones_can_read_its_script_and_style() -> None:
    files = portal.module("chalicelib.static").files()
    script = files["repair-queue.js"] + files["repair.js"]
    plain = re.sub(r"//.*", "", script)
    newer = r"=>|\b(?:const|let|class|async|await|of)\s|`|\?\.|\?\?|\.\.\."
    assert re.findall(newer, plain) == []
    assert re.findall(r"\.(?:includes|padStart|remove|closest|replaceAll|catch|finally)\(", plain) == []
    assert re.findall(r"\bvar\(|:has|:is\(|\bgap:|\binset\b|clamp\(|display: grid", files["repair.css"]) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_outage_comes_first_with_a_word_of_ones_own(code: str, language: str) -> None:
    assert 'class="known' not in portal.visit(f"/r/{code}").body
    item_of_incident(outage("LIB-SW1", people=12, state="taken", technician="T0901")).save()
    item_of_incident(outage("LIB-SW2", id="f" * 24)).save()
    body = portal.visit(f"/r/{code}", language=language).body
    assert body.count('class="known') == 1 and body.index('class="known') < body.index('class="else"')
    assert HERE["LIB-SW1"].title[language] in body and "12" in body and "T0901" not in body
    assert ("我也遇到了" if language == "zh" else "I have it too") in body


def test_what_one_person_reported_is_not_told_to_the_next(code: str) -> None:
    item_of_incident(outage(ROOM.id, people=1, rule="place")).save()
    assert 'class="known' not in portal.visit(f"/r/{code}").body


def test_a_made_up_code_is_a_page_that_helps(code: str, cloud: Cloud) -> None:
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    for path in (f"/r/{wrong}", "/r/nothing", f"/r/{labels.code('ZZZZZZ', KEY)}"):
        page = portal.visit(path, language="en")
        assert page.status == 404 and "There is no label with this code" in page.body
        assert 'name="code"' in page.body and 'name="symptom"' not in page.body


def test_a_code_can_be_typed(code: str) -> None:
    spoken = f"{code[:4].lower()}-{code[4:8]} {code[8:]}"
    assert portal.visit(f"/r?code={spoken.replace(' ', '+')}").location == f"/r/{code}"
    page = portal.visit("/r?code=12<b>34", language="en")
    assert page.status == 200 and "no code of a label" in page.body and "12&lt;b&gt;34" in page.body
    assert portal.visit("/r").status == 200


def test_a_label_that_was_replaced_asks_where_one_is_and_goes_on(code: str) -> None:
    old = label(ROOM.id, "BBBBBB", state="replaced")
    page = portal.visit(f"/r/{old}", language="en")
    assert page.status == 410 and "was replaced" in page.body and ROOM.title["en"] in page.body
    assert 'name="symptom"' not in page.body and f'href="/r/{old}?here=1"' in page.body
    page = portal.visit(f"/r/{old}?here=1")
    assert page.status == 200 and 'name="symptom"' in page.body


def test_a_place_that_is_gone_says_so(code: str) -> None:
    item_of(replace(ROOM, retired=True), AT).save()
    page = portal.visit(f"/r/{code}", language="en")
    assert page.status == 410 and "not in use any more" in page.body


def test_nobody_is_asked_or_told_who_they_are(code: str) -> None:
    page = portal.visit(f"/r/{code}", session=None)
    assert page.status == 200 and "Set-Cookie" not in page.headers
    assert page.headers["Cache-Control"] == "no-store"


def test_whoever_tries_codes_by_a_machine_is_told_to_wait(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from yinji.platform.limits import Limit

    monkeypatch.setattr(portal.module("chalicelib.repair_scan"), "SCANS", Limit("scans", 2, 300))
    monkeypatch.setenv("YINJI_LIMIT_FACTOR", "1")
    answers = [portal.visit(f"/r/{code}").status for _ in range(4)]
    assert answers == [200, 200, 429, 429]
    assert "Retry-After" in portal.visit(f"/r/{code}").headers


def test_a_page_and_a_worker_are_there_for_a_phone_without_network(cloud: Cloud) -> None:
    shell = portal.visit("/r/offline", language="en")
    assert shell.status == 200 and all(f'value="{one}"' in shell.body for one in SYMPTOMS)
    assert 'data-code=""' in shell.body and 'data-ticket=""' in shell.body
    worker = portal.visit("/r/sw.js")
    assert worker.headers["Content-Type"].startswith("text/javascript") and "/r/offline" in worker.body
    [pages] = re.findall(r"SHELL.pages = /(.*)/;", worker.body)
    pattern = re.compile(pages.replace("\\/", "/"))
    assert pattern.search("/r/ABCDEF123456") and not pattern.search("/r/follow/x.y") and not pattern.search("/repair/x")


# --- following ------------------------------------------------------------------------------------------------------


def filed(incident: Incident | None = None) -> tuple[str, str]:
    """A report that is part of `incident`: its id, and the path of its page."""
    ticket = Ticket(ROOM.id, BUILDING, AREA, ROOM.line, "nonce")
    report = wished(FIELDS | {"contact": "13800000000"}, ticket, KEY, "zh", "a-key-of-mine", AT)
    Reports().file(report)
    if incident:
        item_of_incident(incident).save()
        join(report.id, incident.id)
    return report.id, follow_link(report.id, KEY)


def tell(cloud: Cloud, path: str, word: str, **fields: Any) -> SimpleNamespace:
    link = path.removeprefix("/r/follow/")
    body = {"idempotency_key": f"{word}-by-thumb"} | fields
    return cloud.call("repair/follow", None, "POST", f"/api/repair/follow/{link}/{word}", body)


def now_fixed(**more: Any) -> Incident:
    return outage("LIB-SW1", state="fixed", technician="T0901", changed_at=clock.now(), note="换了网线", **more)


def test_a_report_is_followed_by_its_link_from_the_first_moment(code: str) -> None:
    _, path = filed()
    page = portal.visit(path, language="en")
    assert page.status == 200 and "Received" in page.body and ROOM.title["en"] in page.body
    assert "13800000000" not in page.body and "<form method" not in page.body


def test_it_tells_what_was_done_and_not_by_whom(code: str) -> None:
    incident = outage("LIB-SW1", people=1, rule="place")
    _, path = filed(incident)
    acts: list[Act] = ["take", "travel", "fix"]
    for number, act in enumerate(acts):
        incident, event = done(incident, act, "T0901", AT + timedelta(minutes=number + 1), f"key-{number}")
        assert Incidents().change(incident, event)
    body = portal.visit(path, language="en").body
    assert "The technician says it works" in body and "T0901" not in body
    order = [body.index(text) for text in ("You reported it", "took it", "set off", "mended it")]
    assert order == sorted(order)


@pytest.mark.parametrize("token", ["", ".", "x.y", "a" * 24 + ".x", "%00.%00", "a" * 300])
def test_no_link_is_no_link(cloud: Cloud, token: str) -> None:
    if token:
        assert portal.visit(f"/r/follow/{token}").status == 404
    assert tell(cloud, f"/r/follow/{token or 'x'}", "confirm").status == 404


def test_the_token_of_one_report_opens_no_other(cloud: Cloud, code: str) -> None:
    id, path = filed()
    other = follow_link("0" * 24, KEY)
    assert portal.visit(f"/r/follow/{id}.{other.split('.')[1]}").status == 404
    assert portal.visit(other).status == 404 and portal.visit(path).status == 200


def test_whoever_reported_it_says_that_it_works_once(cloud: Cloud, code: str) -> None:
    _, path = filed(now_fixed())
    for _ in range(3):
        answer = tell(cloud, path, "confirm")
        assert (answer.status, answer.json["state"]) == (200, "closed")
    assert [event.what for event in Incidents().history("e" * 24)] == ["confirm"]
    # and others who reported it are thanked as well
    assert tell(cloud, path, "confirm", idempotency_key="somebody-else").status == 200
    assert [event.what for event in Incidents().history("e" * 24)] == ["confirm"]


def test_whoever_reported_it_opens_it_again_once_each_time(cloud: Cloud, code: str) -> None:
    _, path = filed(now_fixed())
    for _ in range(2):
        answer = tell(cloud, path, "reopen")
        assert (answer.status, answer.json["state"], answer.json["reopened"]) == (200, "open", 1)
    found = Incidents().find("e" * 24)
    assert found and found.technician == "" and found.version == 2
    again = tell(cloud, path, "reopen", idempotency_key="another-tap")
    assert (again.status, again.json["code"], again.json["state"]) == (409, "incident-moved-on", "open")
    assert tell(cloud, path, "confirm").json["code"] == "incident-moved-on"


def test_what_ended_long_ago_is_reported_anew(cloud: Cloud, code: str) -> None:
    long_ago = clock.now() - timedelta(days=15)
    _, path = filed(outage("LIB-SW1", state="closed", changed_at=long_ago))
    assert "Still wrong" not in portal.visit(path, language="en").body
    assert tell(cloud, path, "reopen").json["code"] == "incident-moved-on"


def test_it_is_rated_once(cloud: Cloud, code: str) -> None:
    id, path = filed(now_fixed())
    page = portal.visit(path, language="en").body
    assert page.count('name="face"') == 3 and "换了网线" in page
    for _ in range(2):
        assert tell(cloud, path, "rate", face="good").json["state"] == "fixed"
    [event] = Incidents().history("e" * 24)
    assert (event.what, event.who, event.told["stars"], event.key) == ("rate", "reporter", 3, f"rate-{id}")
    other = tell(cloud, path, "rate", face="bad", idempotency_key="another-tap")
    assert (other.status, other.json["code"]) == (409, "rated-already")
    assert tell(cloud, path, "rate", face="furious").status == 422
    assert 'name="face"' not in portal.visit(path).body


def test_what_is_not_mended_is_not_rated(cloud: Cloud, code: str) -> None:
    _, path = filed(outage("LIB-SW1", state="taken"))
    assert tell(cloud, path, "rate", face="good").json["code"] == "incident-moved-on"
    assert tell(cloud, path, "praise").status == 404


def test_before_it_is_known_what_it_was_there_is_nothing_to_say(cloud: Cloud, code: str) -> None:
    _, path = filed()
    assert tell(cloud, path, "confirm").json["code"] == "not-possible-now"


def test_it_is_followed_into_what_it_was_merged_with(cloud: Cloud, code: str) -> None:
    item_of_incident(now_fixed(id="f" * 24)).save()
    _, path = filed(outage("LIB-SW1", state="merged", merged_into="f" * 24))
    assert "The technician says it works" in portal.visit(path, language="en").body
    assert tell(cloud, path, "confirm").json["state"] == "closed"
    merged = Incidents().find("e" * 24)
    assert merged and merged.state == "merged"


def test_a_word_said_while_somebody_else_acts_is_not_lost(
    cloud: Cloud, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody is quicker between reading and writing: the word is said of what it is by then."""
    _, path = filed(now_fixed())
    original, once = Incidents.change, [True]

    def change(self: Incidents, after: Incident, event: Any) -> bool:
        if once and once.pop():
            before = self.find(after.id)
            assert before
            quicker, other = replace(before, version=before.version + 1), replace(event, key="other", what="note")
            assert original(self, quicker, other)
        return original(self, after, event)

    monkeypatch.setattr(Incidents, "change", change)
    assert tell(cloud, path, "confirm").json["state"] == "closed"
    assert sorted(event.what for event in Incidents().history("e" * 24)) == ["confirm", "note"]


def test_a_form_comes_back_to_the_page(cloud: Cloud, code: str) -> None:
    _, path = filed(now_fixed())
    link = path.removeprefix("/r/follow/")
    fields = [("idempotency_key", "k" * 12), ("next", path)]
    answer = cloud.call("repair/follow", None, "POST", f"/api/repair/follow/{link}/confirm", fields)
    assert (answer.status, answer.headers["Location"]) == (303, f"{path}?done=repair.confirm")
    assert "Noted" in portal.visit(answer.headers["Location"], language="en").body


def test_whoever_reported_it_says_when_somebody_opens_the_door(
    cloud: Cloud, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = outage("LIB-SW1", rule="place", state="waiting-access", technician="N001")
    _, path = filed(waiting)
    today = clock.today()
    day = (today + timedelta(days=1)).isoformat()
    assert f'value="{day}"' in portal.visit(path).body
    for _ in range(2):
        assert tell(cloud, path, "when", day=day, part="morning").json["state"] == "waiting-access"
    [event] = Incidents().history(waiting.id)
    assert (event.what, event.who, dict(event.told)) == ("when", "reporter", {"day": day, "part": "morning"})
    past, late = (today + timedelta(days=ahead) for ahead in (-1, 7))
    for wrong in ({"day": past.isoformat()}, {"day": late.isoformat()}, {"part": "midnight"}, {"day": ""}):
        answer = tell(cloud, path, "when", **({"day": day, "part": "morning"} | wrong))
        assert (answer.status, answer.json["code"]) == (422, "invalid-form")
    seen = portal.visit(f"/repair/incidents/{waiting.id}", Session("N001", "technician", "x"), "en").body
    assert "Whoever reported it can open the door" in seen and ", in the morning" in seen


def test_nobody_is_asked_when_they_are_there_while_nothing_waits_for_it(cloud: Cloud, code: str) -> None:
    _, path = filed(outage("LIB-SW1", state="taken", technician="N001"))
    assert 'name="day"' not in portal.visit(path).body
    day = clock.today().isoformat()
    assert tell(cloud, path, "when", day=day, part="morning").json["code"] == "incident-moved-on"


def test_the_page_says_where_one_is_written_to_and_how_that_is_stopped(cloud: Cloud, code: str) -> None:
    def page(contact: str) -> tuple[str, str]:
        fields = FIELDS | {"contact": contact}
        ticket = Ticket(ROOM.id, BUILDING, AREA, ROOM.line, "n")
        report = wished(fields, ticket, KEY, "en", f"key-{contact}", clock.now())
        Reports().file(report)
        return report.id, portal.visit(follow_link(report.id, KEY), language="en").body

    id, told = page("lin@example.edu")
    assert "l***@example.edu" in told and "lin@" not in told
    [stop] = re.findall(r'href="(/messages/stop/[^"]+)"', told)
    before = portal.visit(stop, language="en").body
    assert "How a fault of the network stands" in before and "/messages/preferences" not in before
    answer = cloud.call("messages/stop", None, "POST", f"/api{stop}", {"List-Unsubscribe": "One-Click"}, form=True)
    assert answer.status in (200, 303)
    assert "l***@" not in portal.visit(follow_link(id, KEY), language="en").body
    assert "no mail address" in page("138 0000 0000")[1]
    assert "mail" not in re.sub(r"(?s)<(script|style)>.*?</\1>", "", page("")[1])
