"""A step's folder is all it takes: its function, routes and triggers follow from the definition."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from yinji.clearance import definition
from yinji.clearance.definition import StepDefinition

from infra.setting import ROOT
from tests.infra.synthesis import Synthesis, plain, synthesize
from tests.infra.test_functions import behind, functions
from tests.infra.test_templates import MOST_RESOURCES

pytestmark = pytest.mark.slow

API = "/api/clearance"
FED = """
id = "{id}"
order = {order}
department = "library"
flows = ["postgraduate"]
title = {{ zh = "论文提交", en = "Thesis deposit" }}

[ready]

[feed]
columns = ["student", "count"]
hold_share = 0.3

[actions.sign-off]
by = "department"
from = ["ready"]
to = "done"
title = {{ zh = "通过", en = "Sign off" }}
"""
HANDLER = 'from yinji.clearance.step import Step\n\nstep = Step("{id}")\nhandler = step.handler\n'
TO_COME = ("scholarship-settlement", "housing-deposit", "lab-equipment")


def expected_routes(step: StepDefinition) -> set[str]:
    routes = {f"POST {API}/cases/{{student}}/steps/{step.id}/{{action}}", f"POST {API}/steps/{step.id}/{{action}}"}
    return routes | ({f"POST {API}/steps/{step.id}/feed/{{decision}}"} if step.feed else set())


def expected_messages(step: StepDefinition) -> set[str]:
    found = {"step-ready"} if step.ready else set()
    return found | ({"roster-applied", "intake-left"} if step.feed else set())


def check(step: StepDefinition, of: Synthesis) -> None:
    """`step` has its function, and that is reached by exactly what the definition says."""
    folder = f"clearance/steps/{step.module}"
    function = functions(of)[folder]
    routes = {
        route.properties["RouteKey"]
        for route in of.of_type("AWS::ApiGatewayV2::Route")
        if route.stack == "Clearance"
        for integration in [plain(route.properties["Target"]).removeprefix("integrations/")[2:-1]]
        for uri in [plain(of.templates["Clearance"]["Resources"][integration]["Properties"]["IntegrationUri"])]
        if behind(of, uri) == function.id
    }
    assert routes == expected_routes(step)
    rules = [
        rule.properties["EventPattern"]
        for rule in of.of_type("AWS::Events::Rule")
        if rule.stack == "Clearance"
        and "EventPattern" in rule.properties
        and any(behind(of, plain(target["Arn"])) == function.id for target in rule.properties["Targets"])
    ]
    assert {kind for rule in rules for kind in rule["detail-type"]} == expected_messages(step)
    for rule in rules:
        if rule["detail-type"] == ["step-ready"]:
            assert rule["detail"] == {"step": [step.id]}
        if rule["detail-type"] == ["intake-left"]:
            assert rule["detail"] == {"key": [{"prefix": f"feeds/{step.id}/"}]}
    prefixes = {
        rule["Value"]
        for bucket in of.of_type("AWS::S3::Bucket")
        if bucket.stack == "Clearance"
        for door in bucket.properties.get("NotificationConfiguration", {}).get("LambdaConfigurations", [])
        if behind(of, plain(door["Function"])) == function.id
        for rule in door["Filter"]["S3Key"]["Rules"]
    }
    assert prefixes == ({f"feeds/{step.id}/"} if step.feed else set())


def test_every_step_has_exactly_its_function_routes_and_triggers(either: Synthesis) -> None:
    for step in definition.steps().values():
        check(step, either)
    folders = {folder for folder in functions(either) if folder.startswith("clearance/steps/")}
    assert folders == {f"clearance/steps/{step.module}" for step in definition.steps().values()}


DEMO = (("GET", ""), ("POST", ""), ("GET", "/personas"))


def test_every_route_asks_for_a_session_but_those_that_cannot(either: Synthesis, local: Synthesis) -> None:
    open_ = {
        route.properties["RouteKey"]
        for route in either.of_type("AWS::ApiGatewayV2::Route")
        if route.properties["AuthorizationType"] != "CUSTOM" or "AuthorizerId" not in route.properties
    }
    demo = {f"{method} /api/sign-in/demo{path}" for method, path in DEMO} if either is local else set()
    ways = {f"GET /api/sign-in/{way}{path}" for way in ("oidc", "cas") for path in ("", "/back", "/leave")}
    outs = {"POST /api/sign-out", "POST /api/sign-out/everywhere"}
    stops = {f"{method} /api/messages/stop/{{token}}" for method in ("GET", "POST")}
    proofs = {f"GET /.well-known/{path}" for path in ("did.json", "authority.pem", "status/{number}")}
    editions = {"GET /api/archive/shared/{token}/{file}", "GET /api/archive/verify/{code}"}
    reports = {f"POST /api/repair/{path}" for path in ("reports", "solved", "follow/{link}/{word}", "photos/{link}")}
    reports |= {"GET /api/repair/places/{code}", "GET /api/repair/outages", "POST /api/repair/monitor/{source}"}
    editions |= reports
    editions |= {"POST /api/visits", "POST /api/visits/v/{link}/{deed}", "GET /api/visits/v/{link}/visit.ics"}
    editions |= {"GET /api/visits/days/{community}", "GET /api/visits/calendar/{calendar}"}
    editions |= {
        f"{method} /api/open311/{path}"
        for method, path in (
            *(("GET", f"{one}.{ending}") for one in ("discovery", "v2/services") for ending in ("xml", "json")),
            *((method, f"v2/requests.{ending}") for method in ("GET", "POST") for ending in ("xml", "json")),
            *(("GET", f"v2/{one}") for one in ("services/{service}", "requests/{request}", "tokens/{token}")),
        )
    }
    assert open_ == {"GET /api/clearance/guides/{flow}/{file}"} | outs | ways | stops | demo | proofs | editions


def test_no_route_takes_what_another_is_for(either: Synthesis) -> None:
    """Where two fit a path, the API takes the one with more written out; the two must be of one length and method."""
    routes = [route.properties["RouteKey"] for route in either.of_type("AWS::ApiGatewayV2::Route")]
    assert len(routes) == len(set(routes))
    split = [route.replace(" ", "").split("/") for route in routes]
    for one, other in itertools.combinations(split, 2):
        if len(one) != len(other) or any(a != b and "{" not in a + b for a, b in zip(one, other, strict=True)):
            continue
        # both fit some path: one of them must have written out whatever the other has, and more
        vague = [{at for at, part in enumerate(route) if "{" in part} for route in (one, other)]
        assert vague[0] < vague[1] or vague[1] < vague[0], (one, other)


def test_no_action_of_a_step_has_the_name_of_a_route_beside_it(either: Synthesis) -> None:
    routes = {route.properties["RouteKey"] for route in either.of_type("AWS::ApiGatewayV2::Route")}
    for step in definition.steps().values():
        assert {f"POST {API}/steps/{step.id}/{action}" for action in step.actions} & routes == set()


def test_no_door_of_the_intake_lies_in_another(either: Synthesis) -> None:
    doors = [
        tuple(rule["Value"] for rule in door["Filter"]["S3Key"]["Rules"])
        for bucket in either.of_type("AWS::S3::Bucket")
        for door in bucket.properties.get("NotificationConfiguration", {}).get("LambdaConfigurations", [])
    ]
    for one in doors:
        for other in doors:
            overlap = one is not other and other[0].startswith(one[0]) and one[1:] == other[1:]
            assert not overlap, (one, other)


@pytest.fixture
def checkout_with_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A checkout that has the five steps still to come, each with everything a step can have."""
    root = tmp_path / "checkout"
    shutil.copytree(ROOT / "functions", root / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    for shared in ("layers", "node_modules"):
        (root / shared).symlink_to(ROOT / shared)
    steps = root / "functions" / "clearance" / "steps"
    for order, id in enumerate(TO_COME, start=200):
        folder = steps / id.replace("-", "_")
        if not folder.exists():
            folder.mkdir()
            (folder / "step.toml").write_text(FED.format(id=id, order=order), "utf-8")
            (folder / "handler.py").write_text(HANDLER.format(id=id), "utf-8")
    monkeypatch.setenv("YINJI_STEPS", str(steps))
    definition.steps.cache_clear()
    yield root
    monkeypatch.undo()
    definition.steps.cache_clear()


def test_adding_a_step_is_adding_a_folder(checkout_with_every_step: Path) -> None:
    found = synthesize("aws", checkout_with_every_step)
    for id in TO_COME:
        check(definition.steps()[id], found)
    assert found.findings == ()
    boards = {
        board.id: plain(board.body)
        for board in found.of_type("AWS::CloudWatch::Dashboard")
        if not board.id.startswith(("Archive", "Repair", "Visits", "Forms"))
    }
    assert len(boards) == 2
    assert all(id in text for id in TO_COME for text in boards.values())
    assert len(definition.steps()) >= 16
    assert all(count < MOST_RESOURCES for count in found.counts().values()), found.counts()
    shutil.rmtree(found.folder)
