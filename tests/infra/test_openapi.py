"""The OpenAPI document says what there is: each route of the template, and what the code of today answers."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from openapi_spec_validator import validate
from yinji.clearance import arrangements, definition
from yinji.platform import problem

from infra.openapi.__main__ import FILE
from infra.openapi.catalogue import ROUTES
from infra.openapi.document import document, operations
from infra.openapi.routes import Route
from tests.infra.synthesis import Synthesis

pytestmark = pytest.mark.slow

PLACE = re.compile(r"\{\w+\}")


def routes(of: Synthesis) -> list[Route]:
    """The routes of a template."""
    every = [route.properties for route in of.of_type("AWS::ApiGatewayV2::Route")]
    found = [Route(one["RouteKey"], one["AuthorizationType"] == "NONE") for one in every]
    return sorted(found, key=lambda route: (route.path, route.method))


def written() -> dict[str, Any]:
    return json.loads(FILE.read_text("utf-8"))


def told() -> list[dict[str, Any]]:
    return [operation for path in written()["paths"].values() for operation in path.values()]


def test_it_is_a_valid_document() -> None:
    validate(written())


def test_it_tells_of_every_route_of_the_template_and_of_no_other(local: Synthesis, aws: Synthesis) -> None:
    there = {route.key for route in routes(local)}
    missing, gone = there - ROUTES.keys(), ROUTES.keys() - there
    assert not missing, f"add a row to ROUTES in infra/openapi/catalogue.py for {sorted(missing)}, then `make openapi`"
    assert not gone, (
        f"no such route any more: take {sorted(gone)} out of infra/openapi/catalogue.py, then `make openapi`"
    )
    assert {one["x-yinji-route"] for one in told()} == there
    on_aws = {one["x-yinji-route"] for one in told() if "x-yinji-local" not in one}
    assert on_aws == {route.key for route in routes(aws)}


def test_the_file_is_what_the_generator_writes(local: Synthesis) -> None:
    assert written() == document(routes(local)), "docs/openapi.json is behind the code: `make openapi` writes it anew"


def test_each_operation_is_served_by_the_route_it_names() -> None:
    for path, methods in written()["paths"].items():
        for method, operation in methods.items():
            sent, _, served = operation["x-yinji-route"].partition(" ")
            assert sent.lower() == method
            assert re.fullmatch(PLACE.sub("[^/]+", served), path), (served, path)


def test_whoever_adds_a_route_is_told_where_to_tell_of_it(local: Synthesis) -> None:
    with pytest.raises(LookupError, match=r"catalogue\.py for: GET /api/account/new"):
        operations([*routes(local), Route("GET /api/account/new", open=False)])
    with pytest.raises(LookupError, match="take out of infra/openapi/catalogue"):
        operations(routes(local)[1:])


def test_every_action_and_form_of_a_definition_is_in_it() -> None:
    paths = written()["paths"]
    for step in definition.steps().values():
        for action in step.actions.values():
            asked = _form(paths[f"/api/clearance/cases/{{student}}/steps/{step.id}/{action.id}"]["post"])
            assert asked["properties"].keys() >= {field.name for field in action.fields}, (step.id, action.id)
            assert (f"/api/clearance/steps/{step.id}/{action.id}" in paths) == action.bulk
    for name in arrangements.forms():
        assert f"/api/clearance/cases/{{student}}/arrangements/{name}" in paths


def _form(operation: dict[str, Any]) -> dict[str, Any]:
    return operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]


def test_every_problem_there_is_may_be_answered_by_some_operation() -> None:
    """In its own right, as what became of one of many cases, or in the query of a redirect."""
    schemas = written()["components"]["schemas"]
    redirects = {code for code in problem.catalogue() if code.startswith("sign-in-")} | {"no-role"}
    assert {f"problem.{code}" for code in problem.catalogue()} - schemas.keys() == {
        f"problem.{code}" for code in redirects
    }


def test_only_what_is_open_in_the_template_asks_for_no_session(local: Synthesis) -> None:
    opened = {route.key for route in routes(local) if route.open}
    assert {one["x-yinji-route"] for one in told() if not one["security"]} == opened
    for one in told():
        assert ("401" in one["responses"]) == bool(one["security"]), one["operationId"]
