"""audit-export: histories with what proves that they were not changed, for auditors.

Trigger: GET /api/clearance/cases/{student}/audit.json, /api/clearance/schools/{school}/audit.ndjson (`batch`, `after`),
/api/clearance/anchors.json. Reads: the table and its index, anchors/. Writes nothing. Emits: who takes whose history,
to the queue of looks.
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import boto3
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import chain, university
from yinji.clearance.anchors import Anchors, Witnesses
from yinji.clearance.case import Case
from yinji.clearance.chain import Head
from yinji.clearance.policy import demand
from yinji.clearance.store import Store
from yinji.identity import seen
from yinji.platform.clock import now, stamp
from yinji.platform.environment import setting
from yinji.platform.http import Api, attached
from yinji.platform.limits import EXPORTS
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

LARGEST = 4 * 1024 * 1024
"""Bytes of a part; Lambda answers with six megabytes at most."""
CHUNK, THREADS = 50, 12

api = Api()
store = Store()
s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


def let_in() -> None:
    demand(api.session, "export-history")
    api.limit(EXPORTS)


@api.get("/api/clearance/cases/<student>/audit.json")
def one(student: str) -> Response[str]:
    let_in()
    case = store.get(student)
    if case is None:
        raise Problem("not-in-season")
    seen.note(api.session, "audit-export", student)
    return attached(f"history-{student}.json", line(witnesses(), case))


@api.get("/api/clearance/schools/<school>/audit.ndjson")
def of_school(school: str) -> Response[str]:
    """One history a line, by student; a last line {"next": ...} when there is more behind that student."""
    let_in()
    if school not in university.schools():
        raise Problem("not-found")
    batch, after = api.query.get("batch", ""), api.query.get("after", "")
    rows = [lean for lean in store.school(school) if lean.student > after and batch in ("", lean.batch)]
    lines, more = within([lean.student for lean in rows], witnesses())
    seen.note(api.session, "audit-export", *(lean.student for lean in rows if not more or lean.student <= more))
    if more:
        lines.append(json.dumps({"next": more}))
    return attached(f"histories-{school}.ndjson", "\n".join(lines) + "\n", "application/x-ndjson")


@api.get("/api/clearance/anchors.json")
def anchors() -> Response[str]:
    let_in()
    found = Anchors(s3, setting("DOCUMENTS_BUCKET"))
    kept = [dict(anchor) for anchor in found.of(found.days())]
    return attached("anchors.json", json.dumps({"format": chain.ANCHORS, "anchors": kept}))


def witnesses() -> Witnesses:
    return Witnesses(Anchors(s3, setting("DOCUMENTS_BUCKET")))


def within(students: Sequence[str], known: Witnesses) -> tuple[list[str], str]:
    """The lines of `students` that fit into one part, and the last of them if that is not all."""
    lines: list[str] = []
    size = 0
    for start in range(0, len(students), CHUNK):
        chunk = students[start : start + CHUNK]
        cases = store.get_many(chunk)
        with ThreadPoolExecutor(THREADS) as threads:
            found = list(threads.map(partial(line, known), [cases[one] for one in chunk if one in cases]))
        lines += found
        size += sum(len(text.encode()) for text in found)
        if size > LARGEST and start + CHUNK < len(students):
            return lines, chunk[-1]
    return lines, ""


def line(known: Witnesses, case: Case) -> str:
    """The export of one history; what happens while it is read is not in it."""
    student = case.graduate.student
    events = [event for event in store.events(student) if event.version <= case.version]
    head = Head(student, case.version, case.chain)
    return json.dumps(chain.history(head, events, stamp(now()), known.of(student)), ensure_ascii=False)
