"""One action of a student: what the route, the adapter and the items of the table add to the decision itself."""

from __future__ import annotations

import contextlib
import io
import json
import warnings
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from yinji.clearance import adapter
from yinji.clearance.case import Case
from yinji.clearance.step import Request
from yinji.clearance.store import Decide, Outcome

from infra.setting import ROOT
from tests import handlers
from tests.bench.measuring import answered, interleaved, tell
from tests.bench.surroundings import TODAY, item, wire
from tests.graduates import event, opened

FOLDER = "clearance/steps/exit_survey"
ANSWERS = {"teaching": "5", "services": "4", "words": "谢谢"}


class Shelf:
    """A store that holds one case and forgets every change: the next one finds it as it was."""

    def __init__(self, case: Case) -> None:
        self._case = case

    def change(self, student: str, key: str, decide: Decide, fingerprint: str = "") -> Outcome:
        change = decide(self._case)
        assert change
        return Outcome(change.event, case=change.after)


def run() -> None:
    case = opened()
    told = json.loads((ROOT / "events" / f"{FOLDER}.json").read_text("utf-8"))
    told["headers"]["content-type"] = "application/json"
    told["body"] = json.dumps(ANSWERS | {"step_version": 0, "idempotency_key": "3f1d9c50-6f5e-4b7e"})
    context = SimpleNamespace(
        aws_request_id="bench", function_name="bench", memory_limit_in_mb=512, invoked_function_arn="arn:bench"
    )
    step = handlers.steps()["exit-survey"]
    form = step.definition.actions["answer"]
    with patch.object(adapter, "Store", lambda: Shelf(case)):
        shelved = handlers.load(FOLDER).handler
    stored = handlers.load(FOLDER).handler
    table = {"GetItem": {"Item": wire([item(case)])[0]}, "TransactWriteItems": {}}

    def decide() -> object:
        return step.act(case, Request("answer", ANSWERS, 0, event("k")), TODAY)

    def act(handler: Any) -> None:
        answer = handler(told, context)
        if answer["statusCode"] != 200:
            raise RuntimeError(answer["body"])

    # metrics are lines of the output
    warnings.filterwarnings("ignore", "No application metrics to publish")
    with contextlib.redirect_stdout(io.StringIO()), answered(**table):
        timings = interleaved(
            {
                "the decision alone": decide,
                "of it all: the form checked": lambda: adapter.check_form(form, dict(ANSWERS)),
                "with route, session, form, metrics": lambda: act(shelved),
                "with the table's items, answered from memory": lambda: act(stored),
            },
            calls=50,
        )
    tell("An answer to the survey", timings)
