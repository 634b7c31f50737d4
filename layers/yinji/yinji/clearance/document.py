"""A case as the plain document that is stored and streamed: strings, numbers, booleans, lists and maps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from yinji.clearance.case import Case, Certificate, Event, Facts, Graduate, Reason, Standing, State, StepRecord
from yinji.platform.clock import instant, stamp

MARKS: dict[State, str] = {"waiting": "w", "ready": "r", "submitted": "s", "blocked": "b", "done": "d", "waived": "v"}
"""One letter a state: what a counsellor's page shows of a case, kept in the lean index."""
STATE_OF_MARK: dict[str, State] = {mark: state for state, mark in MARKS.items()}

_TEXTS = (
    "student", "name", "category", "school", "name_latin", "programme", "class_name", "counsellor", "email",
    "language", "nationality", "room", "supervisor",
)  # fmt: skip


def case_document(case: Case) -> dict[str, Any]:
    """The document of `case`; what is empty is left out. Read back by `case_of`."""
    graduate = {name: text for name in _TEXTS if (text := getattr(case.graduate, name))}
    return graduate | _without_none(
        {
            "flags": sorted(case.graduate.flags),
            "school": case.shelf,
            "of_school": case.graduate.school if case.shelf != case.graduate.school else None,
            "batch": case.batch,
            "opens_on": case.opens_on.isoformat() if case.opens_on != date.min else None,
            "extended_to": case.extended_to.isoformat() if case.extended_to else None,
            "declared": dict(case.declared) or None,
            "withdrawn_at": stamp(case.withdrawn_at) if case.withdrawn_at else None,
            "deadline": case.deadline.isoformat(),
            "flow": case.flow,
            "flow_version": case.flow_version,
            "version": case.version,
            "opened_at": stamp(case.opened_at),
            "updated_at": stamp(case.updated_at),
            "as_of": case.as_of or None,
            "finished_at": stamp(case.finished_at) if case.finished_at else None,
            "certificate": {"code": case.certificate.code, "issued_at": stamp(case.certificate.issued_at)}
            if case.certificate
            else None,
            "steps": {step: _record_document(record) for step, record in case.steps.items()},
            "marks": {step: MARKS[state] for step, state in case.states().items()},
            "chain": case.chain or None,
        }
    )


def case_of(document: Mapping[str, Any]) -> Case:
    """The case of a stored or streamed document."""
    certificate = document.get("certificate")
    finished_at = document.get("finished_at")
    told = {name: document[name] for name in _TEXTS if name in document}
    declared: Mapping[str, Any] = document.get("declared") or {}
    extended_to, withdrawn_at = document.get("extended_to"), document.get("withdrawn_at")
    return Case(
        graduate=Graduate(
            **(told | {"school": document.get("of_school") or document["school"]}),
            flags=frozenset(document.get("flags", ())),
        ),
        batch=document["batch"],
        deadline=date.fromisoformat(document["deadline"]),
        flow=document["flow"],
        flow_version=int(document["flow_version"]),
        steps={step: _record_of(record) for step, record in document["steps"].items()},
        opened_at=instant(document["opened_at"]),
        updated_at=instant(document["updated_at"]),
        version=int(document["version"]),
        finished_at=instant(finished_at) if finished_at else None,
        certificate=Certificate(certificate["code"], instant(certificate["issued_at"])) if certificate else None,
        as_of=document.get("as_of", ""),
        opens_on=date.fromisoformat(document["opens_on"]) if document.get("opens_on") else date.min,
        extended_to=date.fromisoformat(extended_to) if extended_to else None,
        declared={flag: bool(is_so) for flag, is_so in declared.items()},
        withdrawn_at=instant(withdrawn_at) if withdrawn_at else None,
        chain=document.get("chain", ""),
    )


def _record_document(record: StepRecord) -> dict[str, Any]:
    facts = record.facts
    return _without_none(
        {
            "version": record.version,
            "since": stamp(record.since) if record.since else None,
            "by": record.by or None,
            "noticed": record.noticed or None,
            "state": record.standing.state,
            "reasons": [{"code": reason.code, "params": dict(reason.params)} for reason in record.standing.reasons]
            or None,
            "feed": dict(facts.feed) if facts.feed is not None else None,
            "as_of": facts.as_of or None,
            "answers": dict(facts.answers) or None,
            "signed_off": facts.signed_off or None,
        }
    )


def _record_of(document: Mapping[str, Any]) -> StepRecord:
    feed = document.get("feed")
    since = document.get("since")
    return StepRecord(
        standing=Standing(
            document.get("state"),
            tuple(Reason(reason["code"], dict(reason["params"])) for reason in document.get("reasons", ())),
        ),
        facts=Facts(
            feed={name: _plain(value) for name, value in feed.items()} if feed is not None else None,
            as_of=document.get("as_of", ""),
            answers=dict(document.get("answers", {})),
            signed_off=bool(document.get("signed_off", False)),
        ),
        version=int(document["version"]),
        since=instant(since) if since else None,
        by=document.get("by", ""),
        noticed=bool(document.get("noticed", False)),
    )


def _plain(value: Any) -> Any:
    """Numbers come as int, float or Decimal, depending on who read the item; facts hold whole ones only."""
    return value if isinstance(value, (str, bool)) or value is None else int(value)


def event_document(event: Event) -> dict[str, Any]:
    """The document of an event; read back by `event_of`."""
    return _without_none(
        {
            "key": event.key,
            "what": event.what,
            "who": event.who,
            "role": event.role,
            "at": stamp(event.at),
            "version": event.version,
            "step": event.step or None,
            "why": event.why or None,
            "fingerprint": event.fingerprint or None,
            "evidence": dict(event.evidence) or None,
            "states": dict(event.states) or None,
            "hash": event.hash or None,
        }
    )


def event_of(document: Mapping[str, Any]) -> Event:
    return Event(
        key=document["key"],
        what=document["what"],
        who=document["who"],
        role=document["role"],
        at=instant(document["at"]),
        version=int(document["version"]),
        step=document.get("step") or "",
        why=document.get("why") or "",
        fingerprint=document.get("fingerprint") or "",
        evidence=dict(document.get("evidence") or {}),
        states=dict(document.get("states") or {}),
        hash=document.get("hash") or "",
    )


def _without_none(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value is not None}
