"""What whoever reported a fault is told of it by mail, if they left an address. Pure.

What is told follows from how the fault stands by then and from what was told before, and not from what happened: so it
does not matter how often, how late or in which order one hears of it, and a report whose fault was merged into another
goes on with that without being told the same again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from yinji.messages.letter import Reader
from yinji.messages.model import REPORTS, Kind, Message, Settings, report_box
from yinji.messages.sending import Subject
from yinji.platform.clock import stamp
from yinji.repair.incident import OPEN, Incident, State
from yinji.repair.place import Place
from yinji.repair.report import Report, mail_of

KIND_OF: Mapping[State, Kind] = {
    "taken": "fault-taken",
    "travelling": "fault-coming",
    "waiting-access": "fault-access",
    "fixed": "fault-fixed",
}
"""What there is to tell of a fault that stands so."""
SAYS: Mapping[Kind, frozenset[State]] = {
    "fault-received": OPEN,
    "fault-taken": frozenset({"taken", "waiting-parts"}),
    "fault-coming": frozenset({"travelling", "waiting-parts"}),
    "fault-access": frozenset({"waiting-access"}),
    "fault-fixed": frozenset({"fixed"}),
    "fault-reopened": frozenset({"open"}),
}
"""For how long what was said is so: it is not sent any more when the fault stands otherwise."""
ENDS: frozenset[Kind] = frozenset({"fault-fixed", "fault-reopened"})
"""What comes after these is told anew."""
SAYS_AS_MUCH: Mapping[Kind, frozenset[Kind]] = {
    "fault-taken": frozenset({"fault-taken", "fault-coming", "fault-access"}),
    "fault-coming": frozenset({"fault-coming"}),
}
"""After which a kind is no news, until the fault ends."""
NEXT = timedelta(milliseconds=1)
"""Between two messages of one moment."""


def of_receipt(report: Report, place: Place | None, now: datetime) -> Message:
    """That `report` of `place` has arrived."""
    return _message("fault-received", "fault-received", report, place, now)


def of_fault(
    report: Report, place: Place | None, incident: Incident, said: Sequence[Message], now: datetime
) -> Message | None:
    """What whoever filed `report` is told of `incident`, which it is part of by now; `said` are the messages before,
    the oldest first. None when they know, or there is nothing to tell.

    The same news has the same id, however often it is composed.
    """
    kind, since = _news(incident)
    if not kind or since is None or any(one.kind in SAYS_AS_MUCH.get(kind, ()) for one in _of_this_turn(said)):
        return None
    if kind == "fault-reopened" and all(one.kind == "fault-received" for one in said):
        return None  # whoever came later does not know that it was ever said to be mended
    id = f"{kind}#{incident.id}#{stamp(since)}"
    later = max((one.at + NEXT for one in said), default=now)
    return None if any(one.id == id for one in said) else _message(kind, id, report, place, max(now, later))


def _news(incident: Incident) -> tuple[Kind | None, datetime | None]:
    """What there is to tell of `incident`, and since when it is so."""
    if incident.state == "open" and incident.reopened:
        return "fault-reopened", incident.times.get("open")
    if incident.planned:
        return None, None
    since = incident.times.get(incident.state)
    if incident.state == "waiting-access" and incident.waits:
        since = incident.waits[-1]  # somebody is asked each time anew
    return KIND_OF.get(incident.state), since


def _of_this_turn(said: Sequence[Message]) -> Iterable[Message]:
    """The messages since the fault was said to be mended, or to be opened again."""
    last = max((place for place, one in enumerate(said) if one.kind in ENDS), default=-1)
    return said[last + 1 :]


def _message(kind: Kind, id: str, report: Report, place: Place | None, at: datetime) -> Message:
    told = {language: _called(report, place, language) for language in ("zh", "en")}
    return Message(id, report_box(report.id), kind, at, {"place": told})


def _called(report: Report, place: Place | None, language: str) -> str:
    """Where it is, without the campus."""
    if place is None:
        return report.place
    return " ".join([*place.trail.get(language, ())[1:], place.title[language]])


def by_address(reports: Iterable[Report]) -> list[list[Report]]:
    """Those of `reports` that bear a mail address, of each address the youngest first."""
    found: dict[str, list[Report]] = {}
    for report in sorted(reports, key=lambda one: (one.filed_at, one.id), reverse=True):
        if address := mail_of(report.contact):
            found.setdefault(address.casefold(), []).append(report)
    return list(found.values())


def is_so(kind: Kind, incident: Incident | None) -> bool:
    """Whether it is still worth telling `kind` of `incident`, None before it is known what it is."""
    if incident is None:
        return kind == "fault-received"
    return incident.state in SAYS.get(kind, ())


class Reporters:
    """Whoever reported a fault, by their report. `report` and `incident` look up a report, and the incident that one is
    part of by now; `link` makes the path of the page by which a report is followed."""

    def __init__(
        self,
        report: Callable[[str], Report | None],
        incident: Callable[[Report], Incident | None],
        link: Callable[[str], str],
    ) -> None:
        self._report, self._incident, self._link = report, incident, link

    def subject(self, message: Message, settings: Settings) -> Subject | None:
        """Who `message` is for; None when it is for nobody: there is no such report, it bears no address, or what the
        message says is not so any more."""
        report = self._report(message.box.removeprefix(REPORTS))
        address = mail_of(report.contact) if report else ""
        if report is None or not address or not is_so(message.kind, self._incident(report)):
            return None
        return Subject(Reader("", address, report.language), path=self._link(report.id))
