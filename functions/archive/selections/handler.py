"""selections: who gets an archive: drafts are made, looked at, put in force, archived.

Trigger: GET and POST /api/archive/selections, GET /api/archive/selections/{id}, POST of its draft, keep, archive and
restore. Reads: the archive, its index by cohort. Writes: selections. Emits metrics.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive import selection
from yinji.archive.decisions import OFFICE
from yinji.archive.selection import PARTS, Choice, Listed, Preview
from yinji.archive.selection_store import Selection, Selections
from yinji.clearance.policy import demand
from yinji.platform.clock import stamp
from yinji.platform.http import Api, Body, as_json
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem

PAGE = "/archive/selections"
api = Api()
selections = Selections()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


def allowed() -> str:
    """Who asks. Raises Problem unless they may select."""
    demand(api.session, "select-archives", department=OFFICE)
    return api.session.sub


@api.get("/api/archive/selections")
def every() -> Response[str]:
    allowed()
    return as_json(200, {"selections": [document(one) for one in selections.all()]})


@api.get("/api/archive/selections/<id>")
def one(id: str) -> Response[str]:
    allowed()
    found = known(id)
    newest = selections.version(id, found.newest)
    assert newest  # noqa: S101 - written with the selection in one transaction
    return as_json(
        200,
        {
            **document(found),
            "choice": newest.choice.document,
            "preview": preview_document(selections.preview(newest.choice)),
            "versions": [
                {
                    "version": version.id,
                    "title": version.title,
                    "by": version.by,
                    "at": stamp(version.at),
                    "kept_by": version.kept_by or None,
                    "kept_at": stamp(version.kept_at) if version.kept_at else None,
                    "students": version.number if version.kept_at else None,
                }
                for version in selections.versions(id)
            ],
        },
    )


@api.post("/api/archive/selections")
def begin() -> Response[str]:
    who, body = allowed(), api.body
    made = selections.begin(titled(body), chosen(body, Choice()), who, body.idempotency_key)
    count("SelectionsChanged")
    return api.answer(document(made), done="selection.drafted", back=f"{PAGE}/{made.id}" if body.next else "")


@api.post("/api/archive/selections/<id>/draft")
def draft(id: str) -> Response[str]:
    who, body = allowed(), api.body
    before = selections.version(known(id).id, number(body))
    if before is None:
        raise Problem("not-found")
    made = selections.draft(id, before.id, titled(body), chosen(body, before.choice), who, body.idempotency_key)
    count("SelectionsChanged")
    return api.answer(document(made), done="selection.drafted", back=body.next)


@api.post("/api/archive/selections/<id>/keep")
def keep(id: str) -> Response[str]:
    who, body = allowed(), api.body
    looked_at = selections.version(known(id).id, number(body))
    if looked_at is None:
        raise Problem("not-found")
    kept = selections.keep(id, looked_at.id, who, selections.preview(looked_at.choice).number)
    count("SelectionsKept")
    return api.answer(document(kept), done="selection.kept", back=body.next)


@api.post("/api/archive/selections/<id>/archive")
def archive(id: str) -> Response[str]:
    who, body = allowed(), api.body
    return api.answer(document(selections.archive(known(id).id, who)), done="selection.archived", back=body.next)


@api.post("/api/archive/selections/<id>/restore")
def restore(id: str) -> Response[str]:
    who, body = allowed(), api.body
    return api.answer(document(selections.restore(known(id).id, who)), done="selection.restored", back=body.next)


def known(id: str) -> Selection:
    found = selections.find(id)
    if found is None:
        raise Problem("not-found")
    return found


def titled(body: Body) -> str:
    title = " ".join(body.fields.get("title", "").split())
    if not 1 <= len(title) <= selection.LONGEST_TITLE:
        raise Problem("selection-title", limit=selection.LONGEST_TITLE)
    return title


def number(body: Body) -> int:
    """The version that was looked at."""
    told = body.fields.get("version", "")
    if not (told.isascii() and told.isdecimal() and 0 < len(told) < 7):
        raise Problem("malformed-request")
    return int(told)


def chosen(body: Body, before: Choice) -> Choice:
    """What a form says: rules, a list pasted or as a file, exceptions; or, where it says so, the lists of `before`."""
    fields = body.fields
    asked = [
        selection.rule_of({part: fields.get(f"{part}_{place}", "") for part in PARTS})
        for place in range(1, selection.MOST_RULES + 1)
    ]
    included = file() or selection.pasted(fields.get("list", ""))
    if not included and fields.get("keep_list") == "yes":
        included = list(before.included)
    excluded = selection.pasted(fields.get("except", ""))
    if not excluded and fields.get("keep_except") == "yes":
        excluded = list(before.excluded)
    rules = list(dict.fromkeys(rule for rule in asked if rule))
    if not rules and not included:
        raise Problem("selection-empty")
    return Choice(rules, included, excluded)


def file() -> list[Listed]:
    """The numbers of the file that was sent, if one was."""
    try:
        data = api.upload("file", selection.LARGEST_FILE)
    except Problem as problem:
        if problem.code != "file-missing":
            raise
        return []
    return selection.uploaded(data)


def document(found: Selection) -> dict[str, Any]:
    return {
        "id": found.id,
        "title": found.title,
        "newest": found.newest,
        "kept": found.kept or None,
        "by": found.by,
        "at": stamp(found.at),
        "archived_by": found.archived_by or None,
        "archived_at": stamp(found.archived_at) if found.archived_at else None,
    }


def preview_document(found: Preview) -> dict[str, Any]:
    def lines(some: Any) -> list[dict[str, Any]]:
        return [{"line": one.line, "text": one.student} for one in some[: selection.MOST_TOLD]]

    return {
        "students": found.number,
        "by_school": dict(found.by_school),
        "by_rule": found.by_rule,
        "by_list": found.by_list,
        "left_out": found.left_out,
        "unknown": len(found.unknown),
        "unknown_lines": lines(found.unknown),
        "unknown_exceptions": lines(found.unknown_exceptions),
    }
