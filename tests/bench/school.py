"""A school of 400 on the emulator, from API Gateway's event to the answer: its page, and who acts on it at once."""

from __future__ import annotations

import contextlib
import io
import json
import uuid
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from yinji.identity.session import Session

from infra.local import home
from tests import handlers, portal
from tests.bench.measuring import interleaved, tell
from tests.bench.surroundings import emulator, keep
from tests.graduates import LIN, opened
from tests.sessions import begun
from tests.unit.test_case import act

GRADUATES, AT_ONCE = 400, 100
ROUNDS = GRADUATES // AT_ONCE - 1
"""Each round acts on graduates of its own, and there is one before the first."""
THREADS = 8
COUNSELLOR = Session("T0001", "counsellor", "王老师", school="S01")
HOUSING = Session("D0001", "department-officer", "公寓中心", department="housing")
CONTEXT = SimpleNamespace(
    aws_request_id="bench", function_name="bench", memory_limit_in_mb=512, invoked_function_arn="arn:bench"
)
API = "/api/clearance"


def run() -> None:
    emulator()
    home.client("secretsmanager").create_secret(Name="SessionKeys", SecretString='{"key": "new", "older": []}')
    pattern = act(opened(), "dormitory", "book-inspection")
    students = [f"2022S01{number:04d}" for number in range(GRADUATES)]
    keep(replace(pattern, graduate=replace(LIN, student=student)) for student in students)
    version = pattern.steps["dormitory"].version
    signed, answered, crowded = (_in_turn(students) for _ in range(3))
    works: dict[str, Callable[[], object]] = {
        "the counsellor's page, 400 rows": lambda: _page("/schools/S01"),
        "the same rows as JSON": lambda: _call("clearance/cases", COUNSELLOR, "GET", f"{API}/schools/S01"),
        "an office signs 100 in one request": lambda: _sign(next(signed), version),
        "a student answers the survey": lambda: _answer(next(answered)[0]),
        f"100 students answer, {THREADS} at a time": lambda: _all_answer(next(crowded)[1:]),
    }
    warnings.filterwarnings("ignore", "No application metrics to publish")
    with contextlib.redirect_stdout(io.StringIO()):  # metrics and logs are lines of the output
        timings = interleaved(works, ROUNDS)
    each = dict(zip(works, (GRADUATES, GRADUATES, AT_ONCE, 1, AT_ONCE - 1), strict=True))
    tell("A school of 400", timings, per_second=each)


def _in_turn(students: Sequence[str]) -> Any:
    return iter([students[start : start + AT_ONCE] for start in range(0, len(students), AT_ONCE)])


def _page(path: str) -> None:
    if portal.visit(path, COUNSELLOR).status != 200:
        raise RuntimeError(path)


def _sign(students: Sequence[str], version: int) -> None:
    body = {"cases": [{"student": student, "step_version": version} for student in students]}
    told = _call("clearance/steps/dormitory", HOUSING, "POST", f"{API}/steps/dormitory/sign-off", body)
    if not all(outcome["ok"] for outcome in told["outcomes"]):
        raise RuntimeError(str(told))


def _answer(student: str) -> None:
    body = {"step_version": 0, "teaching": "5", "services": "4"}
    path = f"{API}/cases/{student}/steps/exit-survey/answer"
    _call("clearance/steps/exit_survey", Session(student, "student", LIN.name), "POST", path, body)


def _all_answer(students: Sequence[str]) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(_answer, students))


def _call(folder: str, session: Session, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """The document that the function in `folder` answers. Raises RuntimeError when it refuses."""
    event = {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json"},
        "requestContext": {
            "http": {"method": method, "path": path},
            "stage": "$default",
            "authorizer": {"lambda": begun(session).claims},
        },
        "body": json.dumps(body | {"idempotency_key": uuid.uuid4().hex}) if body else None,
        "isBase64Encoded": False,
    }
    answer = handlers.warm(folder).handler(event, CONTEXT)
    if answer["statusCode"] != 200:
        raise RuntimeError(answer["body"])
    return json.loads(answer["body"])
