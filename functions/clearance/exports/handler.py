"""exports: what pages show, as files for a spreadsheet.

Trigger: GET /api/clearance/exports/{file}, file being matrix, queue, season, burn-down or cases with .csv or .xlsx,
and the filters of the page; with `whole` the accounts of a queue are not masked, for the office that pays, who proved
a moment ago who they are. Reads: the table, the index by school; KMS unwraps the keys of cases. Writes: who took which
list of people, when and how many rows (AUDIT#<day>, TAKEN#<who>), before it is handed out. Emits: who is in it, to the
queue of looks; metrics.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import definition, overview, selection, university
from yinji.clearance.definition import StepDefinition
from yinji.clearance.exports import KINDS, PERSONAL, Lists, told_of
from yinji.clearance.keys import Keys
from yinji.clearance.policy import demand, see_queue
from yinji.clearance.queue import Entry, queue_id
from yinji.clearance.sealing import is_sealed, shown
from yinji.clearance.store import Store
from yinji.clearance.view import RowView, row_view
from yinji.identity import seen
from yinji.platform import clock
from yinji.platform.http import Api
from yinji.platform.limits import EXPORTS
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem
from yinji.platform.sheets import Table, download

THREADS = 12
api = Api()
store = Store()
keys = Keys()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/clearance/exports/<file>")
def export(file: str) -> Response[Any]:
    what, _, kind = file.rpartition(".")
    if what not in LISTS or kind not in KINDS or (api.query.get("whole") and kind != "xlsx"):
        # a spreadsheet that reads a CSV keeps fifteen digits of a number, and a card has more
        raise Problem("not-found")
    api.limit(EXPORTS)
    table = LISTS[what](Lists(api.language))
    if what in PERSONAL:
        request = str(api.resolver.lambda_context.aws_request_id)
        store.record_export(api.session, what, len(table.rows), told_of(api.query), request)
        # whose row is in the file is told so, whatever the filters were
        seen.note(api.session, "list", *(str(row[0]) for row in table.rows))
    count("RowsExported", len(table.rows))
    return download(what, table, kind, api.headers.get("accept-encoding", ""))


def everybody() -> list[RowView]:
    """Every case, as the filters of the season ask for it."""
    return selection.season([row_view(lean) for lean in store.everybody()], api.query).shown


def of_school(school: str) -> list[RowView]:
    if school not in university.schools():
        raise Problem("not-found")
    return [row_view(lean) for lean in store.school(school)]


def matrix(lists: Lists) -> Table:
    school = api.query.get("school", "")
    demand(api.session, "see-school", school=school)
    return lists.graduates(selection.matrix(of_school(school), api.query, clock.today()).shown)


def queue(lists: Lists) -> Table:
    known = definition.steps().get(api.query.get("step", ""))
    school = api.query.get("school", api.session.school)
    access = see_queue(api.session, known, school)
    assert known  # noqa: S101 - nobody sees the queue of a step that there is not
    now, whole = clock.now(), bool(api.query.get("whole") and known.sealed)
    if whole:
        if not access.signs:
            raise Problem("forbidden")
        api.demand_fresh()
    entries = access.shown(store.whole_queue(queue_id(known.id, school, access.supervisor)))
    chosen = selection.queue(entries, known, api.query, now).shown
    return lists.queue(opened(chosen, known) if whole else chosen, known, now, whole=whole)


def opened(entries: Sequence[Entry], step: StepDefinition) -> list[Entry]:
    """`entries` with what is sealed in clear, which is written down first; a number whose key was destroyed stays
    masked."""
    numbered = [entry.student for entry in entries if any(entry.answers.get(field) for field in step.sealed)]
    seen.note(api.session, "account", *numbered, step=step.id)
    count("NumbersUnsealed", len(numbered))

    def one(entry: Entry) -> Entry:
        told = dict(entry.answers)
        sealed = [field for field in step.sealed if is_sealed(told.get(field))]
        key = keys.existing(entry.student) if sealed else None
        return replace(entry, answers=told | {field: shown(key, f"{step.id}/{field}", told[field]) for field in sealed})

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(one, entries))


def season(lists: Lists) -> Table:
    demand(api.session, "see-school", school="")
    by_school: dict[str, list[RowView]] = {school: [] for school in university.schools()}
    for row in everybody():
        by_school[row.lean.school].append(row)
    return lists.season(by_school)


def burn_down(lists: Lists) -> Table:
    school = api.query.get("school", "")
    demand(api.session, "see-school", school=school)
    rows = selection.season(of_school(school), api.query).shown if school else everybody()
    here = {row.lean.batch for row in rows}
    return lists.burn_down(
        [overview.burn_down(rows, batch, clock.today()) for batch in store.batches() if batch.id in here]
    )


def cases(lists: Lists) -> Table:
    demand(api.session, "see-school", school="")
    return lists.graduates(everybody(), "cases")


LISTS = {"matrix": matrix, "queue": queue, "season": season, "burn-down": burn_down, "cases": cases}
