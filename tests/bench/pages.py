"""What people look at: a graduate's page and a counsellor's, from the event to the page, the table in memory."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable
from typing import Any

from yinji.clearance.items import LEAN
from yinji.clearance.store import Store
from yinji.clearance.view import case_view, row_view
from yinji.identity.session import Session

from tests import portal
from tests.bench.measuring import answered, interleaved, tell
from tests.bench.surroundings import cases, item, wire

COUNSELLOR = Session("T0001", "counsellor", "王老师", school="S01")
SECRET = {"SecretString": json.dumps({"key": "new", "older": []})}
NOTHING = {"Items": [], "Count": 0, "ScannedCount": 0}
"""Nobody has touched a slot yet."""
ROWS = (40, 400)


def run() -> None:
    _graduate()
    _counsellor()


def _graduate() -> None:
    case = cases(3)[2]
    student = case.graduate.student
    session = Session(student, "student", case.graduate.name)
    store = Store()
    with answered(GetItem={"Item": wire([item(case)])[0]}, Query=NOTHING, GetSecretValue=SECRET):
        page = _page("/me", session)
        timings = interleaved(
            {
                "the whole page": page,
                "of it: read and decode the case": lambda: store.get(student),
                "of it: what the graduate may see and do": lambda: case_view(case, session, "zh"),
            },
            calls=20,
        )
        tell(
            "A graduate's page: one GetItem, one Query for each step with appointments",
            timings,
            **_weight({"the whole page": page()}),
        )


def _counsellor() -> None:
    found = cases(max(ROWS), school="S01")
    rows = wire([item(case) for case in found], only=("pk", "sk", "school", "student", *LEAN))
    pages: dict[str, Callable[[], str]] = {}
    for number in ROWS:
        pages[f"{number} rows"] = _with(rows[:number], _page("/schools/S01", COUNSELLOR))
    store = Store()
    read = _with(rows, lambda: [row_view(lean) for lean in store.school("S01")])
    name = f"of {max(ROWS)} rows: read and decode"
    timings = interleaved({**pages, name: read}, calls=2)
    weights = _weight({name: page() for name, page in pages.items()})
    tell("A counsellor's page: one Query", timings, per_second={f"{rows} rows": rows for rows in ROWS}, **weights)


def _with(rows: list[dict[str, Any]], work: Callable[[], Any]) -> Callable[[], Any]:
    def done() -> Any:
        told = {"Items": rows, "Count": len(rows), "ScannedCount": len(rows)}
        with answered(Query=told, GetSecretValue=SECRET):
            return work()

    return done


def _page(path: str, session: Session) -> Callable[[], str]:
    """What draws the page at `path`, given the event that API Gateway would send for it."""
    app, told = portal.module().app, portal.event(path, session)

    def draw() -> str:
        answer = app(copy.deepcopy(told), None)
        if answer["statusCode"] != 200:
            raise RuntimeError(f"{path}: {answer['statusCode']}")
        return str(answer["body"])

    return draw


def _weight(bodies: dict[str, str]) -> dict[str, dict[str, str]]:
    """Kilobytes of HTML, and what of it goes over the wire."""
    return {
        "kB": {name: f"{len(body.encode()) / 1000:.1f}" for name, body in bodies.items()},
        "kB_gzipped": {name: f"{len(gzip.compress(body.encode(), 6)) / 1000:.1f}" for name, body in bodies.items()},
    }
