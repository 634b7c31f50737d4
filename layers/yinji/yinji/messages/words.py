"""Messages in words: a title and lines in the reader's language, from messages.zh.toml and messages.en.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

from yinji.archive.deciding import said
from yinji.archive.kinds import kinds
from yinji.clearance import definition, university
from yinji.clearance.definition import Text
from yinji.forms import facts
from yinji.messages.model import Message
from yinji.platform.clock import CAMPUS, instant
from yinji.visits import service

MOST_IN_TITLE = 3
"""Steps that a title names; of more it says how many."""
EDITIONS = "/archive/editions"
ARCHIVE = "/archive/claim"
"""Where students see what they claimed, and what came of it."""
ACTIVITY = "/archive/activities/"
REPAIR = "/r"
"""Where a report is followed by its link, which is no part of the message: whoever sends it knows how to make it."""
VISIT = "/visits"
"""Where a visit is followed by its link, which is no part of the message: whoever sends it knows how to make it."""
FACTS = "/forms/conflicts"
SUBMISSION = "/forms/s/"
"""Where somebody sees a form that they sent."""
FORM = "/forms/desk/{form}"
"""Where an office works on a form."""
SEPARATOR = {"zh": "、", "en": ", "}


@cache
def catalogue(language: str) -> Mapping[str, Mapping[str, Any]]:
    """Every text by section and name. A table of `one` and `other` is a text that depends on its number."""
    return tomllib.loads(Path(__file__).with_name(f"messages.{language}.toml").read_text("utf-8"))


def say(language: str, section: str, name: str, number: int = 0, /, **params: Any) -> str:
    """The text, filled with `params`. Raises KeyError for one that does not exist."""
    text = catalogue(language)[section][name]
    if isinstance(text, Mapping):
        text = cast(Mapping[str, str], text)["one" if number == 1 else "other"]
    return str(text).format_map(params)


@dataclass(frozen=True)
class Told:
    """A message in words. `reason` is what an officer wrote: shown to the signed-in reader, never mailed."""

    title: str
    lines: Sequence[str]
    path: str
    """The page where the reader goes on."""
    reason: str = ""


def told(message: Message, language: str, steps: Sequence[str] | None = None, now: datetime | None = None) -> Told:
    """`message` in `language` ("zh" or "en"); `steps` instead of its own where those have changed since.

    With `now`, ages are told as of then rather than as of the message.
    """
    params = message.params
    chosen: Sequence[str] = steps if steps is not None else params.get("steps", ())
    many, number = _titles(chosen, language), len(chosen)
    deadline = _day(str(params["deadline"]), language) if "deadline" in params else ""
    until = say(language, "line", "until", deadline=deadline)
    mine = say(language, "line", "mine", number, n=number, steps=many)
    match message.kind:
        case "welcome":
            lines = [mine if number else say(language, "line", "nothing-yet"), until]
            if "opens" in params:
                lines.insert(0, say(language, "line", "opens", day=_day(str(params["opens"]), language)))
            return Told(say(language, "title", "welcome"), lines, "/me")
        case "yours":
            name = "yours" if number <= MOST_IN_TITLE else "yours-many"
            return Told(say(language, "title", name, number, n=number, steps=many), [mine], _at(chosen))
        case "sent-back":
            why = str(params.get("reason", ""))
            line = say(language, "line", "sent-back")
            return Told(say(language, "title", "sent-back", steps=many), [line], _at(chosen), why)
        case "done":
            return Told(say(language, "title", "done"), [say(language, "line", "done")], "/me")
        case "deadline-moved":
            line = say(language, "line", "since-moved", deadline=deadline)
            return Told(say(language, "title", "deadline-moved", deadline=deadline), [line], "/me")
        case "deadline":
            days = int(params["days"])
            return Told(say(language, "title", "deadline", days, days=days), [mine, until], _at(chosen))
        case "reminder":
            office = office_name(str(params["office"]), language)
            line = say(language, "line", "reminder", office=office, steps=many)
            few = many if number <= MOST_IN_TITLE else say(language, "line", "things", n=number)
            return Told(say(language, "title", "reminder", office=office, steps=few), [line, until], _at(chosen))
        case "record-certified" | "record-refused" | "record-revoked" | "record-settled":
            # which record it is stands with the reason: mails tell neither
            which = kinds()[str(params["record"])].title[language]
            why = SEPARATOR[language].join(filter(None, (str(params["title"]), said(str(params["why"]), language))))
            return Told(
                say(language, "title", message.kind, what=which), [say(language, "line", message.kind)], ARCHIVE, why
            )
        case "edition-sealed" | "edition-revoked":
            lines = [say(language, "line", message.kind)]
            return Told(say(language, "title", message.kind), lines, EDITIONS, str(params.get("why", "")))
        case "activity-cancelled" | "activity-restored" | "activity-moved" | "place-given":
            return _of_activity(message, language)
        case "fault-received" | "fault-taken" | "fault-coming" | "fault-access" | "fault-fixed" | "fault-reopened":
            place = str(params["place"][language])
            return Told(
                say(language, "title", message.kind, place=place), [say(language, "line", message.kind)], REPAIR
            )
        case "visit-booked" | "visit-moved" | "visit-cancelled" | "visit-tomorrow":
            return _of_visit(message, language)
        case "form-approved" | "form-returned" | "form-refused":
            title = say(language, "title", message.kind, title=params["title"][language])
            line = say(language, "line", message.kind)
            return Told(title, [line], f"{SUBMISSION}{params['submission']}", str(params["reason"]))
        case "form-layout":
            told = {"title": params["title"][language], "version": params["version"], "line": params["why"] or "–"}
            line = say(language, "line", message.kind, **told)
            return Told(say(language, "title", message.kind, **told), [line], FORM.format(form=params["form"]))
        case "fact-corrected":
            return _of_fact(params, language)
        case "digest":
            return _digest(params, language, now or message.at)


def _of_activity(message: Message, language: str) -> Told:
    params = message.params
    begins = instant(params["begins_at"]).astimezone(CAMPUS)
    when = f"{_day(begins.date().isoformat(), language)} {begins:%H:%M}"
    place = params["place"] or say(language, "line", "no-place")
    names = {
        "activity-cancelled": ("activity-cancelled",),
        "activity-restored": ("activity-now", "give-back"),
        "activity-moved": ("activity-now", "give-back"),
        "place-given": ("place-given", "give-back"),
    }
    lines = [say(language, "line", name, when=when, place=place) for name in names[message.kind]]
    return Told(say(language, "title", message.kind, title=params["title"]), lines, f"{ACTIVITY}{params['activity']}")


def _of_visit(message: Message, language: str) -> Told:
    params, known = message.params, service.communities().get(str(message.params["place"]))
    told = {
        "day": _day(str(params["day"]), language),
        "before": _day(str(params.get("from", params["day"])), language),
        "why": str(params.get("why", "")),
        "place": known.title[language] if known else "",
        "office": known.office if known else "",
    }
    if window := service.windows().get(str(params["window"])):
        told |= {"window": window.title[language], "hours": window.hours}
    names: list[str] = []
    if message.kind == "visit-moved":
        names = ["visit-moved-why" if params.get("why") else "visit-moved", "visit-comes" if window else "visit-waits"]
    elif message.kind != "visit-cancelled":
        names = ["visit-comes"]
    names.append("visit-cancelled" if message.kind == "visit-cancelled" else "visit-link")
    names.append("visit-call")
    lines = [say(language, "line", name, **told) for name in names]
    return Told(say(language, "title", message.kind, **told), lines, VISIT)


def _of_fact(params: Mapping[str, Any], language: str) -> Told:
    fact, source = facts.kinds().get(str(params["fact"])), facts.sources().get(str(params["source"]))
    told = {"fact": fact.title[language] if fact else "", "source": source.title[language] if source else ""}
    return Told(
        say(language, "title", "fact-corrected", **told), [say(language, "line", "fact-corrected", **told)], FACTS
    )


def invitation(message: Message, language: str, site: str, path: str) -> list[str]:
    """Where a visit that somebody comes for can be had for a calendar; its page is at `path`."""
    if not message.params.get("window") or not path:
        return []
    return [say(language, "line", "visit-calendar", url=f"{site}/api{path}/visit.ics")]


def _digest(params: Mapping[str, Any], language: str, now: datetime) -> Told:
    lines: list[str] = []
    for queue in params["queues"]:
        step, number = _titles([queue["step"]], language), int(queue["waiting"])
        days = (now.astimezone(CAMPUS).date() - instant(queue["oldest"]).astimezone(CAMPUS).date()).days
        name = "queue" if days else "queue-today"
        lines.append(say(language, "line", name, number, step=step, n=number, days=days))
    lines += [
        say(language, "line", name, step=_titles([step], language))
        for name in ("held", "stale")
        for step in params[name]
    ]
    number = sum(int(queue["waiting"]) for queue in params["queues"])
    return Told(say(language, "title", "digest", number, n=number), lines, "/queues")


def office_name(office: str, language: str) -> str:
    """The name of a department or school; of one that is gone, its id."""
    known: Mapping[str, Any] = university.departments().get(office) or university.schools().get(office) or {}
    return str(known.get(language, office))


def _titles(steps: Sequence[str], language: str) -> str:
    every = definition.steps()
    return SEPARATOR[language].join(str(every[step].title[language]) for step in steps if step in every)


def _at(steps: Sequence[str]) -> str:
    """The student's page, at the step when it is only one."""
    return f"/me#{steps[0]}" if len(steps) == 1 else "/me"


def _day(day: str, language: str) -> str:
    known = date.fromisoformat(day)
    return f"{known.year} 年 {known.month} 月 {known.day} 日" if language == "zh" else f"{known.day} {known:%B %Y}"


def sender(language: str, of: str = "") -> str:
    """Who a mail says it is from: the university, or there what it is `of`, repair or visits."""
    name: Text = university.name()
    return say(language, "mail", f"sender-{of}" if of else "sender", university=name[language])
