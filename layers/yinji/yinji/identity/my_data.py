"""Everything the house keeps about whoever asks, as one document for programs. Its shape is told in docs/my-data.md.

Items are handed out as they are stored, by the keys of the person alone: an attribute that is new is in it by itself,
and so is a kind of item that is new in one of their partitions (`other`). What is left out is left out by name: who of
an office it was, where the pages tell a graduate the office as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from yinji.archive.items import TABLE as ARCHIVES
from yinji.clearance.appointments import bookings
from yinji.clearance.case import Case
from yinji.clearance.document import case_of
from yinji.clearance.keys import Keys
from yinji.clearance.queue import entries
from yinji.clearance.reading import Raw, Reader, plains
from yinji.clearance.sealing import PersonKey, is_sealed, shown
from yinji.editions.items import TABLE as EDITIONS
from yinji.forms.facts_items import TABLE as FACTS
from yinji.forms.facts_items import FactKeyItem
from yinji.forms.items import TABLE as FORMS
from yinji.forms.items import ByPerson
from yinji.forms.submission import PREFIX
from yinji.identity.access_log import AccessLog
from yinji.identity.items import PersonItem
from yinji.identity.looks import by_office, told
from yinji.messages.items import MessageItem
from yinji.messages.model import office_box
from yinji.platform.clock import stamp

FORMAT = "yinji-my-data/1"
OF_CASE = {"CASE": "case", "EVENT": "history", "UPLOAD": "documents", "UPLOADS": "uploads_begun", "KEY": "key"}
OF_ARCHIVE = {
    "PROFILE": "profile",
    "RECORD": "records",
    "EVENT": "history",
    "PORTRAIT": "portrait",
    "SIGNUP": "signed_up",
    "ASKED": "asked",
}
OF_EDITIONS = {"EDITION": "editions", "INFORCE": "in_force", "SHARE": "links"}
OF_PERSON = {
    "PROFILE": "profile",
    "GRANT": "roles",
    "SIGN-IN": "sign_ins",
    "LENT": "lent",
    "CHANGE": "changes",
}
OF_FACTS = {"FACT": "facts", "PAST": "history", "KEY": "key"}
OF_FORMS = {"DRAFT": "drafts"}
OF_BOX = {
    "MESSAGE": "messages",
    "DELIVERY": "deliveries",
    "SETTINGS": "settings",
    "READ": "read",
    "REMINDED": "reminded",
}
"""The parts of the document, by what the sort keys of their items begin with; `key` is used and not told."""
SAME = ("student", "system")
"""Roles in which an event's `who` is no officer: the graduate, or the house itself."""
Item = dict[str, Any]


class MyData:
    """Reads all seven tables. Every method raises what botocore and PynamoDB raise when a service cannot be reached."""

    def __init__(self) -> None:
        self._cases = Reader()
        self._people = Reader(PersonItem.Meta.table_name)
        self._messages = Reader(MessageItem.Meta.table_name)
        self._archives = Reader(ARCHIVES)
        self._editions = Reader(EDITIONS)
        self._facts = Reader(FACTS)
        self._forms = Reader(FORMS)
        self._log = AccessLog()

    def of(self, sub: str, now: datetime, public_url: str) -> dict[str, Any]:
        """The document of `sub` as of `now`. Files are named by their addresses below `public_url`."""
        account = _parts(self._people.query("pk", f"PERSON#{sub}"), OF_PERSON)
        return {
            "format": FORMAT,
            "at": stamp(now),
            "person": sub,
            "graduate": self._graduate(sub, public_url),
            "facts": self._known(sub),
            "forms": self._filled(sub, public_url),
            "archive": self._archive(sub),
            "editions": self._of_editions(sub, public_url),
            "account": account,
            "messages": _parts(self._messages.query("pk", f"BOX#{sub}"), OF_BOX),
            "office_messages_read": self._read_of_offices(sub, account["roles"]),
            "lists_taken": [_item(raw) for raw in self._cases.query("pk", f"TAKEN#{sub}")],
            "seen": told(by_office(self._log.of(sub))),
        }

    def _graduate(self, student: str, public_url: str) -> dict[str, Any] | None:
        """What clearance keeps: the case, and what is found by it; None of who has no case."""
        found = _parts(self._cases.query("pk", f"CASE#{student}"), OF_CASE)
        if not found["case"]:
            return None
        [case] = found["case"]
        found["history"].sort(key=lambda event: event["version"])
        place = f"{public_url}/api/clearance/cases/{student}"
        known = case_of(case)
        answers = Answers(student)
        waiting, booked, issued = self._beside(known, found["history"])
        return {
            "case": _case(case, answers),
            "history": [_event(event, student, answers) for event in found["history"]],
            "documents": [_document(upload, place) for upload in found["documents"] if not _of_form(upload)],
            "uploads_begun": found["uploads_begun"],
            "waiting_at_offices": [_entry(entry, answers) for entry in waiting],
            "appointments": booked,
            "certificates": issued,
            "certificate_file": f"{place}/certificate" if known.certificate else None,
            "other": found["other"],
        }

    def _known(self, person: str) -> dict[str, list[Item]] | None:
        """What is known of them for forms, and what it was before, in clear; None of whom nothing is known."""
        found = _parts(self._facts.query("pk", f"PERSON#{person}"), OF_FACTS)
        if not any(found.values()):
            return None
        key = Keys(FactKeyItem, "PERSON#", "person").existing(person) if found["key"] else None
        told = {name: [_fact(item, key) for item in found[name]] for name in ("facts", "history")}
        return told | {"other": found["other"]}

    def _filled(self, person: str, public_url: str) -> dict[str, list[Item]] | None:
        """What they filled of forms and sent, with what happened to it and their documents; None of who did not."""
        found = _parts(self._forms.query("pk", f"PERSON#{person}"), OF_FORMS)
        sent = [_item(raw) for raw in self._forms.query("person", person, index=ByPerson.Meta.index_name)]
        handed_in = self._cases.query("pk", f"CASE#{person}", beginning="UPLOAD#")
        documents = [_document_of_form(one, public_url) for one in map(_item, handed_in) if _of_form(one)]
        if not (sent or documents or any(found.values())):
            return None
        key = Keys(FactKeyItem, "PERSON#", "person").existing(person)
        submissions: list[Item] = []
        for one in sent:
            events = self._forms.query("pk", f"SUBMISSION#{one['submission']}", beginning="EVENT#")
            history = [_form_event(_item(raw), person) for raw in events]
            submissions.append(_submission(one, key) | {"history": history})
        return {
            "drafts": [one | {"answers": _answers(one["form_id"], one["answers"], key)} for one in found["drafts"]],
            "submissions": submissions,
            "documents": documents,
            "other": found["other"],
        }

    def _archive(self, student: str) -> dict[str, list[Item]] | None:
        """The growth archive: who they are there, records, what happened to them, portrait; None of who has none."""
        found = _parts(self._archives.query("pk", f"STUDENT#{student}"), OF_ARCHIVE)
        if not any(found.values()):
            return None
        return found | {
            "records": [_record(record) for record in found["records"]],
            "history": [_record_event(event, student) for event in found["history"]],
        }

    def _of_editions(self, student: str, public_url: str) -> dict[str, list[Item]]:
        """Editions of the archive, with the addresses of what was sealed, and links by which it is shared."""
        found = _parts(self._editions.query("pk", f"STUDENT#{student}"), OF_EDITIONS)
        place = f"{public_url}/api/archive/students/{student}/editions"
        return found | {"editions": [_edition(edition, student, place) for edition in found["editions"]]}

    def _beside(self, case: Case, history: Sequence[Item]) -> tuple[list[Item], list[Item], list[Item]]:
        """What lies elsewhere: entries of queues, bookings, and certificates, revoked ones as well."""
        queues = [(f"QUEUE#{queue}", position) for queue, position in entries(case)]
        slots = [(f"BOOKINGS#{step}", f"{slot}#{student}") for step, slot, student in bookings(case)]
        codes = [event.get("evidence", {}).get("code") for event in history if event["what"] == "certificate-issued"]
        codes += [case.certificate.code] if case.certificate else []
        certificates = [(f"CERTIFICATE#{code}", "CERTIFICATE") for code in codes if code]
        found: dict[str, list[Item]] = {"QUEUE": [], "BOOKINGS": [], "CERTIFICATE": []}
        for raw in self._cases.get_many([*queues, *slots, *certificates]):
            kind, _, rest = raw["pk"]["S"].partition("#")
            found[kind].append({"of": rest} | _item(raw))
        return found["QUEUE"], found["BOOKINGS"], found["CERTIFICATE"]

    def _read_of_offices(self, sub: str, roles: Sequence[Item]) -> list[Item]:
        """How far they read the boxes of the offices they are or were of; what lies in them is the office's."""
        offices = {str(office) for role in roles if (office := role.get("school") or role.get("department"))}
        keys = [(f"BOX#{office_box(office)}", f"READ#{sub}") for office in sorted(offices)]
        return [{"of": raw["pk"]["S"].partition("#")[2]} | _item(raw) for raw in self._messages.get_many(keys)]


def _parts(items: Iterable[Raw], names: Mapping[str, str]) -> dict[str, list[Item]]:
    """`items` by part; what has no name of its own is in `other`."""
    found: dict[str, list[Item]] = {name: [] for name in (*names.values(), "other")}
    for raw in items:
        found[names.get(raw["sk"]["S"].partition("#")[0], "other")].append(_item(raw))
    return found


def _item(raw: Raw) -> Item:
    """An item with every attribute it has. `item` is its sort key; of whose partition it is, the document tells."""
    known = plains(raw)
    del known["pk"]
    return {"item": known.pop("sk"), **known}


class Answers:
    """What `student` answered, as they are told it: every answer of the document goes through here."""

    def __init__(self, student: str) -> None:
        self._student = student

    @cached_property
    def _key(self) -> PersonKey | None:
        return Keys().existing(self._student)

    def of(self, step: str, answers: Any) -> dict[str, Any]:
        """The answers at `step`, sealed numbers in clear; one whose key was destroyed by its last signs."""
        told = cast(Mapping[str, Any], answers or {})
        return {
            field: shown(self._key, f"{step}/{field}", value) if is_sealed(value) else value
            for field, value in told.items()
        }


def _case(case: Item, answers: Answers) -> Item:
    """The case; who changed a step last is told where it was the graduate."""
    steps: Mapping[str, Item] = case["steps"]
    told: dict[str, Item] = {}
    for id, record in steps.items():
        shown = {name: value for name, value in record.items() if name != "by" or value == case["student"]}
        told[id] = shown | ({"answers": answers.of(id, record["answers"])} if "answers" in record else {})
    return case | {"steps": told}


def _event(event: Item, student: str, answers: Answers) -> Item:
    """An event; of officers their role is told, and the step names their office. What it is kept under begins with who
    did it, so an officer's is told by its version."""
    shown = dict(event)
    if event["who"] != student and event["role"] not in SAME:
        shown |= {"item": f"EVENT#{event['version']}"}
        del shown["who"], shown["key"]
    evidence = answers.of(str(event.get("step", "")), event.get("evidence"))
    evidence.pop("acts_for", None)
    return shown | ({"evidence": evidence} if "evidence" in event else {})


def _record(record: Item) -> Item:
    """A record; who certified it is told where it was its source."""
    by = record.get("certified_by")
    return {name: value for name, value in record.items() if name != "certified_by" or by == record["source"]}


def _record_event(event: Item, student: str) -> Item:
    """What happened to a record; of officers their role is told."""
    if event["who"] == student or event["role"] in SAME:
        return event
    shown = {name: value for name, value in event.items() if name not in ("who", "key")}
    was = {name: value for name, value in event.get("was", {}).items() if name != "certified_by"}
    return shown | ({"was": was} if was else {})


def _fact(fact: Item, key: PersonKey | None) -> Item:
    """A fact, or a version of one, with its values as they are; sealed numbers in clear, or by their last signs."""

    def opened(told: str) -> Any:
        value = json.loads(told)
        return shown(key, str(fact["fact"]), value) if is_sealed(value) else value

    values = {name: opened(fact[name]) for name in ("value", "overruled") if fact.get(name)}
    claim = fact.get("claim")
    return fact | values | ({"claim": claim | {"value": opened(claim["value"])}} if claim else {})


def _answers(form: str, told: str, key: PersonKey | None) -> dict[str, Any]:
    """Answers to a form as they are; sealed numbers in clear, or by their last signs."""
    answers: dict[str, Any] = json.loads(told)
    return {name: shown(key, f"{form}/{name}", value) if is_sealed(value) else value for name, value in answers.items()}


def _submission(one: Item, key: PersonKey | None) -> Item:
    """What they sent; of who decided the office is told."""
    approvals = [{name: told for name, told in said.items() if name != "who"} for said in one["approvals"]]
    return one | {"answers": _answers(str(one["form"]), one["answers"], key), "approvals": approvals}


def _form_event(event: Item, person: str) -> Item:
    """What happened to it; of officers the office is told, which stands in what the event tells."""
    if event["who"] == person:
        return event
    told = {name: value for name, value in event.get("told", {}).items() if name != "acts_for"}
    shown = {name: value for name, value in event.items() if name not in ("who", "key")}
    return shown | {"item": f"EVENT#{event['at']}", "told": told}


def _of_form(upload: Item) -> bool:
    return str(upload["step"]).startswith(PREFIX)


def _document_of_form(upload: Item, public_url: str) -> Item:
    """An upload that a form asked for, with the address of what was accepted."""
    id, form = str(upload["item"]).partition("#")[2], str(upload["step"]).removeprefix(PREFIX)
    accepted = upload["status"] == "accepted"
    return upload | ({"file": f"{public_url}/api/forms/f/{form}/documents/{id}/file"} if accepted else {})


def _entry(entry: Item, answers: Answers) -> Item:
    return entry | ({"answers": answers.of(str(entry["step"]), entry["answers"])} if "answers" in entry else {})


def _document(upload: Item, place: str) -> Item:
    """An upload, with the address of what was accepted: for them, signed in, as on the page."""
    id = str(upload["item"]).partition("#")[2]
    accepted = upload["status"] == "accepted"
    return upload | ({"file": f"{place}/evidence/{id}/file"} if accepted else {})


def _edition(edition: Item, student: str, place: str) -> Item:
    """An edition: who asked for it is told where it was the student, who revoked it is an officer."""
    left_out = {"revoked_by", *(() if edition["by"] == student else ("by",))}
    told = {name: value for name, value in edition.items() if name not in left_out}
    sealed = edition["state"] == "sealed"
    return told | ({"file": f"{place}/{edition['id']}/archive.pdf"} if sealed else {})
