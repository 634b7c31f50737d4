"""shares: the links by which a student shares their own archive: seen, made, revoked.

Trigger: GET and POST /api/archive/students/{student}/shares, POST .../shares/{share}/revoke. Reads: the student, their
editions and links. Writes: links. Emits: metrics.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.access import visible_student
from yinji.archive.record import path_of
from yinji.archive.store import Archive
from yinji.editions.share_store import Shares
from yinji.editions.sharing import Share, new_token, share_id, wished
from yinji.editions.store import Editions
from yinji.platform import clock
from yinji.platform.clock import stamp
from yinji.platform.environment import setting
from yinji.platform.http import Api, as_json
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem

api = Api()
archive = Archive()
editions = Editions()
shares = Shares()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


def own(student: str) -> None:
    """Raise Problem unless it is their own archive: nobody else is told whom it is shared with."""
    visible_student(api.session, "act-in-archive", student, archive.student)


@api.get("/api/archive/students/<student>/shares")
def every(student: str) -> Response[str]:
    own(student)
    return as_json(200, {"shares": [document(one) for one in shares.of(student)]})


@api.post("/api/archive/students/<student>/shares")
def make(student: str) -> Response[str]:
    own(student)
    body = api.body
    wish = wished(body.fields, clock.today())
    if wish.shows == "whole":
        edition = editions.find(student, wish.edition)
        if edition is None or edition.standing != "in-force":
            raise Problem("edition-not-in-force")
    made = shares.make(
        Share(
            student,
            share_id(student, body.idempotency_key),
            new_token(),
            wish.shows,
            wish.to,
            wish.until,
            clock.now(),
            wish.parts,
            wish.edition,
        )
    )
    count("SharesMade")
    return api.answer(document(made), done="share.made", back=body.next)


@api.post("/api/archive/students/<student>/shares/<share>/revoke")
def revoke(student: str, share: str) -> Response[str]:
    own(student)
    body, found = api.body, shares.find(student, share)
    if found is None:
        raise Problem("not-found")
    if shares.revoke(found):
        count("SharesRevoked")
    after = shares.find(student, share)
    return api.answer(document(after or found), done="share.revoked", back=body.next)


def document(share: Share) -> dict[str, Any]:
    parts = share.parts if share.shows == "dimensions" else [path_of(part) for part in share.parts]
    return {
        "id": share.id,
        "address": f"{setting('PUBLIC_URL')}/shared/{share.token}",
        "shows": share.shows,
        "parts": list(parts),
        "edition": share.edition or None,
        "to": share.to,
        "until": share.until.isoformat(),
        "at": stamp(share.at),
        "standing": share.standing(clock.today()),
    }
