"""The portal as the REST API would call it: what a browser gets for a path."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, unquote

from chalice.local import RouteMatcher
from yinji.identity.session import Session, cookie_name

from tests.sessions import cookie as of_session

FOLDER = Path(__file__).parents[1] / "functions" / "portal"


@cache
def module(name: str = "app") -> ModuleType:
    """A module of the portal, imported as Lambda would import it."""
    sys.path.insert(0, str(FOLDER))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(FOLDER))


@dataclass(frozen=True)
class Page:
    status: int
    headers: Mapping[str, Any]
    body: str

    @property
    def location(self) -> str:
        return str(self.headers.get("Location", ""))


def visit(path: str, session: Session | None = None, language: str = "zh", cookies: str = "", **headers: str) -> Page:
    """What GET `path` answers `session` in `language`."""
    answer = module().app(event(path, session, language, cookies, **headers), None)
    return Page(answer["statusCode"], answer["headers"] | answer["multiValueHeaders"], answer["body"])


def event(
    path: str, session: Session | None = None, language: str = "zh", cookies: str = "", **headers: str
) -> dict[str, Any]:
    """What API Gateway sends for GET `path` of `session` in `language`."""
    matched = RouteMatcher(list(module().app.routes)).match_route(path)
    raw, _, query = path.partition("?")
    held = [cookies] if cookies else []
    if session:
        held.append(f"{cookie_name()}={of_session(session)}")
    pairs: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        pairs.setdefault(name, []).append(value)
    places = dict(zip(_names(matched.route), _parts(matched.route, raw), strict=True))
    return {
        "resource": matched.route,
        "path": raw,
        "httpMethod": "GET",
        "headers": {"Accept-Language": language, "Cookie": "; ".join(held), "Accept": "text/html"} | headers,
        "multiValueQueryStringParameters": pairs or None,
        "queryStringParameters": {name: values[-1] for name, values in pairs.items()} or None,
        "pathParameters": places or None,
        "stageVariables": None,
        "requestContext": {"resourcePath": matched.route, "httpMethod": "GET", "path": f"/api{raw}", "stage": "api"},
        "body": None,
        "isBase64Encoded": False,
    }


def _names(route: str) -> list[str]:
    return [part[1:-1] for part in route.split("/") if part.startswith("{")]


def _parts(route: str, path: str) -> list[str]:
    pairs = zip(route.split("/"), path.rstrip("/").split("/") if path != "/" else ["", ""], strict=True)
    return [unquote(part) for name, part in pairs if name.startswith("{")]
