"""A visit 上门服务: somebody asks that a technician comes on a Wednesday, and what becomes of it. Pure.

Whoever asks may be the person, a relative who says that the person agrees, or the community's office, by phone. Nobody
needs an account: a link, made as those of reports of repair are, lets whoever asked look, move and cancel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, get_args

from yinji.platform.problem import invalid_form
from yinji.platform.text import MAIL, plain
from yinji.visits import service

State = Literal["waiting", "booked", "done", "not-met", "cancelled"]
"""`waiting`: for a place on its day; `booked`: a technician comes then; `not-met`: nobody was there."""
STATES: tuple[State, ...] = get_args(State)
OPEN: tuple[State, ...] = ("waiting", "booked")
Asker = Literal["person", "relative", "community"]
ASKERS: tuple[Asker, ...] = get_args(Asker)
Wish = Literal["either", "morning", "afternoon"]
WISHES: tuple[Wish, ...] = get_args(Wish)
Face = Literal["good", "fair", "poor"]
FACES: tuple[Face, ...] = get_args(Face)
Language = Literal["zh", "en"]
LONGEST_NAME, LONGEST_ADDRESS, LONGEST_WORDS, LONGEST_NOTE, LONGEST_PART = 40, 80, 300, 500, 60
MOST_PARTS, LONGEST_VISIT = 10, 240
PHONE = re.compile(r"\+?[0-9][0-9 ()-]{5,18}[0-9]")


@dataclass(frozen=True)
class Person:
    """Who is visited. `phone` is as they wrote it; `address` is told within `community`: building, unit, door."""

    name: str
    phone: str
    community: str
    address: str


@dataclass(frozen=True)
class Relative:
    """Who asked for them and said that they agree; `mail` is where the relative is told, empty when by phone."""

    name: str
    phone: str
    mail: str = ""


@dataclass(frozen=True)
class Record:
    """What a technician did. `minutes` at the door, `troubles` those that were dealt with, `solved` whether all were,
    `parts` what was used, `signature` the strokes of a name as the path of an SVG of 600 x 200, or empty; `signed` the
    name of whoever signed by typing it."""

    minutes: int
    troubles: Sequence[str]
    solved: bool
    note: str = ""
    parts: Sequence[str] = ()
    signature: str = ""
    face: Face | None = None
    signed: str = ""


@dataclass(frozen=True)
class Visit:
    """`asked_at` is its turn among those who wait for the same day. `window` and `technician` (a staff number) once
    booked. `mail` is where the person is told, empty when by phone; `follows` the visit that this one follows up.
    `version` counts changes from 1."""

    id: str
    person: Person
    troubles: Sequence[str]
    words: str
    asker: Asker
    day: date
    wish: Wish
    asked_at: datetime
    language: Language
    state: State = "waiting"
    window: str = ""
    technician: str = ""
    mail: str = ""
    relative: Relative | None = None
    record: Record | None = None
    follows: str = ""
    reminded: str = ""
    """How they were told the day before: `mail`, or the staff number of who called; empty while nobody did."""
    version: int = 1
    times: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    """When it came into each state it was in, the last time."""

    @property
    def mails(self) -> Sequence[str]:
        """Where people are written to about it: the person, then the relative, those who left an address."""
        relative = self.relative.mail if self.relative else ""
        return [self.mail] * bool(self.mail) + [relative] * (relative.casefold() not in ("", self.mail.casefold()))


@dataclass(frozen=True)
class Event:
    """Something that happened to a visit. `key` is the same whenever the same is sent again; `who` is a staff number,
    `asker` for whoever has the link, or `service` for the service itself."""

    key: str
    what: str
    who: str
    at: datetime
    told: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Asked:
    """What a form asks for, checked."""

    person: Person
    troubles: Sequence[str]
    words: str
    asker: Asker
    wish: Wish
    mail: str
    relative: Relative | None


def asked(fields: Mapping[str, str], asker: Asker) -> Asked:
    """What `fields` ask for: name, phone, community, address; `trouble.<id>` or words; wish; mail. A relative tells
    their own `relative_name`, `relative_phone` and `relative_mail`, and `consent`.

    Raises Problem("invalid-form") with what is wrong by field: "required" or "invalid".
    """
    wrong: dict[str, str] = {}

    def text(name: str, longest: int, *, required: bool = True) -> str:
        said = " ".join(plain(fields.get(name, "")).split())
        if not said and required:
            wrong[name] = "required"
        elif len(said) > longest:
            wrong[name] = "invalid"
        return said

    def phone(name: str) -> str:
        said = text(name, 20)
        if said and not PHONE.fullmatch(said):
            wrong[name] = "invalid"
        return said

    def mail(name: str) -> str:
        said = text(name, 254, required=False)
        if said and not MAIL.fullmatch(said):
            wrong[name] = "invalid"
        return said

    community = fields.get("community", "")
    if community not in service.communities():
        wrong["community"] = "invalid" if community else "required"
    person = Person(text("name", LONGEST_NAME), phone("phone"), community, text("address", LONGEST_ADDRESS))
    troubles = tuple(one for one in service.troubles() if fields.get(f"trouble.{one}"))
    words = text("words", LONGEST_WORDS, required=not troubles)
    wish: Wish | None = next((one for one in WISHES if one == fields.get("wish", "either")), None)
    if wish is None:
        wrong["wish"] = "invalid"
    relative = None
    if asker == "relative":
        relative = Relative(text("relative_name", LONGEST_NAME), phone("relative_phone"), mail("relative_mail"))
        if not fields.get("consent"):
            wrong["consent"] = "required"
    told = mail("mail")
    if wrong or wish is None:
        raise invalid_form(wrong)
    return Asked(person, troubles, words, asker, wish, told, relative)
