"""What whoever follows a visit can do about it: cancel it, move it to another day, say how it went."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal, get_args

from yinji.platform import clock
from yinji.platform.ids import id_of
from yinji.platform.problem import Problem, invalid_form
from yinji.visits import acts
from yinji.visits.asking import day_of, over
from yinji.visits.store import Visits
from yinji.visits.visit import FACES, WISHES, Face, Visit, Wish

Deed = Literal["cancel", "move", "rate"]
DEEDS: tuple[Deed, ...] = get_args(Deed)
TRIES = 5


def deed_of(text: str) -> Deed:
    """Raises Problem("not-found") for what nobody can do."""
    if text not in DEEDS:
        raise Problem("not-found")
    return text


def perform(visits: Visits, id: str, deed: Deed, fields: Mapping[str, str], sent_as: str, who: str) -> Visit:
    """Do `deed` to the visit `id`, as `fields` say; sent again by the same `sent_as` it is done once. The visit as it
    stands then.

    `day` and `wish` are where it moves, `wait` that it will wait there when no place is free, `face` how it went.
    Raises Problem("not-found"), invalid-form, what acts.py and the store raise, and Problem("too-busy") when others
    were quicker over and over.
    """
    key = id_of(id, deed, sent_as)
    do = {"cancel": _cancel, "move": _move, "rate": _rate}[deed]
    for _ in range(TRIES):
        before = visits.find(id)
        if before is None:
            raise Problem("not-found")
        if any(event.key == key for event in visits.history(id)) or do(visits, before, fields, key, who):
            return visits.find(id) or before
    raise Problem("too-busy")


def _cancel(visits: Visits, before: Visit, fields: Mapping[str, str], key: str, who: str) -> bool:
    return visits.cancel(before, *acts.cancel(before, key, who, clock.now()))


def _move(visits: Visits, before: Visit, fields: Mapping[str, str], key: str, who: str) -> bool:
    day, wish = _where(fields)
    now = clock.now()
    done = acts.move(before, day, wish, key, who, now)
    if over(day, now):
        raise Problem("day-not-open")
    if _is_there(before, day, wish):
        return True  # whoever waits would lose their turn, and whoever has a place might lose that
    return visits.move(before, *done, wait=bool(fields.get("wait")))


def _rate(visits: Visits, before: Visit, fields: Mapping[str, str], key: str, who: str) -> bool:
    told = fields.get("face", "")
    face: Face | None = next((one for one in FACES if one == told), None)
    if face is None:
        raise invalid_form({"face": "invalid" if told else "required"})
    return visits.change(*acts.rate(before, face, key, who, clock.now()))


def _where(fields: Mapping[str, str]) -> tuple[date, Wish]:
    wish: Wish | None = next((one for one in WISHES if one == fields.get("wish", "either")), None)
    if wish is None:
        raise invalid_form({"wish": "invalid"})
    return day_of(fields.get("day", "")), wish


def _is_there(visit: Visit, day: date, wish: Wish) -> bool:
    """Whether it has, or waits for, just that."""
    if visit.day != day:
        return False
    return wish in ("either", visit.window) if visit.state == "booked" else wish == visit.wish
