"""The document: routes and definitions, and what the catalogue tells of them, as OpenAPI 3.1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yinji.clearance.rounds import MOST_AT_ONCE
from yinji.identity.session import COOKIE, IDLE
from yinji.platform import problem
from yinji.platform.http import FORM
from yinji.platform.multipart import MEDIA_TYPE as MULTIPART
from yinji.platform.multipart import MOST_PARTS
from yinji.platform.problem import MEDIA_TYPE as PROBLEM

from infra.openapi import shapes
from infra.openapi.catalogue import LOCAL, OWN_PATH, PLACES, ROUTES, Row
from infra.openapi.routes import Route
from infra.openapi.shapes import Schema, many, obj, ref
from infra.openapi.told import ANYTHING_SENT, JSON, KEY, Answer, Told

PLACE = re.compile(r"\{(\w+)\}")
INTERNAL = "internal"
PARTS: Schema = {"propertyNames": {"pattern": "^[A-Za-z0-9_-]{1,100}$"}, "maxProperties": MOST_PARTS}
"""What holds of every form with files: see yinji.platform.multipart."""
TYPED = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$"
"""Text without NUL, escapes of terminals and the like: see yinji.platform.http."""
MOST: Schema = {"minItems": 1, "maxItems": MOST_AT_ONCE, "uniqueItems": True, "description": "Nobody twice."}
PLAIN: Schema = {"type": ["string", "number", "boolean", "null"]}
"""What a field may be in JSON: nothing that holds other things."""
GATEWAY = {
    401: "There is no session cookie.",
    403: "The session is over, or was ended.",
    413: "More than ten megabytes.",
    429: "Too many requests at once.",
    500: "The function failed.",
    503: "The function did not answer in time.",
}
"""What API Gateway answers by itself, by status."""
ASKED = (401, 403)
"""Those of them that only a route gives which asks for a session."""
ABOUT = """\
Five campus services; this is what is below `/api`, and `/.well-known`. Programs send JSON and are answered with JSON;
pages without script send forms and are led on (303): a form that names a page of ours in `next` goes back there, with
what was `done` or the `problem` in its query. Whoever signs in is given a cookie; what somebody may do is decided by
their role.

Problems are documents of RFC 9457 with a stable `code`, in the reader's language (`Accept-Language`, or the cookie
`yinji_language`). Each operation tells which codes it may be answered with; nothing was changed then.

What changes something takes values as text, numbers and booleans alike. Where there is an `idempotency_key`, the same
request may be sent again: it is done once. Pages of other sites may send nothing (`cross-site`). What is below a path
of this document and is not in it is answered by `not-found`, as an action that a step does not have.
"""


@dataclass(frozen=True)
class Operation:
    """One operation of the document: its concrete `path`, what is told of it, and the `route` that serves it."""

    path: str
    route: Route
    told: Told


def operations(routes: Iterable[Route], rows: Mapping[str, Row] = ROUTES) -> list[Operation]:
    """What the document tells of `routes`. Raises LookupError for a route without a row, or a row without a route."""
    every = {route.key: route for route in routes}
    if missing := sorted(every.keys() - rows.keys()):
        raise LookupError(f"add a row to ROUTES of infra/openapi/catalogue.py for: {', '.join(missing)}")
    if gone := sorted(rows.keys() - every.keys()):
        raise LookupError(f"no route any more; take out of infra/openapi/catalogue.py: {', '.join(gone)}")
    found: list[Operation] = []
    for key, route in every.items():
        row = rows[key]
        if isinstance(row, Told):
            found.append(Operation(route.path, route, row))
            continue
        base = route.path[: route.path.rindex("{")]
        found += [Operation(base + value, route, told) for value, told in row.items()]
    return found


def document(routes: Sequence[Route]) -> dict[str, Any]:
    """The OpenAPI document of `routes`. Raises LookupError where the catalogue does not know them."""
    every = sorted(operations(routes), key=lambda one: (one.path, one.route.method))
    paths: dict[str, dict[str, Any]] = {}
    for one in every:
        paths.setdefault(one.path, {})[one.route.method.lower()] = _operation(one)
    codes = sorted({code for one in every for code in _codes(one)})
    statuses = [(code, int(problem.catalogue()[code]["status"])) for code in codes]
    alone = [(code, status) for code, status in statuses if status not in ASKED]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Yinji", "version": "1", "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(one.told.tag for one in every)],
        "paths": paths,
        "components": {
            "schemas": shapes.COMPONENTS | {f"problem.{code}": shapes.problem_schema(code) for code in codes},
            "responses": {
                f"gateway-{status}": {"description": told, "content": {JSON: {"schema": ref("Gateway")}}}
                for status, told in GATEWAY.items()
            }
            | {code: _problems(status, [code], status in GATEWAY) for code, status in alone},
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": f"__Host-{COOKIE}",
                    "description": "Signed by whoever signed somebody in; good for "
                    f"{int(IDLE.total_seconds() // 3600)} hours. Local deployments have no https and call it "
                    f"`{COOKIE}`.",
                }
            },
        },
    }


def _operation(one: Operation) -> dict[str, Any]:
    told, route = one.told, one.route
    found: dict[str, Any] = {
        "operationId": _id(one),
        "tags": [told.tag],
        "summary": told.summary,
        "x-yinji-route": route.key,
        "security": [] if route.open else [{"session": []}],
        "parameters": [*_parameters(one)],
        "responses": _responses(one),
    }
    if route.path.startswith(LOCAL):
        found["x-yinji-local"] = True
    if route.method == "POST" and told.sends:
        found["requestBody"] = _body(told)
    return found


def _id(one: Operation) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", "-", one.path.removeprefix("/api/")).strip("-")
    return f"{one.route.method.lower()}-{words}"


def _parameters(one: Operation) -> Iterator[dict[str, Any]]:
    for name in PLACE.findall(one.path):
        yield {"name": name, "in": "path", "required": True, "schema": PLACES[name]}
    for place, told in (("query", one.told.query), ("header", one.told.headers)):
        for name, schema in told.items():
            yield {"name": name, "in": place, "required": False, "schema": schema}


def _body(told: Told) -> dict[str, Any]:
    if told.document is not None:
        return {"required": True, "content": {JSON: {"schema": told.document}}}
    fields = dict(told.fields)
    required = list(told.required)
    if told.keyed:
        fields["idempotency_key"] = KEY
        required.append("idempotency_key")
    back: dict[str, Schema] = {"next": OWN_PATH} if told.back else {}
    if told.files:
        parts: dict[str, Schema] = {name: {"type": "string", "format": "binary"} for name in told.files}
        whole = _object(fields | parts | back, required, told)
        return {"required": True, "content": {MULTIPART: {"schema": whole | PARTS}}}
    sent, formed = fields, fields | back
    if told.many:
        case = obj({"student": shapes.STUDENT, "step_version": {"type": "integer", "minimum": 0}})
        sent = fields | {"cases": many(case) | MOST}
        chosen = {"type": "string", "pattern": "^[A-Za-z0-9-]{6,16}:[0-9]{1,6}$", "description": "student:version"}
        formed = formed | {"case": many(chosen) | MOST}
    cases = (["cases"], ["case"]) if told.many else ([], [])
    return {
        "required": bool(required or told.many),
        "content": {
            JSON: {"schema": _object(sent, [*required, *cases[0]], told, PLAIN)},
            FORM: {"schema": _object(formed, [*required, *cases[1]], told)},
        },
    }


def _object(fields: Mapping[str, Schema], required: Sequence[str], told: Told, others: Schema = shapes.TEXT) -> Schema:
    """What is sent: these `fields`, and unless they are all that is known `others`, which nobody reads."""
    # where to go back to is disregarded when it is no page of ours, whatever else it is
    known = {name: schema if schema is OWN_PATH else _typed(schema) for name, schema in fields.items()}
    found: Schema = {"type": "object", "properties": known, "required": list(required)}
    if told.closed:
        return found | {"additionalProperties": False}
    return found | {"propertyNames": {"pattern": TYPED}, "additionalProperties": _typed(others)}


def _typed(schema: Schema) -> Schema:
    """`schema` of something that is sent, which is text that somebody can have typed unless it says more itself."""
    more = schema.keys() & {"pattern", "enum", "const", "format", "$ref"}
    return schema if more or "string" not in str(schema.get("type")) else {**schema, "pattern": TYPED}


# --- answers -------------------------------------------------------------------------------------------------
def _codes(one: Operation) -> list[str]:
    """The codes of problems that the operation may be answered with."""
    told, route = one.told, one.route
    codes = [*told.problems, INTERNAL]
    if not route.open:
        codes.append("signed-out")
    if route.method == "POST":
        codes.append("too-often")
        codes += [code for code in ANYTHING_SENT if code != "cross-site" or not told.from_anywhere]
        if not told.sends:
            codes.remove("malformed-request")
    if PLACE.search(one.path):
        codes.append("not-found")  # what no route's place can hold
    return sorted(set(codes))


def _responses(one: Operation) -> dict[str, Any]:
    told, route = one.told, one.route
    found: dict[int, dict[str, Any]] = {status: _answer(answer) for status, answer in told.answers.items()}
    if route.method == "POST" and (told.leads or (told.sends and told.back)) and 303 not in found:
        why = "A form is led on." if told.leads else "A form that named a page to go back to is led there."
        found[303] = _answer(Answer({}, {"Location": "where to go"}, f"{why} Its query tells what came of it."))
    by_status: dict[int, list[str]] = {}
    for code in _codes(one):
        by_status.setdefault(int(problem.catalogue()[code]["status"]), []).append(code)
    for status in by_status.keys() | GATEWAY.keys():
        codes = by_status.get(status, [])
        gateway = (
            status in GATEWAY and not (route.open and status in ASKED) and not (route.method == "GET" and status == 413)
        )
        if told.errors and codes:
            found[status] = _problems(status, codes, gateway)
            found[status]["content"] = {media: {"schema": one} for media, one in told.errors.items()} | (
                {JSON: {"schema": ref("Gateway")}} if gateway else {}
            )
        elif len(codes) == 1 and status not in ASKED:
            found[status] = {"$ref": f"#/components/responses/{codes[0]}"}
        elif codes or gateway:
            found[status] = _problems(status, codes, gateway)
    return {str(status): found[status] for status in sorted(found)}


def _problems(status: int, codes: Sequence[str], gateway: bool) -> dict[str, Any]:
    """What is answered with `status`: problems with these `codes`, and what API Gateway says if it answers so too."""
    if not codes:
        return {"$ref": f"#/components/responses/gateway-{status}"}
    schemas = [ref(f"problem.{code}") for code in codes]
    told = "; ".join(f"`{code}`: {problem.sentence(code, 'en', {})}" for code in codes)
    content: dict[str, Any] = {PROBLEM: {"schema": schemas[0] if len(schemas) == 1 else {"oneOf": schemas}}}
    if gateway:
        told += f". API Gateway: {GATEWAY[status]}"
        content[JSON] = {"schema": ref("Gateway")}
    return {"description": told, "content": content}


def _answer(answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] = {"description": answer.description}
    if answer.headers:
        found["headers"] = {
            name: {"description": told, "required": True, "schema": {"type": "string"}}
            for name, told in answer.headers.items()
        }
    if answer.content:
        found["content"] = {media_type: {"schema": schema} for media_type, schema in answer.content.items()}
    return found
