"""What a technician writes down of a visit, checked. Pure.

Whoever cannot draw a signature types the name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from yinji.platform.clock import CAMPUS
from yinji.platform.problem import invalid_form
from yinji.platform.strokes import drawn
from yinji.platform.text import plain
from yinji.visits import service
from yinji.visits.visit import (
    FACES,
    LONGEST_NAME,
    LONGEST_NOTE,
    LONGEST_PART,
    LONGEST_VISIT,
    MOST_PARTS,
    Event,
    Face,
    Record,
    Visit,
)


def recorded(fields: Mapping[str, str]) -> Record:
    """What `fields` tell: minutes; `trouble.<id>` of those dealt with; solved, yes or no; note; parts, one a line;
    signature or, typed, signed; face.

    Raises Problem("invalid-form") with what is wrong by field: "required" or "invalid".
    """
    wrong: dict[str, str] = {}

    def chosen(name: str, among: tuple[str, ...], *, required: bool) -> str:
        said = fields.get(name, "")
        if said and said not in among:
            wrong[name] = "invalid"
        elif not said and required:
            wrong[name] = "required"
        return said

    def text(name: str, longest: int) -> str:
        said = " ".join(plain(fields.get(name, "")).split())
        if len(said) > longest:
            wrong[name] = "invalid"
        return said

    minutes = fields.get("minutes", "").strip()
    if not (minutes.isascii() and minutes.isdigit() and 1 <= int(minutes[:4]) <= LONGEST_VISIT):
        wrong["minutes"] = "invalid" if minutes else "required"
    troubles = tuple(one for one in service.troubles() if fields.get(f"trouble.{one}"))
    solved = chosen("solved", ("yes", "no"), required=True)
    face = cast("Face | None", chosen("face", FACES, required=False) or None)
    note, signed = text("note", LONGEST_NOTE), text("signed", LONGEST_NAME)
    lines = [" ".join(plain(line).split()) for line in fields.get("parts", "").splitlines()]
    parts = tuple(line for line in lines if line)
    if len(parts) > MOST_PARTS or any(len(part) > LONGEST_PART for part in parts):
        wrong["parts"] = "invalid"
    signature = fields.get("signature", "").strip()
    if signature and not drawn(signature):
        wrong["signature"] = "invalid"
    if wrong:
        raise invalid_form(wrong)
    return Record(int(minutes), troubles, solved == "yes", note, parts, signature, face, signed)


def correctable_until(visit: Visit) -> datetime:
    """Until when what was written down of `visit` may be written anew: the end of the day after it was."""
    written = visit.times["done" if visit.state == "done" else "not-met"]
    return datetime.combine(_day(written) + timedelta(days=2), time(), CAMPUS)


def _day(at: datetime) -> date:
    return at.astimezone(CAMPUS).date()


def told_before(record: Record) -> str:
    """A record as history keeps what was corrected; of a signature only whether there was one."""
    return json.dumps({**asdict(record), "signature": bool(record.signature)}, ensure_ascii=False)


def before(event: Event) -> Record | None:
    """The record that `event` corrected, without its signature; None when it corrected none."""
    if not (told := event.told.get("before")):
        return None
    known: dict[str, Any] = json.loads(told)
    known |= {"troubles": tuple(known["troubles"]), "parts": tuple(known["parts"]), "signature": ""}
    return Record(**known)
