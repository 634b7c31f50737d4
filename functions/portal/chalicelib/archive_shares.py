"""Pages of shared archives: a student's links, and what whoever has one of them is shown."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from yinji.archive.kinds import dimensions, kinds
from yinji.archive.record import Record
from yinji.archive.store import Archive
from yinji.archive.story import latest_first
from yinji.clearance import codes
from yinji.editions.model import Edition
from yinji.editions.share_store import Shares
from yinji.editions.sharing import LONGEST, LONGEST_NAME, USUAL, Share
from yinji.editions.store import Editions
from yinji.identity import seen
from yinji.identity.access_log import AccessLog
from yinji.identity.looks import Entry
from yinji.platform.counter import hit, hit_from
from yinji.platform.environment import setting
from yinji.platform.limits import LINK, VERIFY
from yinji.platform.problem import Problem

from .archive_editions import STANDINGS
from .archive_story import own
from .public import masked
from .visit import Visit

OPEN = {"open": "done", "expired": "waiting", "revoked": "blocked"}
"""The shape and colour in which the standing of a link is said, beside its word."""
FEW = 30
"""Up to how many records are listed at once; more are folded up by dimension."""


def shares(visit: Visit, archive: Archive, made: Editions, store: Shares, log: AccessLog) -> dict[str, Any]:
    """The links of the student who visits: how often each was opened, and how another one is made."""
    student = own(visit)
    if archive.student(student) is None:
        raise Problem("no-archive")
    records = latest_first(one for one in archive.records(student) if one.counts)
    return {
        "student": student,
        "shares": store.of(student),
        "shapes": OPEN,
        "opened": opened(log.of(student)),
        "editions": [one for one in made.of(student) if one.standing == "in-force"],
        "dimensions": dimensions(),
        "of_dimension": Counter(one.education for one in records),
        "records": records,
        "kinds": {id: kind for id, kind in kinds().items() if any(one.kind == id for one in records)},
        "public": setting("PUBLIC_URL"),
        "usual": visit.today + USUAL,
        "last": visit.today + LONGEST,
        "longest_name": LONGEST_NAME,
    }


def opened(entries: Sequence[Entry]) -> Mapping[str, tuple[int, Entry]]:
    """By the id of a link: in how many minutes it or its document was opened, and the latest entry of it."""
    minutes: defaultdict[str, set[tuple[date, str]]] = defaultdict(set)
    latest: dict[str, Entry] = {}
    for entry in entries:
        name, _, share = entry.who.partition(":")
        if name == "link" and entry.role == "link":
            minutes[share] |= {(entry.day, minute) for minute in entry.minutes}
            latest[share] = max(latest.get(share, entry), entry, key=lambda one: (one.day, list(one.minutes)[-1:]))
    return {share: (len(minutes[share]), entry) for share, entry in latest.items()}


def shared(visit: Visit, archive: Archive, made: Editions, store: Shares, token: str) -> dict[str, Any]:
    """What whoever has the link with `token` is shown. That it is opened is written down before anything is shown.

    Raises Problem("not-found"), Problem("too-often"), Problem("look-not-noted").
    """
    hit_from(VERIFY, visit.address)
    share = store.by_token(token)
    if share is None:
        raise Problem("not-found")
    hit(LINK, share.id)
    student = archive.student(share.student)
    if student is None:
        raise Problem("not-found")
    edition = made.find(share.student, share.edition) if share.edition else None
    standing = share.standing(visit.today, edition)
    if standing != "open":
        return {"share": share, "standing": standing, "open": False}
    if visit.session is None or visit.session.sub != share.student:  # who made it only looks what it shows
        seen.by_link(share.id, "shared", share.student)
    records = share.shown(archive.records(share.student))
    return {
        "share": share,
        "standing": standing,
        "open": True,
        "student": student,
        "edition": edition,
        "standings": STANDINGS,
        "spoken": codes.spoken,
        "by_dimension": by_dimension(records),
        "number": len(records),
        "few": FEW,
        "gone": gone(share, records),
        "minutes": sum(one.minutes for one in records),
        "kinds": kinds(),
        "dimensions": dimensions(),
    }


def by_dimension(records: Sequence[Record]) -> list[tuple[str, list[Record]]]:
    """`records` by dimension, in the order in which dimensions are told."""
    found = [(id, [one for one in records if one.education == id]) for id in dimensions()]
    return [(id, some) for id, some in found if some]


def gone(share: Share, records: Sequence[Record]) -> int:
    """How many of the records that were chosen one by one do not count any more."""
    return len(share.parts) - len(records) if share.shows == "records" else 0


def verified(archive: Archive, edition: Edition, made: Editions) -> dict[str, Any]:
    """The edition that somebody checks by its code. Raises Problem("not-found") when its archive is gone."""
    student = archive.student(edition.student)
    if student is None:
        raise Problem("not-found")
    later = made.find(edition.student, edition.superseded_by) if edition.superseded_by else None
    return {
        "edition": edition,
        "student": student,
        "number": masked(edition.student),
        "later": later,
        "standings": STANDINGS,
        "spoken": codes.spoken(edition.code),
    }
