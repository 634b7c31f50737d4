"""What technicians do: who may, what they have to say, and how it becomes of an incident what they say.

What is sent again by the same key is answered as it was. Whoever comes second is told who has it. Reports that join
meanwhile change an incident too, and keep nobody from working on it: only to close one it has to be as it was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, cast, get_args

from yinji.identity.session import Session
from yinji.platform.ids import id_of
from yinji.platform.problem import Problem, invalid_form
from yinji.repair import access
from yinji.repair.causes import causes_of
from yinji.repair.incident import ACTS, WORK, Act, Event, Incident, State, done, given, moment, version_of
from yinji.repair.incidents_store import Incidents
from yinji.repair.place import Kind

Deed = Literal["take", "travel", "need-access", "need-parts", "go-on", "fix", "hand-over", "close"]
DEEDS: tuple[Deed, ...] = get_args(Deed)
Why = Literal["shift-over", "other-skill", "other-area", "too-much", "other"]
WHYS: tuple[Why, ...] = get_args(Why)
"""Why somebody hands work over: chosen, so that nobody writes about a colleague."""
PHOTOGRAPHED: frozenset[State] = frozenset(
    {"taken", "travelling", "waiting-access", "waiting-parts", "fixed", "closed"}
)
"""Where there is something to take a photo of."""
LONGEST_NOTE = 300
ATTEMPTS = 8
"""How often somebody may be quicker: every report that joins is one."""


@dataclass(frozen=True)
class Wish:
    """What somebody wants to do. `seen` is the version they saw; `found`, `note` are told of what is mended; `to` is
    whom it is handed to, empty for the queue, and `why`."""

    deed: Deed
    seen: int
    key: str
    found: str = ""
    note: str = ""
    to: str = ""
    why: str = ""


def wished(deed: Deed, fields: Mapping[str, str], key: str) -> Wish:
    """What `fields` ask for. Raises Problem("invalid-form"), Problem("malformed-request")."""
    version = version_of(fields)
    found, note, to, why = "", "", "", ""
    wrong: dict[str, str] = {}
    if deed == "fix":
        found = fields.get("cause", "")
        note = " ".join(fields.get("note", "").split())
        if found not in causes_of(None):
            wrong["cause"] = "invalid" if found else "required"
        if len(note) > LONGEST_NOTE or not note.isprintable():
            wrong["note"] = "invalid"
    if deed == "hand-over":
        to, why = fields.get("to", ""), fields.get("why", "")
        if why not in WHYS:
            wrong["why"] = "invalid" if why else "required"
    if wrong:
        raise invalid_form(wrong)
    return Wish(deed, version, key, found, note, to, why)


def possible(incident: Incident, session: Session) -> list[Deed]:
    """What `session` can do to `incident` as it stands, in the order in which work goes on."""
    return [deed for deed in DEEDS if _allowed(incident, session, deed) and incident.state in _states(deed, session)]


def perform(
    incidents: Incidents,
    id: str,
    wish: Wish,
    session: Session,
    at: datetime,
    *,
    kind_of: Callable[[str], Kind | None],
    colleague: Callable[[str], bool],
) -> tuple[Incident, bool]:
    """The incident after what `session` wishes, and whether it is done now, rather than it was before.

    `kind_of` tells the kind of a place, `colleague` whether somebody is a technician whom work can be handed to.
    Raises Problem("not-found"), Problem("forbidden"), Problem("incident-taken", by), Problem("incident-moved-on",
    state), Problem("invalid-form"), Problem("no-such-colleague").
    """
    key = event_key(session.sub, wish.deed, wish.key)
    for _ in range(ATTEMPTS):
        incident = incidents.find(id)
        if incident is None:
            raise Problem("not-found")
        if incident.version != wish.seen and _done_before(incidents, id, key):
            return incident, False
        _demand(incident, session, wish)
        if wish.deed == "take" and incident.technician == session.sub and incident.state in WORK:
            return incident, False
        after, event = _after(incident, wish, session, moment(incident, at), key, kind_of, colleague)
        if incidents.change(after, event):
            return after, True
    raise Problem("incident-moved-on")


def may_photograph(incident: Incident, session: Session) -> bool:
    """Whether `session` may add a photo of what was mended: whoever has it or had it last, and the office."""
    mine = access.can(session, "work-on-incidents") and incident.technician == session.sub
    return incident.state in PHOTOGRAPHED and (mine or access.can(session, "manage-incidents"))


def photographed(incidents: Incidents, id: str, who: str, key: str, at: datetime) -> bool:
    """Note that a photo that `who` took of what was mended is kept; once for each `key`. False when it was noted
    before, or there is no such incident any more. Raises Problem("too-busy")."""
    for _ in range(ATTEMPTS):
        incident = incidents.find(id)
        if incident is None or _done_before(incidents, id, key):
            return False
        when = moment(incident, at)
        event = Event(key, "photo", who or incident.technician, when)
        if incidents.change(replace(incident, photo=when, version=incident.version + 1), event):
            return True
    raise Problem("too-busy")


def event_key(who: str, deed: str, key: str) -> str:
    """The same for the same sending of the same person."""
    return id_of(who, deed, key)


def _done_before(incidents: Incidents, id: str, key: str) -> bool:
    return any(event.key == key for event in incidents.history(id))


def _after(
    incident: Incident,
    wish: Wish,
    session: Session,
    at: datetime,
    key: str,
    kind_of: Callable[[str], Kind | None],
    colleague: Callable[[str], bool],
) -> tuple[Incident, Event]:
    who = session.sub
    if wish.deed == "hand-over":
        if wish.to:
            if not colleague(wish.to):
                raise Problem("no-such-colleague")
            return given(incident, wish.to, who, at, key, why=wish.why)
        return done(incident, "hand-over", who, at, key, why=wish.why)
    if wish.deed == "fix":
        if wish.found not in causes_of(kind_of(incident.cause)):
            raise invalid_form({"cause": "invalid"})
        after, event = done(incident, "fix", who, at, key, cause=wish.found)
        return replace(after, found=wish.found, note=wish.note), event
    return done(incident, wish.deed, who, at, key)


def _states(deed: Deed, session: Session) -> frozenset[str]:
    # who gives work out gives what nobody has as well
    if deed == "hand-over" and access.can(session, "manage-incidents"):
        return frozenset(WORK)
    return cast(frozenset[str], ACTS[cast(Act, deed)][0])


def _allowed(incident: Incident, session: Session, deed: Deed) -> bool:
    manages = access.can(session, "manage-incidents")
    if deed == "take":
        return access.can(session, "work-on-incidents")
    if deed == "close":
        return manages
    return manages or (access.can(session, "work-on-incidents") and incident.technician == session.sub)


def _demand(incident: Incident, session: Session, wish: Wish) -> None:
    """Raise what keeps `session` from it: that it may not, that somebody else has it, that it is not so any more."""
    works = access.can(session, "work-on-incidents") and wish.deed != "close"
    if not works and not _allowed(incident, session, wish.deed):
        raise Problem("forbidden")
    others = incident.technician not in ("", session.sub) and incident.state in WORK
    taken = others and (wish.deed == "take" or not _allowed(incident, session, wish.deed))
    if taken:
        raise Problem("incident-taken", by=incident.technician)
    if not _allowed(incident, session, wish.deed) or (wish.deed == "close" and incident.version != wish.seen):
        raise Problem("incident-moved-on", state=incident.state)
