"""compare: what groups tell student affairs and schools: how they differ, who has gone quiet; as JSON and as files.

Trigger: GET /api/archive/groups, /groups/{year}, /quiet, /lists/{file}, file being groups, programmes, history or
quiet with .csv or .xlsx. Reads: the archive, its index by cohort. Writes: in the table of cases who took which list of
people, when and how many rows (AUDIT#<day>, TAKEN#<who>), before it is handed out. Emits: who is on a list of those who
have gone quiet, to the queue of looks; metrics.
"""

from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.decisions import demand_groups, demand_names
from yinji.archive.glance import Glance
from yinji.archive.groups_store import Groups
from yinji.archive.quiet import Quiet, term_looked_at
from yinji.archive.tables import Tables
from yinji.clearance.exports import KINDS, told_of
from yinji.clearance.store import Store
from yinji.identity import seen
from yinji.platform import clock
from yinji.platform.http import Api, as_json
from yinji.platform.limits import EXPORTS
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem
from yinji.platform.sheets import Table, download

LISTS = ("groups", "programmes", "history", "quiet")
api = Api()
store = Store()
groups = Groups()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/archive/groups")
def every_year() -> Response[str]:
    demand_groups(api.session, api.query.get("school", api.session.school))
    return as_json(200, {"years": groups.glances()})


@api.get("/api/archive/groups/<year>")
def one_year(year: str) -> Response[str]:
    school = api.query.get("school", api.session.school)
    found = glance(year, school)
    return as_json(
        200,
        {
            "year": found.id,
            "whole": asdict(found.whole),
            "schools": {id: asdict(one) for id, one in found.schools.items() if id == (school or id)},
            "programmes": [
                {"school": of, "programme": name, **asdict(one)}
                for (of, name), one in found.programmes.items()
                if of == (school or of)
            ],
        },
    )


def glance(year: str, school: str) -> Glance:
    demand_groups(api.session, school)
    found = groups.glance(year)
    if found is None:
        raise Problem("not-found")
    return found


@api.get("/api/archive/quiet")
def gone_quiet() -> Response[str]:
    term, found = quiet()
    seen.note(api.session, "quiet", *(one.member.student for one in found))
    return as_json(
        200,
        {
            "term": term,
            "students": [
                {
                    "student": one.member.student,
                    "name": one.member.name,
                    "rule": one.rule.id,
                    "before": list(one.before),
                    "now": one.now,
                    "median": one.median,
                    "group": one.group,
                    "why": one.why(api.language),
                }
                for one in found
            ],
        },
    )


def quiet() -> tuple[str, list[Quiet]]:
    school = api.query.get("school", api.session.school)
    demand_names(api.session, school)
    term = term_looked_at(clock.today())
    return term, groups.quiet(school, term)


@api.get("/api/archive/lists/<file>")
def export(file: str) -> Response[Any]:
    what, _, kind = file.rpartition(".")
    if what not in LISTS or kind not in KINDS:
        raise Problem("not-found")
    api.limit(EXPORTS)
    table = listed(what, Tables(api.language))
    count("ArchiveRowsTaken", len(table.rows))
    return download(what, table, kind, api.headers.get("accept-encoding", ""))


def listed(what: str, tables: Tables) -> Table:
    school = api.query.get("school", api.session.school)
    of_groups = {"groups": tables.groups, "programmes": tables.programmes, "history": tables.history}
    if what in of_groups:
        return of_groups[what](glance(api.query.get("year", ""), school), school)
    _, found = quiet()
    request = str(api.resolver.lambda_context.aws_request_id)
    store.record_export(api.session, "archive-quiet", len(found), told_of(api.query), request)
    seen.note(api.session, "list", *(one.member.student for one in found))
    return tables.quiet(found, school)
