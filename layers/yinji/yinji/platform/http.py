"""Requests and answers of the HTTP API: who asks, in which language, what they sent, and how they are answered.

The same routes serve programs (JSON in, JSON or problem+json out) and pages without script (a form in, a redirect
back to the page out, with what happened in its query).
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from yinji.identity.session import Session, cookie, cookies_of, session_of
from yinji.platform import limits, multipart
from yinji.platform.clock import now
from yinji.platform.environment import setting
from yinji.platform.limits import Limit, address_of
from yinji.platform.observability import logger
from yinji.platform.problem import MEDIA_TYPE, Problem

FORM = "application/x-www-form-urlencoded"
TOLD = ("done", "problem", "fields")
"""What a query tells of the action that led back to a page; it is said once."""
LANGUAGE_COOKIE = "yinji_language"
LONGEST_BODY = 256 * 1024
MOST_FIELDS = 600
"""Of a form: five hundred cases at once, and what is answered for all of them."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""What text has none of; tabs and ends of lines it has."""


@dataclass(frozen=True)
class Body:
    """What was sent: single `fields` as text, `cases` of a bulk request, and where a page wants to be sent back to."""

    fields: Mapping[str, str]
    cases: tuple[tuple[str, int], ...] = ()
    next: str = ""

    @property
    def idempotency_key(self) -> str:
        """What whoever sent this calls it by, to send it again. Raises Problem("malformed-request")."""
        key = self.fields.get("idempotency_key", "")
        if not 8 <= len(key) <= 100:
            raise Problem("malformed-request")
        return key


class Api:
    """An HTTP API function: routes on Powertools' resolver, problems answered as the reader can use them."""

    def __init__(self, *, from_anywhere: bool = False, writes: Limit | None = None) -> None:
        """What changes something is refused to pages of other sites; `from_anywhere` is for what mail programs send.

        It is also counted for whoever is signed in, by `writes` or by what their role may (platform/limits.py).
        """
        self._writes = writes
        self.resolver = APIGatewayHttpResolver()
        if not from_anywhere:
            self.resolver.use([self._from_here, self._not_too_often])  # pyright: ignore[reportUnknownMemberType]
        self.get = self.resolver.get
        self.post = self.resolver.post
        self.resolver.exception_handler(Problem)(self._problem)
        self.resolver.exception_handler(Exception)(self._failure)
        self.resolver.exception_handler(NotFoundError)(self._no_route)

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        self.event: Mapping[str, Any] = event
        return self.resolver.resolve(event, context)

    # --- the request ---------------------------------------------------------------------------------------
    @property
    def headers(self) -> Mapping[str, str]:
        headers: Mapping[str, str] = self.event.get("headers") or {}
        return {name.lower(): value for name, value in headers.items()}

    @property
    def cookies(self) -> list[str]:
        return cookies_of(self.event)

    @property
    def query(self) -> Mapping[str, str]:
        return self.event.get("queryStringParameters") or {}

    @property
    def session(self) -> Session:
        """Who asks, as the authorizer found. Raises Problem("signed-out")."""
        session = self._session
        if session is None:
            raise Problem("signed-out")
        return session

    @property
    def _session(self) -> Session | None:
        authorizer = self.event.get("requestContext", {}).get("authorizer", {})
        return session_of(authorizer.get("lambda") or {})

    @property
    def address(self) -> str:
        """Where the request comes from."""
        peer = str(self.event["requestContext"]["http"].get("sourceIp") or "")
        return address_of(self.headers.get("x-forwarded-for", ""), peer)

    @property
    def language(self) -> str:
        """zh or en: as chosen on a page, else as the browser prefers."""
        chosen = cookie(self.cookies, LANGUAGE_COOKIE)
        return chosen if chosen in ("zh", "en") else preferred(self.headers.get("accept-language", ""))

    @property
    def _media_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    @property
    def is_form(self) -> bool:
        return self._media_type in (FORM, multipart.MEDIA_TYPE)

    def upload(self, name: str, largest: int) -> bytes:
        """The file `name` of a form that holds one.

        Raises Problem("file-missing"), Problem("file-too-large"), Problem("malformed-request").
        """
        file = self._parts.files.get(name) if self._media_type == multipart.MEDIA_TYPE else None
        if not file:
            raise Problem("file-missing")
        if len(file) > largest:
            raise Problem("file-too-large", limit=largest // 2**20)
        return file

    @property
    def _parts(self) -> multipart.Parts:
        try:
            return multipart.parse(self.headers.get("content-type", ""), self._data())
        except ValueError as error:
            raise Problem("malformed-request") from error

    def _data(self) -> bytes:
        """The bytes that were sent. Raises ValueError when they are said to be base64 and are not."""
        body = str(self.event.get("body") or "")
        return b64decode(body, validate=True) if self.event.get("isBase64Encoded") else body.encode()

    def _from_here(self, resolver: APIGatewayHttpResolver, next_middleware: Callable[..., Any]) -> Any:
        """Raise Problem("cross-site") when a page that is not ours, of this very host, made a browser send a write.

        Browsers too old to say so in Sec-Fetch-Site name the page's origin; programs send neither.
        """
        if self._only_reads:
            return next_middleware(resolver)
        site, origin = self.headers.get("sec-fetch-site"), self.headers.get("origin")
        foreign = origin not in (None, setting("PUBLIC_URL")) if site is None else site not in ("same-origin", "none")
        if foreign:
            raise Problem("cross-site")
        return next_middleware(resolver)

    def _not_too_often(self, resolver: APIGatewayHttpResolver, next_middleware: Callable[..., Any]) -> Any:
        """Raise Problem("too-often") when whoever is signed in changes things faster than by hand."""
        session = self._session
        if session and not self._only_reads:
            of_role = limits.STUDENT_WRITES if session.role == "student" else limits.OFFICE_WRITES
            _counter().hit(self._writes or of_role, session.sub)
        return next_middleware(resolver)

    @property
    def _only_reads(self) -> bool:
        return self.event["requestContext"]["http"]["method"] in ("GET", "HEAD")

    def limit(self, limit: Limit, whom: str = "") -> None:
        """Count a request of `whom` or about them, or of whoever is signed in. Raises Problem("too-often")."""
        _counter().hit(limit, whom or self.session.sub)

    def limit_address(self, limit: Limit) -> None:
        """Count a request of whoever is there, signed in or not. Raises Problem("too-often")."""
        _counter().hit_from(limit, self.address)

    def demand_fresh(self) -> None:
        """Raise Problem("prove-again") unless whoever asks proved a moment ago who they are."""
        if not self.session.fresh(now()):
            raise Problem("prove-again")

    @property
    def body(self) -> Body:
        """What was sent, from JSON or a form, without its files. Raises Problem("malformed-request")."""
        if self._media_type == multipart.MEDIA_TYPE:
            return _form(urlencode(self._parts.fields))
        text = self._text_sent()
        return _form(text) if self.is_form else _json(text)

    @property
    def document(self) -> Mapping[str, Any]:
        """The JSON object that was sent, however deep: what other programs send as they please.

        Raises Problem("malformed-request")."""
        return _object(self._text_sent())

    def _text_sent(self) -> str:
        try:
            text = self._data().decode()
        except ValueError as error:  # neither base64 nor UTF-8
            raise Problem("malformed-request") from error
        if len(text) > LONGEST_BODY:
            raise Problem("malformed-request")
        return text

    # --- the answer ----------------------------------------------------------------------------------------
    def answer(self, document: Mapping[str, Any], *, done: str = "", back: str = "") -> Response[str]:
        """`document` as JSON; to a form with a page to go `back` to, a redirect that tells what was `done`."""
        if self.is_form and back:
            return redirect(back, done=done)
        return as_json(200, document)

    def _problem(self, problem: Problem) -> Response[str]:
        if self.is_form and (back := self._back()):
            fields = ",".join(error["field"] for error in problem.params.get("errors", ()))
            return redirect(back, problem=problem.code, fields=fields)
        answer = as_json(problem.status, problem.document(self.language), MEDIA_TYPE)
        answer.headers.update(problem.headers)
        return answer

    def _failure(self, error: Exception) -> Response[str]:
        logger.error("request failed", exc_info=error)
        return self._problem(Problem("internal"))

    def _no_route(self, error: NotFoundError) -> Response[str]:
        return self._problem(Problem("not-found"))

    def _back(self) -> str:
        try:
            return self.body.next
        except Problem:
            return ""


def _counter() -> ModuleType:
    """What counts; functions that only answer questions do without its library."""
    from yinji.platform import counter

    return counter


def preferred(accept_language: str) -> str:
    """zh or en, whichever an Accept-Language header names first; zh when it names neither."""
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept_language.split(",")):
        tag, _, weight = part.strip().partition(";q=")
        language = tag.lower().split("-")[0]
        if language in ("zh", "en"):
            try:
                ranked.append((-float(weight or 1), place, language))
            except ValueError:
                continue
    return min(ranked)[2] if ranked else "zh"


def as_json(status: int, document: Any, media_type: str = "application/json") -> Response[str]:
    return Response(
        status_code=status,
        content_type=media_type,
        headers={"Cache-Control": "no-store"},
        body=json.dumps(document, ensure_ascii=False),
    )


def attached(name: str, body: str, media_type: str = "application/json") -> Response[str]:
    """`body` as a file to keep under `name`."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(status_code=200, content_type=f"{media_type}; charset=utf-8", headers=headers, body=body)


def redirect(path: str, **query: str) -> Response[str]:
    """See other: `path` of our own origin, with what is not empty of `query` in place of what it said before."""
    place, _, fragment = path.partition("#")
    base, _, before = place.partition("?")
    kept = [(name, value) for name, value in parse_qsl(before) if name not in (*TOLD, *query)]
    told = urlencode(kept + [(name, value) for name, value in query.items() if value])
    location = base + (f"?{told}" if told else "") + (f"#{fragment}" if fragment else "")
    return elsewhere(location)


def elsewhere(url: str) -> Response[str]:
    """See other: `url` as it is, wherever it leads. What comes from outside must not be one: see `own_path`."""
    return Response(status_code=303, headers={"Location": url, "Cache-Control": "no-store"}, body="")


def own_path(path: str) -> str:
    """`path` if it is one of our own origin, else nothing: a redirect must not lead elsewhere."""
    plain = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if plain and path.isprintable() else ""


def _form(text: str) -> Body:
    fields: dict[str, str] = {}
    chosen: list[tuple[str, int]] = []
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Problem("malformed-request") from error
    for name, value in pairs:
        if name == "case":
            student, _, version = value.partition(":")
            chosen.append((student, _number(version)))
        elif name in fields:
            raise Problem("malformed-request")
        else:
            fields[name] = value
    answered = {name: value for name, value in fields.items() if name != "next"}
    return _body(answered, chosen, own_path(fields.get("next", "")))


def _object(text: str) -> dict[str, Any]:
    """A JSON object. Raises Problem("malformed-request")."""
    try:
        document = json.loads(text or "{}", object_pairs_hook=_each_once)
        json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        raise Problem("malformed-request") from error
    if not isinstance(document, dict):
        raise Problem("malformed-request")
    return cast(dict[str, Any], document)


def _json(text: str) -> Body:
    known = _object(text)
    chosen: list[tuple[str, int]] = []
    entries: Any = known.pop("cases", None) or []
    if not isinstance(entries, list):
        raise Problem("malformed-request")
    for entry in cast(list[Any], entries):
        if not isinstance(entry, dict):
            raise Problem("malformed-request")
        case = cast(dict[str, Any], entry)
        chosen.append((str(case.get("student", "")), _number(_text(case.get("step_version", "")))))
    if any(isinstance(value, dict | list) for value in known.values()):
        raise Problem("malformed-request")
    return _body({name: _text(value) for name, value in known.items() if value is not None}, chosen)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; two readers of one that says something twice may read it differently."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _body(fields: Mapping[str, str], chosen: list[tuple[str, int]], next: str = "") -> Body:
    """Raises Problem("malformed-request") for what nobody types: NUL, escapes of terminals and the like."""
    if any(_CONTROL.search(text) for field in fields.items() for text in field):
        raise Problem("malformed-request")
    return Body(fields, tuple(chosen), next)


def _text(value: Any) -> str:
    """A value of JSON as a form would send it: 5.0 is the number 5, as in JSON Schema."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise Problem("malformed-request") from error
