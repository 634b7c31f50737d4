"""readers: the readers of the register and how each is; administrators decide about passes that are in doubt.

Trigger: GET /api/archive/devices, POST /api/archive/devices/{device}/passes and .../{device}/readmit.
Reads: the register of readers, passes that wait, cards, students, the catalogue. Writes: passes, records, who came, the
register. Emits nothing. Nobody's name is shown: a pass is told by its reader and the last signs of its card.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.readers import DEVICE
from yinji.archive.readers_store import DOUBTFUL, Readers, chosen
from yinji.archive.store import Archive
from yinji.clearance.policy import demand
from yinji.platform.http import Api, as_json
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem

api = Api()
readers = Readers(Archive(), Catalogue())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/archive/devices")
def standings() -> Response[str]:
    demand(api.session, "see-deliveries", department="student-affairs")
    doubtful = [one.document for one in readers.waiting(DOUBTFUL)]
    return as_json(200, {"devices": [one.document for one in readers.standings()], "doubtful": doubtful})


@api.post("/api/archive/devices/<device>/passes")
def decide(device: str) -> Response[str]:
    """Count or drop a doubtful pass of a reader, or all that it has; with `at` that one counts as of then."""
    demand(api.session, "decide-pass")
    body = api.body
    passes, decision = chosen(readers, device, body.fields)
    counts = readers.decide(passes, decision, api.session.sub)
    count("PassesDecided", counts["captured"] + counts["pending"] + counts["dropped"])
    return api.answer({"device": device, "counts": dict(counts)}, done=f"passes.{decision}", back=body.next)


@api.post("/api/archive/devices/<device>/readmit")
def readmit(device: str) -> Response[str]:
    """Let a reader have a new certificate: it was replaced, or lost its own."""
    demand(api.session, "decide-pass")
    body = api.body
    if not (DEVICE.fullmatch(device) and readers.readmit(device)):
        raise Problem("not-found")
    return api.answer({"device": device}, done="passes.readmit", back=body.next)
