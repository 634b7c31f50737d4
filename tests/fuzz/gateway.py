"""The HTTP API in this process: its routes, its authorizer and its functions behind WSGI, as API Gateway calls them."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from tests.infra.synthesis import Synthesis, plain
from tests.infra.test_functions import behind, functions

AUTHORIZER = "identity/authorizer"
AS_TEXT = ("text/", "application/json", "application/javascript", "application/xml")
"""What API Gateway hands over as text; anything else comes in base64."""
Invoke = Callable[[str, dict[str, Any]], Any]


@dataclass(frozen=True)
class Served:
    """A route of the template, the folder of its function, and whether it asks nobody for a session."""

    key: str
    folder: str
    open: bool

    @property
    def method(self) -> str:
        return self.key.partition(" ")[0]

    @cached_property
    def parts(self) -> list[str]:
        return self.key.partition(" ")[2].split("/")

    @cached_property
    def places(self) -> re.Pattern[str]:
        found = (f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else re.escape(part) for part in self.parts)
        return re.compile("/".join(found), re.DOTALL)


def served(of: Synthesis) -> list[Served]:
    """The routes of the template, those that leave least to be filled in first: so API Gateway chooses."""
    folders = {(one.stack, one.id): folder for folder, one in functions(of).items()}
    found: list[Served] = []
    for route in of.of_type("AWS::ApiGatewayV2::Route"):
        key = route.properties["RouteKey"]
        integration = plain(route.properties["Target"]).removeprefix("integrations/")[2:-1]
        uri = plain(of.templates[route.stack]["Resources"][integration]["Properties"]["IntegrationUri"])
        folder = folders[route.stack, behind(of, uri, route.stack)]
        found.append(Served(key, folder, route.properties["AuthorizationType"] == "NONE"))
    return sorted(found, key=lambda one: [part.startswith("{") for part in one.parts])


class Gateway:
    """A WSGI application. `invoke` runs the function of a folder on an event."""

    def __init__(self, routes: Iterable[Served], invoke: Invoke) -> None:
        self._routes, self._invoke = list(routes), invoke

    def __call__(self, environ: Mapping[str, Any], start_response: Any) -> list[bytes]:
        status, headers, body = self._answer(environ)
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [body]

    def _answer(self, environ: Mapping[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        route, places = self._route(environ["REQUEST_METHOD"], path)
        if route is None:
            return _said(404, "Not Found")
        event = _event(environ, route, path, places)
        if not route.open:
            if not event["cookies"]:
                return _said(401, "Unauthorized")
            asked = {"type": "REQUEST", "identitySource": event["cookies"], **event}
            told = self._invoke(AUTHORIZER, {name: value for name, value in asked.items() if name != "body"})
            if not told["isAuthorized"]:
                return _said(403, "Forbidden")
            event["requestContext"]["authorizer"] = {"lambda": told["context"]}
        try:
            answer = self._invoke(route.folder, event)
        except Exception:
            return _said(500, "Internal Server Error")
        headers = [(name, str(value)) for name, value in (answer.get("headers") or {}).items()]
        headers += [("Set-Cookie", cookie) for cookie in answer.get("cookies") or ()]
        body = answer.get("body") or ""
        return answer["statusCode"], headers, b64decode(body) if answer.get("isBase64Encoded") else body.encode()

    def _route(self, method: str, path: str) -> tuple[Served | None, dict[str, str]]:
        for route in self._routes:
            if route.method == method and (found := route.places.fullmatch(path)):
                return route, found.groupdict()
        return None, {}


def _said(status: int, message: str) -> tuple[int, list[tuple[str, str]], bytes]:
    return status, [("Content-Type", "application/json")], json.dumps({"message": message}).encode()


def _event(environ: Mapping[str, Any], route: Served, path: str, places: dict[str, str]) -> dict[str, Any]:
    """The event of a request (payload format 2.0)."""
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    cookies = [one.strip() for one in headers.pop("cookie", "").split(";") if one.strip()]
    query = environ.get("QUERY_STRING", "")
    pairs: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        pairs[name] = f"{pairs[name]},{value}" if name in pairs else value
    sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    as_text = headers.get("content-type", "application/json").lower().startswith(AS_TEXT)
    try:
        body, packed = (sent.decode(), False) if as_text else (b64encode(sent).decode(), True)
    except UnicodeDecodeError:
        body, packed = b64encode(sent).decode(), True
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": path,
        "rawQueryString": query,
        "cookies": cookies,
        "headers": headers,
        "requestContext": {
            "stage": "$default",
            "routeKey": route.key,
            "http": {
                "method": environ["REQUEST_METHOD"],
                "path": path,
                "sourceIp": "127.0.0.1",
                "protocol": "HTTP/1.1",
            },
        },
        "isBase64Encoded": packed,
    }
    return (
        event
        | ({"queryStringParameters": pairs} if pairs else {})
        | ({"pathParameters": places} if places else {})
        | ({"body": body} if sent else {})
    )
