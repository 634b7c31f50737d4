"""What whoever reported a fault can do about it, by the link they were given: say that it works, or does not; when
somebody can open the door; rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Literal, get_args

from yinji.platform import clock
from yinji.platform.ids import id_of
from yinji.platform.problem import Problem, invalid_form
from yinji.repair.incident import Event, Incident, done
from yinji.repair.incidents_store import Incidents
from yinji.repair.report import Report

Word = Literal["confirm", "reopen", "rate", "when"]
WORDS: tuple[Word, ...] = get_args(Word)
FACES = ("bad", "fair", "good")
"""How it went: a rating is the place of one of these, from 1."""
PARTS = ("morning", "afternoon", "evening")
"""Of a day on which somebody can open the door. It is chosen, so that nobody's doings are written down."""
AHEAD = 7
WHO = "reporter"
REOPENED = timedelta(days=14)
"""How long after a fault ended somebody may say that it did not; later it is another."""
TRIES = 5


def incident_of(report: Report, incidents: Incidents) -> Incident | None:
    """The incident that `report` is part of by now; None before it was joined to one."""
    found = incidents.find(report.incident) if report.incident else None
    for _ in range(TRIES):
        if found is None or found.state != "merged" or not found.merged_into:
            break
        found = incidents.find(found.merged_into)
    return found


def say(report: Report, word: Word, fields: Mapping[str, str], sent_as: str, incidents: Incidents) -> Incident:
    """Note that whoever filed `report` says `word`; sent again by the same `sent_as` it is noted once. The incident as
    it stands then.

    Raises Problem("not-possible-now") before it is known what it was, Problem("incident-moved-on"),
    Problem("rated-already"), invalid-form; Problem("too-busy") when others were quicker over and over.
    """
    facts = _facts(word, fields)
    key = f"rate-{report.id}" if word == "rate" else _key(report, word, sent_as)
    for _ in range(TRIES):
        incident = incident_of(report, incidents)
        if incident is None:
            raise Problem("not-possible-now")
        before = next((one for one in incidents.history(incident.id) if one.key == key), None)
        if before is not None:
            if word == "rate" and before.told.get("sent") != _key(report, word, sent_as):
                raise Problem("rated-already")
            return incident
        if word == "confirm" and incident.state == "closed":
            return incident  # somebody else said so before
        after, event = _said(incident, word, key, facts, _key(report, word, sent_as))
        if incidents.change(after, event):
            return after
    raise Problem("too-busy")


def days_ahead(today: date) -> list[date]:
    """The days of the campus on which somebody may say that they can open the door."""
    return [today + timedelta(days=ahead) for ahead in range(AHEAD)]


def _facts(word: Word, fields: Mapping[str, str]) -> Mapping[str, Any]:
    """What `word` tells beside itself. Raises invalid-form."""
    chosen: Mapping[str, Sequence[str]] = {}
    if word == "rate":
        chosen = {"face": FACES}
    if word == "when":
        chosen = {"day": [day.isoformat() for day in days_ahead(clock.today())], "part": PARTS}
    wrong = {
        name: "invalid" if fields.get(name) else "required"
        for name, some in chosen.items()
        if fields.get(name) not in some
    }
    if wrong:
        raise invalid_form(wrong)
    return {name: fields[name] for name in chosen}


def _said(incident: Incident, word: Word, key: str, facts: Mapping[str, Any], sent: str) -> tuple[Incident, Event]:
    now = clock.now()
    if word in ("rate", "when"):
        if incident.state not in (("waiting-access",) if word == "when" else ("fixed", "closed")):
            raise Problem("incident-moved-on", state=incident.state)
        told = facts if word == "when" else {"stars": FACES.index(facts["face"]) + 1, "sent": sent}
        return replace(incident, version=incident.version + 1), Event(key, word, WHO, now, told)
    if word == "reopen" and incident.state == "closed" and now - incident.changed_at > REOPENED:
        raise Problem("incident-moved-on", state=incident.state)
    return done(incident, word, WHO, now, key)


def _key(report: Report, word: Word, sent_as: str) -> str:
    return id_of(report.id, word, sent_as)


def word_of(text: str) -> Word:
    """Raises Problem("not-found") for what nobody can say."""
    if text not in WORDS:
        raise Problem("not-found")
    return text
