"""runs: editions for all whom a selection chooses: begun, looked at, paused, resumed, and what went wrong made again.

Trigger: GET and POST /api/archive/runs, GET /api/archive/runs/{run}, POST of its pause, resume, again and pack, GET of
its packs; POST /api/archive/editions/again. Reads: selections, runs and their editions, students, packs/. Writes: runs,
editions that are made again. Emits: a message for each school that is to be packed; who takes a pack, to the queue of
looks; metrics.
"""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.access import OFFICE
from yinji.archive.queues import Sqs
from yinji.archive.selection_store import Selections
from yinji.archive.store import Archive
from yinji.clearance.policy import demand
from yinji.editions.model import AGAIN, ALONE, Edition, chosen, pack_key
from yinji.editions.runs import Progress, Run, Runs, progress
from yinji.editions.store import Editions
from yinji.identity import seen
from yinji.platform import clock, objects
from yinji.platform.clock import stamp
from yinji.platform.environment import setting
from yinji.platform.http import Api, as_json, elsewhere
from yinji.platform.ids import id_of
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem

THREADS = 8
GOOD_FOR = 300
"""Seconds in which a download has to begin."""
MOST_TOLD = 200
"""How many editions that went wrong are told one by one."""
PAGE = "/archive/runs"
api = Api()
runs = Runs()
editions = Editions()
selections = Selections()
archive = Archive()
s3 = objects.client()
queues = Sqs()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


def allowed() -> str:
    """Who asks. Raises Problem unless they may have editions made."""
    demand(api.session, "select-archives", department=OFFICE)
    return api.session.sub


@api.get("/api/archive/runs")
def every() -> Response[str]:
    allowed()
    return as_json(200, {"runs": [document(run) for run in runs.all()]})


@api.post("/api/archive/runs")
def begin() -> Response[str]:
    who, body = allowed(), api.body
    selection = selections.find(body.fields.get("selection", ""))
    if selection is None or not selection.kept or selection.archived_at:
        raise Problem("selection-not-in-force")
    language, theme = chosen(body.fields.get("language", ""), body.fields.get("theme", ""))
    id = id_of(who, body.idempotency_key)
    at = clock.now()
    run = runs.begin(Run(id, selection.title, selection.id, selection.kept, language, theme, who, at))
    count("RunsBegun")
    return api.answer(document(run), done="run.begun", back=f"{PAGE}/{run.id}" if body.next else "")


@api.get("/api/archive/runs/<run>")
def one(run: str) -> Response[str]:
    allowed()
    found, every = known(run), list(editions.of_run(run))
    wrong = [edition for edition in every if edition.state in AGAIN]
    return as_json(
        200,
        {
            **document(found),
            "progress": progress_document(progress(every, clock.now())),
            "wrong": [wrong_document(edition) for edition in wrong[:MOST_TOLD]],
        },
    )


@api.post("/api/archive/runs/<run>/pause")
def pause(run: str) -> Response[str]:
    who, body = allowed(), api.body
    runs.pause(known(run).id, who, clock.now())
    return api.answer(document(known(run)), done="run.pause", back=body.next)


@api.post("/api/archive/runs/<run>/resume")
def resume(run: str) -> Response[str]:
    allowed()
    body = api.body
    runs.resume(known(run).id)
    return api.answer(document(known(run)), done="run.resume", back=body.next)


@api.post("/api/archive/runs/<run>/again")
def again(run: str) -> Response[str]:
    """Make again what failed or was held."""
    allowed()
    body, found = api.body, known(run)
    return api.answer(document(found) | {"again": made_again(found.id)}, done="run.again", back=body.next)


@api.post("/api/archive/editions/again")
def again_alone() -> Response[str]:
    """Make again what failed or was held of what students asked for themselves."""
    allowed()
    body = api.body
    return api.answer({"again": made_again(ALONE)}, done="run.again", back=body.next)


def made_again(run: str) -> int:
    """Let what went wrong in a run be made again; how many go on."""
    with ThreadPoolExecutor(THREADS) as threads:
        number = sum(threads.map(editions.again, editions.of_run(run, *sorted(AGAIN))))
    count("EditionsAgain", number)
    return number


@api.post("/api/archive/runs/<run>/pack")
def pack(run: str) -> Response[str]:
    """Have every school's editions packed for the printing house; pressed again they are packed anew."""
    allowed()
    body, found = api.body, known(run)
    numbers = [edition.student for edition in editions.of_run(found.id, "sealed", "unchanged")]
    schools: defaultdict[str, list[str]] = defaultdict(list)
    for one in archive.students(numbers).values():
        schools[one.school].append(one.student)
    for school, students in sorted(schools.items()):
        queues.pack(found.id, school, sorted(students))
    return api.answer(document(found) | {"schools": len(schools)}, done="run.pack", back=body.next)


@api.get("/api/archive/runs/<run>/packs/<school>")
def fetch(run: str, school: str) -> Response[str]:
    """To a school's pack, which is too large to come from here; the address is good for minutes."""
    allowed()
    found = next((one for one in runs.packs(known(run).id, clock.now()) if one.school == school), None)
    if found is None:
        raise Problem("not-found")
    seen.note(api.session, "edition", *found.students)
    named = {"ResponseContentDisposition": f'attachment; filename="{school}.zip"'}
    place = {"Bucket": setting("EDITIONS_BUCKET"), "Key": pack_key(run, school)}
    return elsewhere(s3.generate_presigned_url("get_object", Params=place | named, ExpiresIn=GOOD_FOR))


def known(id: str) -> Run:
    found = runs.find(id)
    if found is None:
        raise Problem("not-found")
    return found


def document(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "title": run.title,
        "selection": run.selection,
        "version": run.version,
        "language": run.language,
        "theme": run.theme,
        "by": run.by,
        "at": stamp(run.at),
        "students": run.students if run.planned else None,
        "paused_by": run.paused_by or None,
        "paused_at": stamp(run.paused_at) if run.paused_at else None,
    }


def progress_document(found: Progress) -> dict[str, Any]:
    return {
        "states": dict(found.states),
        "left": found.left,
        "rate": round(found.rate, 1),
        "end": stamp(found.end) if found.end else None,
    }


def wrong_document(edition: Edition) -> dict[str, Any]:
    return {
        "student": edition.student,
        "id": edition.id,
        "state": edition.state,
        "characters": edition.characters or None,
        "reason": edition.reason or None,
    }
