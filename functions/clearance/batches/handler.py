"""batches: rounds of clearance, declared, closed and carried over; flows brought to their newest version.

Trigger: GET /api/clearance/batches, GET /api/clearance/batches/{batch}, POST /api/clearance/batches,
POST /api/clearance/batches/{batch}/{deed}, POST /api/clearance/flows/{flow}/migrate. Reads: the table and its index.
Writes: the table (a closing report), rosters/<batch>/batch.json, from where open-cases declares it. Emits: rearrange.
"""

import json
from typing import Any

import boto3
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import bus, flow, roster
from yinji.clearance.batches import report_of
from yinji.clearance.case import Batch
from yinji.clearance.policy import demand
from yinji.clearance.roster import Refused
from yinji.clearance.store import Store
from yinji.platform import clock
from yinji.platform.environment import setting
from yinji.platform.http import Api, as_json
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem

api = Api()
store = Store()
s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/clearance/batches")
def batches() -> Response[str]:
    demand(api.session, "see-batches")
    return as_json(200, {"batches": [document(batch) for batch in store.batches()]})


@api.get("/api/clearance/batches/<batch>")
def one(batch: str) -> Response[str]:
    demand(api.session, "see-batches")
    known = found(batch)
    closing = store.closing(batch)
    now = report_of(store, known).document
    then = {"at": clock.stamp(closing[0]), **json.loads(closing[1])} if closing else None
    return as_json(200, {**document(known), "now": now, "closing": then})


def document(batch: Batch) -> dict[str, Any]:
    return {
        "id": batch.id,
        "title": dict(batch.title),
        "opens_on": batch.opens_on.isoformat(),
        "deadline": batch.deadline.isoformat(),
    }


def found(batch: str) -> Batch:
    known = store.batch(batch) if roster.BATCH_ID.fullmatch(batch) else None
    if known is None:
        raise Problem("not-found")
    return known


@api.post("/api/clearance/batches")
def declare() -> Response[str]:
    """Put batch.json where a university's own system would: there is one way in."""
    demand(api.session, "manage-batches")
    body = api.body
    told = body.fields
    declared = {
        "title": {"zh": told.get("title_zh", "").strip(), "en": told.get("title_en", "").strip()},
        "opens_on": told.get("opens_on", ""),
        "deadline": told.get("deadline", ""),
    }
    data = json.dumps(declared, ensure_ascii=False).encode()
    try:
        batch = roster.parse_batch(told.get("batch", ""), data)
    except Refused as error:
        count("BatchesRefused")
        raise Problem("batch-not-possible") from error
    key = f"rosters/{batch.id}/batch.json"
    s3.put_object(Bucket=setting("INTAKE_BUCKET"), Key=key, Body=data, ContentType="application/json")
    count("BatchesDeclared")
    return api.answer(document(batch), done="batch.declare", back=body.next)


@api.post("/api/clearance/batches/<batch>/<deed>")
def decide(batch: str, deed: str) -> Response[str]:
    demand(api.session, "manage-batches")
    body, known = api.body, found(batch)
    if deed == "close":
        report = json.dumps(report_of(store, known).document)
        if not store.close_batch(batch, clock.now(), report):
            raise Problem("batch-closed-already")
    elif deed == "carry-over":
        into = found(body.fields.get("into", ""))
        if into.id == known.id:
            raise Problem("batch-not-possible")
        bus.emit([bus.rearrange("carry-over", api.session.sub, batch=known.id, into=into.id)])
    else:
        raise Problem("not-found")
    return api.answer({"batch": batch, "deed": deed}, done=f"batch.{deed}", back=body.next)


@api.post("/api/clearance/flows/<name>/migrate")
def migrate(name: str) -> Response[str]:
    """Bring every open case of a flow to its newest version; `version` is the one that was previewed."""
    demand(api.session, "manage-batches")
    body = api.body
    if name not in flow.TITLES:
        raise Problem("not-found")
    if body.fields.get("version") != str(flow.version(name)):
        raise Problem("changed-meanwhile")
    bus.emit([bus.rearrange("migrate", api.session.sub, flow=name, version=str(flow.version(name)))])
    return api.answer({"flow": name, "version": flow.version(name)}, done="flow.migrate", back=body.next)
