"""A person's own export holds everything that is kept about them, and nothing of anybody else.

Every attribute of every item about a person is planted with a value of its own and looked for in what they get. A kind
of item, or an attribute, that somebody adds is found here: it is exported, or stands below with the reason why not.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer
from pynamodb.attributes import BooleanAttribute, ListAttribute, MapAttribute, NumberAttribute, UnicodeSetAttribute
from pynamodb.models import Model
from yinji.clearance.appointments import bookings
from yinji.clearance.document import case_document
from yinji.clearance.queue import entries
from yinji.clearance.store import Store
from yinji.forms.facts import SELF, Fact
from yinji.forms.facts_store import Facts
from yinji.forms.sending import Desk
from yinji.forms.store import Forms
from yinji.forms.submission import decide
from yinji.identity import my_data
from yinji.identity.session import Session
from yinji.platform import clock

from infra.setting import ROOT
from tests import portal
from tests.forms import CARD, WHO, filled, published, rich
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer
from tests.functions.test_season import next_slot
from tests.graduates import LIN, graduate
from tests.models import models
from tests.sessions import begun

pytestmark = pytest.mark.slow

NOT_EXPORTED: Mapping[str, str] = {
    "SlotItem": "a time of an office; whoever holds it has a BookingItem",
    "BatchItem": "a batch and its report, in numbers without names",
    "CounterItem": "how often somebody asked within minutes, under a hash that names nobody",
    "KeyItem": "what the house seals their account numbers by; they get the numbers",
    "FactKeyItem": "what the house seals their numbers by; they get the numbers",
    "ConflictItem": "what they say otherwise than a system of record; it stands in the fact as well",
    "DecidedItem": "who of an office decided about a fact, and not whose it was",
    "FormItem": "a form of an office, and who of it worked on it",
    "VersionItem": "a form as it was published",
    "RecordsRunItem": "that a table of a system of record is being taken",
    "MarkItem": "as of when a system of record told of a kind of fact",
    "FeedItem": "what a department delivered, and who works on it",
    "CardItem": "whose a campus card is; the number stands in the profile of their archive",
    "FileItem": "a file of a source system on its way",
    "ChunkItem": "what became of a part of it, in numbers",
    "SourceItem": "which file of a source is on its way",
    "CohortItem": "that there are students of a school, grade and category",
    "GroupItem": "how features are spread over a group, of which no single person is told",
    "YearItem": "a grade at a glance, in such groups",
    "BuiltItem": "when groups were counted",
    "QuietItem": "how many of a school went quiet, in numbers",
    "SelectionItem": "a rule or a list by which archives are made, under its own name",
    "SelectionVersionItem": "the same: whether one is on it follows from what is in one's archive",
    "ActivityItem": "an activity of the catalogue",
    "ListedItem": "where an activity is found",
    "GuestItem": "who comes, as the organiser finds it; the student has a SignUpItem, and who came a record",
    "TicketItem": "that a scan was used, for minutes",
    "BookItem": "a book of the catalogue",
    "TeacherItem": "a teacher, as the catalogue names them",
    "StatusItem": "how many places of a list are taken",
    "RevokedItem": "that the edition at a place of that list was revoked, whosever it is; theirs says so itself",
    "RunItem": "that editions were made for many, and how far that is",
    "PackItem": "which editions of a school were packed for the printing house, for thirty days",
    "DeviceItem": "a reader, and where it stands",
    "HeardItem": "when a reader was heard of last",
    "PassItem": "a pass that lacks something or is in doubt, by reader and number; one that counts is a record",
    "SampledRoundItem": "which records of a school were certified together; each decision is an event of its record",
    "SampledKindItem": "which round of a kind is open in a school",
    **dict.fromkeys(
        ("PlaceItem", "BuildingItem", "LabelItem", "HangsItem", "SheetItem", "MonitorItem"),
        "places, labels and devices",
    ),
    **dict.fromkeys(("ReportItem", "BoardItem"), "faults are reported without an account: nobody knows by whom"),
    **dict.fromkeys(("IncidentItem", "HappenedItem", "DutyItem", "NoticeItem"), "the work of technicians and officers"),
    **dict.fromkeys(
        ("VisitItem", "VisitEventItem", "WaitingItem"),
        "visits are asked for without an account; the page of its link tells all there is of one",
    ),
    **dict.fromkeys(("DayItem", "PlanItem", "CalendarItem"), "when technicians go where, and the work of technicians"),
    "RoundItem": "what came of a request about many people, under the request's id for ninety days; each person's part "
    "of it is an event of their case",
}
"""Kinds of items that are of nobody, or not found by anybody's key, and why."""
WITHHELD: Mapping[tuple[str, str], str] = {
    ("SeenItem", "who"): "graduates are told the office that looked",
    ("SeenItem", "name"): "the same",
    ("SeenItem", "acts_for"): "the same",
    ("EditionItem", "revoked_by"): "which officer it was",
    **{
        (kind, name): "it lies as JSON, and is told as what that says: tests/functions/test_my_data.py, below"
        for kind in ("FactItem", "PastItem")
        for name in ("value", "overruled", "claim")
    },
    ("DraftItem", "answers"): "the same",
    ("SubmissionItem", "answers"): "the same",
    ("SeenItem", "expires_at"): "three years after the day for all of them: docs/my-data.md",
}
"""What a person is not told, and why. Of events and steps only whose it is where it was an officer: see below."""
SUB = "2022S01777"
DAY, INSTANT = "2026-06-03", "2026-06-03T01:31:00.000Z"
numbers = itertools.count(7_000_001)
serialize = TypeSerializer().serialize


def marked(kind: type[Model], **known: Any) -> dict[str, Any]:
    """Every attribute of `kind` with a value that no other has, but those that are `known`."""
    found: dict[str, Any] = {}
    for name, attribute in kind.get_attributes().items():
        if name in ("pk", "sk"):
            continue
        number = next(numbers)
        match attribute:
            case NumberAttribute():
                value: Any = number
            case BooleanAttribute():
                value = True
            case UnicodeSetAttribute():
                value = {f"marker-{number}"}
            case ListAttribute():
                value = [f"marker-{number}"]
            case MapAttribute():
                value = {f"inner-{number}": f"marker-{number}"}
            case _:
                value = f"marker-{number}"
        found[name] = known.get(name, value)
    assert known.keys() <= found.keys()
    return found


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every value in a document, with the name nearest to it."""
    if isinstance(value, dict):
        for inner, one in value.items():
            yield from leaves(one, inner)
    elif isinstance(value, list | tuple | set):
        for one in value:
            yield from leaves(one, name)
    else:
        yield name, int(value) if isinstance(value, Decimal) else value


class House:
    """The tables, and what was planted in them about SUB."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.planted: list[tuple[str, dict[str, Any]]] = []

    def plant(self, kind: str, pk: str, sk: str, **known: Any) -> None:
        model = models()[kind]
        item = marked(model, **known)
        table = model.Meta.table_name  # type: ignore[attr-defined]
        told = {name: serialize(value) for name, value in ({"pk": pk, "sk": sk} | item).items()}
        self.cloud.dynamodb.put_item(TableName=table, Item=told)
        self.planted.append((kind, item))


def everything(cloud: Cloud) -> House:
    """Every kind of item about SUB, each with every attribute it can have."""
    house = House(cloud)
    live = graduate(1, flags=frozenset({"lives_in"}))
    cloud.open(live)
    assert (
        cloud.act(
            Session(live.student, "student", "x"), "dormitory", "book-inspection", live.student, slot=next_slot()
        ).status
        == 200
    )
    case = cloud.case(live.student)
    document = case_document(case) | {"student": SUB}
    document["steps"]["dormitory"] |= {"by": SUB, "as_of": "marker-as-of"}
    code = {"code": "AAAABBBBCCCCDDDD", "issued_at": INSTANT}
    house.plant(
        "CaseItem", f"CASE#{SUB}", "CASE", certificate=code, deadline=DAY, opens_on=DAY, extended_to=DAY,
        opened_at=INSTANT, updated_at=INSTANT, finished_at=INSTANT, withdrawn_at=INSTANT, steps=document["steps"],
        flow="undergraduate", flow_version=1, student=SUB,
    )  # fmt: skip
    house.plant("EventItem", f"CASE#{SUB}", "EVENT#1", who=SUB, role="student", step="dormitory")
    old = {"code": "EEEEFFFFGGGGHHHH"}
    house.plant(
        "EventItem", f"CASE#{SUB}", "EVENT#2", who="system", role="system", what="certificate-issued", evidence=old
    )
    for one in (code["code"], old["code"]):
        house.plant("CertificateItem", f"CERTIFICATE#{one}", "CERTIFICATE")
    house.plant("UploadItem", f"CASE#{SUB}", "UPLOAD#1", status="accepted")
    house.plant("UploadsItem", f"CASE#{SUB}", "UPLOADS#thesis-deposit#2026-06-03")
    house.plant("AuditItem", f"TAKEN#{SUB}", "2026-06-03#1")
    for sk in ("PROFILE", "GRANT#counsellor#S01", "SIGN-IN#1", "LENT#T1#counsellor#S01", "CHANGE#2026#1"):
        house.plant("PersonItem", f"PERSON#{SUB}", sk, **({"school": "S01"} if sk.startswith("GRANT") else {}))
    house.plant(
        "SeenItem", f"SEEN#{SUB}", "2026-06-03#case##L0001#department-officer#library", day=DAY, what="case",
        role="department-officer", minutes={"09:31"},
    )  # fmt: skip
    words = {"value": '"facts-value"', "overruled": '"facts-overruled"', "claim": {"value": '"facts-claim"'}}
    house.plant("FactItem", f"PERSON#{SUB}", "FACT#name", **words)
    house.plant("PastItem", f"PERSON#{SUB}", "PAST#name#000001", **words)
    house.plant("DraftItem", f"PERSON#{SUB}", "DRAFT#a-form", form_id="a-form", answers='{"why": "draft-answer"}')
    sent = {"answers": '{"why": "sent-answer"}', "approvals": [], "person": SUB, "submission": "1", "form": "a-form"}
    house.plant("SubmissionItem", "SUBMISSION#1", "SUBMISSION", **sent)
    house.plant("FormEventItem", "SUBMISSION#1", "EVENT#2026#1", who=SUB)
    house.plant("ProfileItem", f"STUDENT#{SUB}", "PROFILE")
    house.plant("RecordItem", f"STUDENT#{SUB}", "RECORD#second-classroom#1", source="by-it", certified_by="by-it")
    house.plant("RecordEventItem", f"STUDENT#{SUB}", "EVENT#second-classroom#1#000001", who=SUB, role="student")
    house.plant("PortraitItem", f"STUDENT#{SUB}", "PORTRAIT")
    house.plant("SignUpItem", f"STUDENT#{SUB}", "SIGNUP#A1")
    house.plant("AskedItem", f"STUDENT#{SUB}", "ASKED#A1#1")
    house.plant("EditionItem", f"STUDENT#{SUB}", "EDITION#1", by=SUB, state="sealed")
    house.plant("InForceItem", f"STUDENT#{SUB}", "INFORCE#zh")
    house.plant("ShareItem", f"STUDENT#{SUB}", "SHARE#1")
    house.plant("MessageItem", f"BOX#{SUB}", "MESSAGE#2026#1")
    house.plant("DeliveryItem", f"BOX#{SUB}", "DELIVERY#email#1")
    house.plant("SettingsItem", f"BOX#{SUB}", "SETTINGS")
    house.plant("ReadItem", f"BOX#{SUB}", f"READ#{SUB}")
    house.plant("ReadItem", "BOX#office:S01", f"READ#{SUB}")
    house.plant("RemindedItem", f"BOX#{SUB}", "REMINDED")
    return house


def taken(cloud: Cloud, sub: str = SUB, role: Any = "student") -> Any:
    answer = cloud.call("identity/my_data", Session(sub, role, "x"), "GET", "/api/account/export.json")
    assert answer.status == 200, answer.body
    return answer.json


def missing(told: Any, kind: str, item: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Attributes of `item` that are not in the document `told` as they were planted."""
    there = set(leaves(told))
    return [(kind, name) for name, value in item.items() if not set(leaves(value, name)) <= there]


def test_every_kind_of_item_is_exported_or_has_its_reason(cloud: Cloud) -> None:
    planted = {kind for kind, _ in everything(cloud).planted} | {"QueueItem", "BookingItem"}
    assert planted | NOT_EXPORTED.keys() == models().keys() and not planted & NOT_EXPORTED.keys()


def test_every_attribute_of_everything_about_a_person_is_in_their_export(cloud: Cloud) -> None:
    house = everything(cloud)
    told = taken(cloud)
    lost = {place for kind, item in house.planted for place in missing(told, kind, item)}
    assert lost == WITHHELD.keys()


def test_what_is_known_of_them_is_told_as_it_is_and_in_clear_until_its_key_is_gone(cloud: Cloud) -> None:
    everything(cloud)
    for part in ("facts", "history"):
        [told] = taken(cloud)["facts"][part]
        assert (told["value"], told["overruled"], told["claim"]["value"]) == (
            "facts-value", "facts-overruled", "facts-claim",
        )  # fmt: skip
    facts, card, at = Facts(), "6222021234567894", clock.now()
    facts.learn(LIN.student, [Fact(LIN.student, "bank-card", card, "finance", "a file", at)])
    facts.learn(LIN.student, [Fact(LIN.student, "bank-card", "6222021234567886", SELF, "a page", at)])
    for shown in (card, "•••• 7894"):
        told = taken(cloud, LIN.student)["facts"]
        assert [one["value"] for one in (*told["facts"], *told["history"])] == [shown] * 3
        facts.destroy_key(LIN.student)
    assert taken(cloud, "2022S01999")["facts"] is None


def test_what_they_filled_and_sent_is_told_in_clear_and_of_officers_their_office(cloud: Cloud) -> None:
    everything(cloud)
    told = taken(cloud)["forms"]
    assert [one["answers"] for one in (*told["drafts"], *told["submissions"])] == [
        {"why": "draft-answer"}, {"why": "sent-answer"},
    ]  # fmt: skip
    form = published(rich(approvals=("finance",)))
    desk, who = Desk(Forms(), Facts(), Store()), replace(WHO, sub=LIN.student)
    one = desk.submit(
        who, form.id, filled(desk.sheet(who, form.id, clock.now()), who, more="yes"), "the-key-1"
    ).submission
    assert Forms().change(*decide(one, "return", officer("finance"), "看不清", "d1", clock.now()))
    desk.correct(who, one.id)
    for shown in (CARD, "•••• 7894"):
        told = taken(cloud, LIN.student)["forms"]
        [sent] = told["submissions"]
        assert sent["answers"]["card"] == shown and sent["approvals"][0]["reason"] == "看不清"
        assert "officer-finance" not in json.dumps(told) and [event["what"] for event in sent["history"]] == [
            "submit", "return",
        ]  # fmt: skip
        [document] = told["documents"]
        assert document["file"].endswith(f"/api/forms/f/{form.id}/documents/{one.answers['paper']}/file")
        Facts().destroy_key(LIN.student)
    assert taken(cloud, "2022S01999")["forms"] is None


def test_what_waits_at_offices_and_what_is_booked_is_in_it_too(cloud: Cloud) -> None:
    """They are found by the case, so theirs are keys that it has."""
    cloud.open()
    assert cloud.act(STUDENT, "dormitory", "book-inspection", slot=next_slot()).status == 200
    case, house = cloud.case(), House(cloud)
    for queue, position in entries(case):
        house.plant("QueueItem", f"QUEUE#{queue}", position, step="dormitory")
    for step, slot, student in bookings(case):
        house.plant("BookingItem", f"BOOKINGS#{step}", f"{slot}#{student}")
    assert {kind for kind, _ in house.planted} == {"QueueItem", "BookingItem"}
    told = taken(cloud, LIN.student)["graduate"]
    assert [place for kind, item in house.planted for place in missing(told, kind, item)] == []
    assert told["waiting_at_offices"][0]["of"] == told["appointments"][0]["of"] == "dormitory"


def test_a_kind_of_item_that_is_new_in_a_partition_of_theirs_is_in_it_by_itself(cloud: Cloud) -> None:
    everything(cloud)
    for table, pk in (("Cases", "CASE"), ("People", "PERSON"), ("Messages", "BOX"), ("Archive", "STUDENT")):
        item = {"pk": {"S": f"{pk}#{SUB}"}, "sk": {"S": "NOVELTY#1"}, "told": {"S": f"new-{table}"}}
        cloud.dynamodb.put_item(TableName=table, Item=item)
    told = taken(cloud)
    new = [told[part]["other"] for part in ("graduate", "account", "messages", "archive")]
    assert [[one["told"] for one in part] for part in new] == [
        ["new-Cases"], ["new-People"], ["new-Messages"], ["new-Archive"],
    ]  # fmt: skip


def test_which_officer_it_was_is_told_no_more_than_on_the_pages(cloud: Cloud) -> None:
    house = everything(cloud)
    signed = {"field": "kept", "acts_for": "T0009"}
    house.plant("EventItem", f"CASE#{SUB}", "EVENT#3", who="T0007", role="counsellor", evidence=signed)
    cloud.dynamodb.update_item(
        TableName="Cases",
        Key={"pk": {"S": f"CASE#{SUB}"}, "sk": {"S": "CASE"}},
        UpdateExpression="SET #steps.#step.#by = :who",
        ExpressionAttributeNames={"#steps": "steps", "#step": "exit-survey", "#by": "by"},
        ExpressionAttributeValues={":who": {"S": "T0008"}},
    )
    told = taken(cloud)
    text = json.dumps(told)
    assert [who for who in ("T0007", "T0008", "T0009", "L0001") if who in text] == []
    [event] = [one for one in told["graduate"]["history"] if one["role"] == "counsellor"]
    assert event["item"] == f"EVENT#{event['version']}", "what an event is kept under begins with who did it"
    assert event["evidence"] == {"field": "kept"} and not event.keys() & {"who", "key"}


def test_which_officer_certified_a_record_is_not_told_either(cloud: Cloud) -> None:
    house = House(cloud)
    pk = f"STUDENT#{SUB}"
    was = {"certified_by": "T0007", "title": "before"}
    house.plant("RecordItem", pk, "RECORD#second-classroom#1", source="second-classroom", certified_by="T0007")
    house.plant("RecordEventItem", pk, "EVENT#second-classroom#1#000001", who="T0007", role="counsellor", was=was)
    told = taken(cloud)
    assert told["graduate"] is None and "T0007" not in json.dumps(told)
    [event] = told["archive"]["history"]
    assert event["was"] == {"title": "before"} and event["role"] == "counsellor"
    assert told["archive"]["records"][0]["certified_why"]


def test_nor_by_what_officers_do_is_it_told_who_they_are(cloud: Cloud) -> None:
    cloud.open()
    counsellor = replace(COUNSELLOR, sub="T0777")  # not the one whom the roster names
    for session, step in ((officer("library"), "library-loans"), (counsellor, "")):
        if step:
            assert cloud.act(session, step, "waive", reason="已另行处理").status == 200
        path, key = f"/api/clearance/cases/{LIN.student}/remind", {"idempotency_key": "a-key-of-theirs"}
        cloud.call("messages/remind", session, "POST", path, key)
    told = taken(cloud, LIN.student)
    assert [one["kind"] for one in told["messages"]["messages"]] and told["messages"]["reminded"]
    text = json.dumps(told)
    assert [who for who in (officer("library").sub, counsellor.sub) if who in text] == []


def test_every_answer_goes_through_one_door(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.open()
    slot = next_slot()
    assert cloud.act(STUDENT, "dormitory", "book-inspection", slot=slot).status == 200
    asked: list[tuple[str, dict[str, Any]]] = []

    def opened_up(self: Any, step: str, answers: Any) -> dict[str, Any]:
        asked.append((step, dict(answers or {})))
        return dict.fromkeys(answers or {}, "opened")

    monkeypatch.setattr(my_data.Answers, "of", opened_up)
    graduate_ = taken(cloud, LIN.student)["graduate"]
    assert asked.count(("dormitory", {"slot": slot})) == 3, "of the case, of the history, of the queue"
    places = [graduate_["case"]["steps"]["dormitory"]["answers"], graduate_["waiting_at_offices"][0]["answers"]]
    places += [one["evidence"] for one in graduate_["history"] if one.get("step") == "dormitory"]
    assert places == [{"slot": "opened"}] * 3


def test_it_holds_nothing_of_anybody_else(cloud: Cloud) -> None:
    everything(cloud)
    cloud.open(LIN, graduate(2))
    cloud.act(STUDENT, "dormitory", "book-inspection", slot=next_slot())
    cloud.call("clearance/exports", COUNSELLOR, "GET", "/api/clearance/exports/matrix.csv?school=S01")
    for sub, role in ((graduate(2).student, "student"), ("T0001", "counsellor"), ("T0999", "technician")):
        text = json.dumps(taken(cloud, sub, role), ensure_ascii=False)
        assert "marker" not in text and LIN.name not in text and LIN.student not in text and SUB not in text, sub


def test_staff_get_what_they_took_and_who_they_are(cloud: Cloud) -> None:
    cloud.open()
    invited = {"staff": COUNSELLOR.sub, "name": "王老师", "role": "counsellor", "school": "S01"}
    cloud.invoke("identity/people", invited)
    cloud.call("clearance/exports", COUNSELLOR, "GET", "/api/clearance/exports/matrix.csv?school=S01")
    cloud.call("messages/inbox", COUNSELLOR, "POST", "/api/messages/read", {"upto": "MESSAGE#2026"})
    told = taken(cloud, COUNSELLOR.sub, "counsellor")
    assert told["graduate"] is None
    assert [(one["what"], one["rows"], one["filters"]) for one in told["lists_taken"]] == [
        ("matrix", 1, {"school": "S01"})
    ]
    assert [one["role"] for one in told["account"]["roles"]] == ["counsellor"]
    assert told["account"]["changes"][0]["how"] == "granted" and told["account"]["profile"][0]["name"] == "王老师"
    assert [(one["of"], one["upto"]) for one in told["office_messages_read"]] == [("office:S01", "MESSAGE#2026")]


def test_it_is_everything_at_once_and_asks_for_a_fresh_sign_in(cloud: Cloud) -> None:
    cloud.open()
    stale = begun(STUDENT, minutes_ago=20)
    answer = cloud.call("identity/my_data", stale, "GET", "/api/account/export.json")
    assert (answer.status, answer.json["code"]) == (403, "prove-again")
    assert cloud.call("identity/my_data", None, "GET", "/api/account/export.json").status == 401
    page, fresh = portal.visit("/account", stale), portal.visit("/account", STUDENT)
    assert "/api/account/export.json" not in page.body and "again=1" in page.body
    assert 'href="/api/account/export.json"' in fresh.body and "/account/seen" in fresh.body
    answer = cloud.call("identity/my_data", STUDENT, "GET", "/api/account/export.json")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="yinji-{clock.today().isoformat()}.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["format"] == my_data.FORMAT


def test_files_are_named_by_the_addresses_at_which_they_are_fetched(cloud: Cloud) -> None:
    everything(cloud)
    told = taken(cloud)["graduate"]
    place = f"https://yinji.example.edu/api/clearance/cases/{SUB}"
    assert told["documents"][0]["file"] == f"{place}/evidence/1/file"
    assert told["certificate_file"] == f"{place}/certificate"


def test_the_page_about_it_names_every_part(cloud: Cloud) -> None:
    everything(cloud)
    told = taken(cloud)
    parts = {*told, *told["graduate"], *told["account"], *told["messages"], *told["archive"]}
    page = (ROOT / "docs" / "my-data.md").read_text("utf-8")
    assert parts - set(re.findall(r"`(\w+)`", page)) == set()
    assert my_data.FORMAT in page
