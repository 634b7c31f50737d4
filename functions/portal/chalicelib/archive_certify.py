"""Pages about what counts: what students claim, what their school decides, samples, and the transcript."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from yinji.archive import claims, terms, transcript
from yinji.archive.access import OFFICE, visible_student
from yinji.archive.acts import Acts
from yinji.archive.deciding import DEEDS, SOURCES, VERDICTS, Worth, alike, reasons, said, worth
from yinji.archive.kinds import dimensions, hundreds, kinds, levels
from yinji.archive.record import Record, RecordEvent, path_of
from yinji.archive.sampling import FEWEST, ORIGINS, Member, Round, fits, size
from yinji.archive.sampling_store import Rounds
from yinji.archive.store import Archive
from yinji.archive.student import Student
from yinji.archive.titles import source_title
from yinji.clearance import university
from yinji.clearance.selection import Facets, Selection, searched
from yinji.identity import seen
from yinji.platform.problem import Problem

from .office import FORMATS, Filter, filter_of
from .visit import TOLD, Visit
from .words import Words

PAGE = 50
MOST = 2_000
"""How many records that wait are read for a page: the oldest are what it begins with."""
FILTERS = ("origin", "kind", "mine", "class", "counsellor")
ALIKE_SHOWN = 12
ROUNDS_SHOWN = 50


@dataclass(frozen=True)
class Row:
    """A record that waits, and whose it is. `id` is what opens it."""

    record: Record
    student: Student

    @property
    def id(self) -> str:
        return f"{self.student.student}.{self.record.path}"

    @property
    def deeds(self) -> Sequence[str]:
        """What can be done about it; a dispute is settled first, for the answer may change what it says."""
        if self.record.disputed:
            return ["settle"]
        return [deed for deed in DEEDS if deed != "settle" and self.record.state in SOURCES[deed]]


@dataclass(frozen=True)
class Opened:
    """What somebody needs to decide about a row: what it would count, what else there is, what happened to it."""

    row: Row
    worth: Worth
    alike: Sequence[Record]
    more: int
    events: Sequence[RecordEvent]


def said_by(record: Record, language: str) -> str:
    """Who tells of a record, in words; empty for the student."""
    return "" if record.source == claims.SOURCE else source_title(record.source)[language]


def described(words: Words) -> dict[str, Any]:
    """What templates need to tell records in words."""
    language = words.language

    def why(text: str) -> str:
        return said(text, language)

    def term(id: str) -> str:
        return terms.title(id, language)

    def source(record: Record) -> str:
        return said_by(record, language)

    return {
        "kinds": kinds(),
        "dimensions": dimensions(),
        "levels": levels(),
        "hundreds": hundreds(),
        "verdicts": VERDICTS,
        "reasons": reasons(),
        "hours": claims.hours_of,
        "why": why,
        "term": term,
        "source": source,
        "claim_form": claims.form(),
    }


# --- the student's own ----------------------------------------------------------------------------------------


def claim(visit: Visit, archive: Archive) -> dict[str, Any]:
    """The form of a claim, or of one that is changed, and what became of the student's claims and disputes."""
    session = visit.someone
    student = visible_student(session, "act-in-archive", session.sub, archive.student)
    own = sorted(archive.records(student.student), key=lambda one: (one.as_of, one.key), reverse=True)
    made = [one for one in own if one.source == claims.SOURCE and one.state != "void"]
    changing = next((one for one in made if one.id == visit.query.get("change") and one.state == "pending"), None)
    told = [one for one in own if one.disputed and one.source != claims.SOURCE and one.state != "void"]
    return described(visit.words) | {
        "student": student,
        "made": made,
        "told": told,
        "changing": changing,
        "values": claims.answers_of(changing) if changing else {},
        "waiting": sum(one.state == "pending" for one in made),
    }


# --- the school's queue ---------------------------------------------------------------------------------------


def certify(visit: Visit, archive: Archive) -> dict[str, Any]:
    """One page of what waits in the visitor's school, oldest first, as filtered; one row of it open."""
    session, words = visit.someone, visit.words
    school = session.school
    visit.demand("certify-record", school=school)
    waiting = list(Acts(archive).waiting(school, MOST))
    known = archive.students(sorted({one.student for one in waiting}))
    rows = [Row(one, known[one.student]) for one in waiting if one.student in known]
    chosen = _chosen(visit, rows)
    begins = _number(visit.query.get("after", ""))
    page = chosen.shown[begins : begins + PAGE]
    seen.note(session, "archive", *sorted({row.student.student for row in page}))
    kind = chosen.wanted.get("kind", "")
    return described(words) | {
        "school": school,
        "rows": page,
        "opened": _opened(visit, archive, page),
        "total": len(rows),
        "found": len(chosen.shown),
        "truncated": len(waiting) == MOST,
        "filtered": bool(chosen.wanted or chosen.search),
        "chips": [
            filter_of(visit, chosen, "origin", (*ORIGINS, "disputed"), lambda id: words(f"certify.origin-{id}")),
            filter_of(visit, chosen, "mine", ("yes",), lambda _: words("certify.mine")),
            filter_of(visit, chosen, "kind", kinds(), lambda id: words.say(kinds()[id].title)),
        ],
        "lists": _lists(visit, chosen),
        "search": chosen.search,
        "kept": {name: text for name, text in visit.query.items() if text and name not in (*TOLD, "open", "after")},
        "next": visit.here(after=str(begins + PAGE), open="") if len(chosen.shown) > begins + PAGE else "",
        "bulk": _bulk(visit, archive, chosen, kind) if kind and not chosen.search else None,
    }


def _chosen(visit: Visit, rows: Sequence[Row]) -> Selection[Row]:
    session = visit.someone

    def facets(row: Row) -> Facets:
        one, who = row.record, row.student
        origin = ["claim" if one.source == claims.SOURCE else "imported", *(["disputed"] if one.disputed else [])]
        return {
            "origin": frozenset(origin),
            "kind": frozenset({one.kind}),
            "mine": frozenset({"yes"} if who.counsellor == session.sub else ()),
            "class": frozenset({who.class_name} if who.class_name else ()),
            "counsellor": frozenset({who.counsellor} if who.counsellor else ()),
        }

    wanted = {name: visit.query[name] for name in FILTERS if visit.query.get(name)}
    if wanted.get("kind", "book") not in kinds():
        wanted.pop("kind")
    text = searched(visit.query)
    return Selection(
        rows, wanted, facets, None, text, lambda row: f"{row.student.name} {row.student.student} {row.record.title}"
    )


def _lists(visit: Visit, chosen: Selection[Row]) -> list[Filter]:
    found = [filter_of(visit, chosen, name, sorted(chosen.counts.get(name, ())), str) for name in FILTERS[3:]]
    return [one for one in found if len(one.choices) > 1 or one.value]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0


def _bulk(visit: Visit, archive: Archive, chosen: Selection[Row], kind: str) -> dict[str, Any]:
    """What it would take to certify what is shown of one kind together: a sample, or the round that is open."""
    running = Rounds(archive).open(visit.someone.school, kind)
    origin = chosen.wanted.get("origin", "")
    fitting = [row for row in chosen.shown if fits(row.record, kind, "" if origin == "disputed" else origin)]
    filters = {name: chosen.wanted.get(name, "") for name in ("origin", "class", "counsellor")}
    if chosen.wanted.get("mine"):
        filters["counsellor"] = visit.someone.sub
    return {
        "kind": kind,
        "running": running,
        "number": len(fitting) if len(fitting) > FEWEST and origin != "disputed" else 0,
        "sample": size(len(fitting)) if fitting else 0,
        "filters": {name: value for name, value in filters.items() if value},
    }


def _opened(visit: Visit, archive: Archive, rows: Iterable[Row]) -> Opened | None:
    """The row that the query names, with what is needed to decide about it."""
    row = next((row for row in rows if row.id == visit.query.get("open")), None)
    return opened(archive, row) if row else None


def opened(archive: Archive, row: Row) -> Opened:
    """What somebody needs to decide about `row`."""
    every = archive.records(row.student.student)
    others = alike(every, row.record)
    return Opened(
        row,
        worth(row.student, every, row.record),
        others[:ALIKE_SHOWN],
        max(len(others) - ALIKE_SHOWN, 0),
        archive.events(row.student.student, row.record.key),
    )


# --- rounds ---------------------------------------------------------------------------------------------------


def rounds(visit: Visit, archive: Archive) -> dict[str, Any]:
    """The rounds of a school, the latest first: who vouched for what, on which sample."""
    school = _school(visit)
    found = Rounds(archive).all(school)
    return described(visit.words) | {
        "school": school,
        "rounds": found[:ROUNDS_SHOWN],
        "more": max(len(found) - ROUNDS_SHOWN, 0),
        "certifies": visit.may("certify-record", school=school),
    }


def round_(visit: Visit, archive: Archive, id: str) -> dict[str, Any]:
    """A round: its sample, to be decided one by one, and what came of the rest."""
    school = _school(visit)
    every = Rounds(archive)
    found = every.find(school, id)
    if found is None:
        raise Problem("not-found")
    shown = [*found.sample, *(one.member for one in found.results if one.code)]
    known = archive.students(sorted({one.student for one in shown}))
    seen.note(visit.someone, "archive", *sorted(known))
    rows = [row for one in found.sample if (row := _row(archive, known, one))]
    standing = every.standing(found) if found.state == "open" else None
    certifies = visit.may("certify-record", school=school)
    return described(visit.words) | {
        "school": school,
        "round": found,
        "standing": standing,
        "rows": rows,
        "opened": _opened(visit, archive, rows) if certifies else None,
        "certifies": certifies,
        "own": found.who == visit.someone.sub,
        "failed": [(known.get(one.member.student), one) for one in found.results if one.code],
        "done": sum(not one.code for one in found.results),
        "again": _again(found),
        "path_of": path_of,
    }


def _row(archive: Archive, known: Mapping[str, Student], member: Member) -> Row | None:
    record = archive.record(member.student, member.key)
    return Row(record, known[member.student]) if record and member.student in known else None


def _again(round: Round) -> str:
    """Where the rest of a round that failed is found again."""
    return f"/archive/certify?{urlencode({'kind': round.kind, **round.filters})}"


def _school(visit: Visit) -> str:
    """The school whose rounds are asked for. Raises Problem."""
    school = visit.query.get("school") or visit.someone.school
    if visit.someone.role == "student":
        raise Problem("forbidden")
    visit.demand("see-archive", school=school, department=OFFICE)
    if school not in university.schools():
        raise Problem("not-found")
    return school


# --- the transcript -------------------------------------------------------------------------------------------


def my_transcript(visit: Visit, archive: Archive) -> dict[str, Any]:
    """The transcript of the student who visits."""
    visit.demand("act-in-archive", student=visit.someone.sub)
    return transcript_of(visit, archive, visit.someone.sub)


def transcript_of(visit: Visit, archive: Archive, student: str) -> dict[str, Any]:
    """The transcript of a student, for themselves or whoever may see their archive."""
    who = visible_student(visit.someone, "see-archive", student, archive.student)
    seen.note(visit.someone, "transcript", who.student)
    told = transcript.transcript(who, archive.records(who.student))
    place = f"/api/archive/students/{who.student}/transcript/transcript"
    return described(visit.words) | {
        "student": who,
        "own": visit.someone.sub == who.student,
        "told": told,
        "exports": [(kind, f"{place}.{kind}") for kind in FORMATS],
    }
