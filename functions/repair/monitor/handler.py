"""monitor: a monitor saw a device fail, or come back.

Trigger: POST /api/repair/monitor/{source}, by Prometheus Alertmanager or Zabbix, with a secret and without a session.
Reads: the device, the board of its building with its incidents. Writes: boards, incidents with what happened to them,
what monitors said. Emits: metrics.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform import clock
from yinji.platform.http import Api, as_json
from yinji.platform.limits import VERIFY
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem
from yinji.repair.board_store import Boards, TooBusy
from yinji.repair.counting import counted
from yinji.repair.keys import monitor_secret
from yinji.repair.monitoring import let_in, signals
from yinji.repair.monitoring_store import Monitors

api = Api()
monitors = Monitors(Boards())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/repair/monitor/<source>")
def told(source: str) -> Response[str]:
    if not let_in(api.headers.get("authorization", ""), monitor_secret()):
        api.limit_address(VERIFY)  # whoever tries secrets is told to wait; a monitor may tell as much as it has to
        raise Problem("not-the-monitor")
    outcomes: list[dict[str, str]] = []
    unknown: list[str] = []
    for signal in signals(source, api.document):
        try:
            outcome, step = monitors.take(signal, clock.now())
        except TooBusy as error:  # it is sent again
            raise Problem("too-busy") from error
        counted([step] if step else [])
        count("AlertsTaken", outcome=outcome, service="repair")
        outcomes.append({"device": signal.device, "outcome": outcome})
        unknown += [signal.device] if outcome == "unknown-device" else []
    if unknown:
        raise Problem("unknown-device", devices=", ".join(unknown))
    return as_json(200, {"taken": outcomes})
