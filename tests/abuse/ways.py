"""How bad inputs are sent: to the functions in memory, or to a running local cloud. Both answer alike."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from unittest.mock import patch
from urllib.parse import parse_qsl, unquote

from chalice.local import RouteMatcher
from yinji.identity import sign_in
from yinji.identity.session import Session, cookie_name, serializer
from yinji.platform import clock

from tests import portal, sessions
from tests.abuse.cases import MARK, TAG, BadInput

TABLES = ("Cases", "People", "Messages")
OPEN = re.compile(r"/api/(sign-in|sign-out|messages/stop|clearance/guides)")
FOLDERS = (
    (r"/api/clearance/cases/[^/]*/steps/([\w-]+)/", "clearance/steps/{}"),
    (r"/api/clearance/steps/([\w-]+)/", "clearance/steps/{}"),
    (r"/api/clearance/cases/[^/]*/evidence", "clearance/evidence_upload"),
    (r"/api/clearance/exports/", "clearance/exports"),
    (r"/api/clearance/cases/", "clearance/cases"),
    (r"/api/clearance/schools/", "clearance/cases"),
    (r"/api/account", "identity/account"),
    (r"/api/people", "identity/people"),
    (r"/api/messages/stop/", "messages/stop"),
    (r"/api/archive/check-in/", "archive/check_in"),
    (r"/api/archive/activities", "archive/activities"),
    (r"/api/sign-in/(oidc|cas)", "identity/sign_in_{}"),
)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def code(self) -> str:
        """The problem's code, if it is a problem of ours."""
        try:
            document = json.loads(self.body)
        except ValueError:
            return ""
        return str(document.get("code") or "") if isinstance(document, dict) else ""


class Way(Protocol):
    """Sends a bad input as `who`, whose cookie `cookies` has; what is kept can be compared and the log be read."""

    def send(self, bad: BadInput) -> Answer: ...
    def kept(self) -> str: ...
    def said(self) -> str: ...


def wrong(bad: BadInput, answer: Answer) -> Iterator[str]:
    """In what the answer to `bad` is not as it has to be."""
    if answer.status not in bad.status:
        yield f"{answer.status} rather than {bad.status}: {answer.body[:200]}"
    if bad.code and answer.code != bad.code:
        yield f"{answer.code!r} rather than {bad.code!r}"
    told = answer.body + "".join(f"\n{name}: {value}" for name, value in answer.headers.items())
    markup = (TAG,) if "json" not in str(answer.headers.get("Content-Type")) else ()
    yield from (f"{one!r} came back" for one in (*bad.absent, *markup, f"\nx-{MARK}") if one in told.lower())
    if bad.present not in answer.body:
        yield f"{bad.present!r} is missing"


def check(way: Way, bad: BadInput) -> list[str]:
    """Send `bad`; what was wrong with what came of it."""
    before = way.kept()
    found = list(wrong(bad, way.send(bad)))
    if way.kept() != before:
        found.append("something changed")
    return [f"{bad.name}: {one}" for one in found]


def compared(items: Iterable[Mapping[str, Any]]) -> list[str]:
    """What must be the same afterwards; that somebody looked or took a list is written down, rightly."""
    notes = ("AUDIT#", "TAKEN#", "SEEN#")
    return sorted(json.dumps(item, sort_keys=True) for item in items if not item["pk"]["S"].startswith(notes))


def filled(text: str, me: str, other: str) -> str:
    return text.replace("{me}", me).replace("{other}", other)


def cookies(session: Session, keys: list[str], made: str) -> str:
    """The Cookie header of `session`, or what a case makes of it."""

    def signed(key: str = keys[0], hours_ago: float = 0) -> str:
        then = clock.now() - timedelta(hours=hours_ago)
        with patch.object(clock, "now", lambda: then):
            return sessions.cookie(session, key)

    good, name = signed(), cookie_name()
    payload, _, rest = good.partition(".")
    match made:
        case "":
            value = good
        case "forged":
            value = signed("another key")
        case "changed":
            value = f"{payload[:-2]}{'AA' if not payload.endswith('AA') else 'BB'}.{rest}"
        case "unsigned":
            value = payload
        case "stale":  # nobody used it for three hours
            value = signed(hours_ago=3)
        case "yesterday":  # it was kept alive for more than a session's life
            began = sessions.begun(session, minutes_ago=13 * 60)
            value = sessions.cookie(began, keys[0])
        case "tossed":  # set by a neighbouring host, before ours
            return f"{name}={signed('another key')}; {name}={good}"
        case "attempt":  # signed by our key for another purpose
            value = serializer(keys, sign_in.SALT).dumps(sessions.begun(session).claims)
        case _:
            raise ValueError(made)
    return f"{name}={value}"


class InMemory:
    """Functions on the cloud of tests/functions, behind what API Gateway does before them."""

    def __init__(self, cloud: Any, who: Mapping[str, Session], other: str, said: Any) -> None:
        self._cloud, self._who, self._other, self.said = cloud, who, other, said
        self._me = who["student"].sub

    def send(self, bad: BadInput) -> Answer:
        session = self._who[bad.who] if bad.who else None
        held = cookies(session, ["new"], bad.cookie) if session else ""
        path = filled(bad.path, self._me, self._other)
        return self._api(bad, path, held) if path.startswith("/api/") else self._page(bad, path, held)

    def _api(self, bad: BadInput, path: str, held: str) -> Answer:
        raw, _, query = path.partition("?")
        claims = None
        if not OPEN.match(raw):
            if not held:
                return Answer(401, {}, '{"message":"Unauthorized"}')
            told = self._cloud.invoke("identity/authorizer", {"headers": {"cookie": held}, "cookies": [held]})
            if not told["isAuthorized"]:
                return Answer(403, {}, '{"message":"Forbidden"}')
            claims = told["context"]
        body = filled(bad.body.decode("latin-1"), self._me, self._other).encode("latin-1") if bad.body else None
        try:
            text, encoded = (body.decode() if body else None), False
        except UnicodeDecodeError:
            text, encoded = b64encode(body or b"").decode(), True
        if bad.kind.startswith("multipart/"):
            text, encoded = b64encode(body or b"").decode(), True
        event = {
            "version": "2.0",
            "routeKey": f"{bad.method} {unquote(raw)}",
            "rawPath": unquote(raw),
            "rawQueryString": query,
            "queryStringParameters": dict(parse_qsl(query, keep_blank_values=True)) or None,
            "headers": {"content-type": bad.kind, **bad.headers},
            "cookies": [held],
            "requestContext": {
                "http": {"method": bad.method, "path": unquote(raw), "sourceIp": "203.0.113.7"},
                "stage": "$default",
                "authorizer": {"lambda": claims},
            },
            "body": text,
            "isBase64Encoded": encoded,
        }
        answer = self._cloud.invoke(_folder(raw), event)
        headers = {name: str(value) for name, value in (answer.get("headers") or {}).items()}
        headers["set-cookie"] = " ".join(answer.get("cookies") or [])
        told = answer.get("body") or ""
        return Answer(answer["statusCode"], headers, b64decode(told).decode() if answer["isBase64Encoded"] else told)

    def _page(self, bad: BadInput, path: str, held: str) -> Answer:
        if bad.method != "GET":
            return Answer(403, {}, '{"message":"Missing Authentication Token"}')  # as a REST API calls it
        try:
            RouteMatcher(list(portal.module().app.routes)).match_route(path.partition("?")[0])
        except ValueError:
            return Answer(403, {}, '{"message":"Missing Authentication Token"}')
        found = portal.visit(path, cookies=held, **bad.headers)
        return Answer(found.status, {name: str(value) for name, value in found.headers.items()}, str(found.body))

    def kept(self) -> str:
        scan = self._cloud.dynamodb.scan
        found = [one for table in TABLES for one in compared(scan(TableName=table)["Items"])]
        found += [one["Key"] for one in self._cloud.s3.list_objects_v2(Bucket="intake").get("Contents", ())]
        return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def _folder(path: str) -> str:
    for pattern, folder in FOLDERS:
        if found := re.match(pattern, path):
            return folder.format(*(part.replace("-", "_") for part in found.groups()))
    raise ValueError(path)


class Running:
    """The local cloud that runs at 127.0.0.1, through its front door."""

    def __init__(self) -> None:
        import requests

        from infra.local import deploy, home

        os.environ["YINJI_DEPLOYMENT"] = "local"  # the name of the session's cookie goes by it
        outputs = deploy.outputs()
        self._url, self._tables = home.URL, [outputs[f"{n}TableName"] for n in ("People", "Messages")]
        self._tables.append(outputs["TableName"])
        self._dynamodb, self._logs = home.client("dynamodb"), home.client("logs")
        secret = home.client("secretsmanager").get_secret_value(SecretId=outputs["SessionKeysArn"])
        self._keys = [json.loads(secret["SecretString"])["key"]]
        self._client = requests.Session()
        self._client.trust_env = False
        told = self._client.get(f"{self._url}/api/sign-in/demo/personas", timeout=60).json()
        self._me, self._other = (one["persona"].removeprefix("student:") for one in told["students"][:2])
        self._who = {
            "student": Session(self._me, "student", "x"),
            "library": Session("D-library", "department-officer", "x", department="library"),
            "counsellor": Session("T-S01", "counsellor", "x", school="S01"),
            "administrator": Session("A0001", "administrator", "x"),
        }
        self._began = int(clock.now().timestamp() * 1000)

    def send(self, bad: BadInput) -> Answer:
        session = self._who[bad.who] if bad.who else None
        headers = {"content-type": bad.kind, **bad.headers}
        if session:
            headers["cookie"] = cookies(session, self._keys, bad.cookie)
        body = filled(bad.body.decode("latin-1"), self._me, self._other).encode("latin-1") if bad.body else None
        url = self._url + filled(bad.path, self._me, self._other)
        answer = self._client.request(bad.method, url, headers=headers, data=body, allow_redirects=False, timeout=60)
        return Answer(answer.status_code, dict(answer.headers), answer.content.decode("utf-8", "replace"))

    def kept(self) -> str:
        """Of the tables all that there is: they are scanned before and after each input."""
        found: list[str] = []
        for table in self._tables:
            pages = self._dynamodb.get_paginator("scan").paginate(TableName=table)
            found += compared(item for page in pages for item in page["Items"])
        return hashlib.sha256(json.dumps(found).encode()).hexdigest()

    def said(self) -> str:
        lines: list[str] = []
        for group in self._logs.describe_log_groups()["logGroups"]:
            pages = self._logs.get_paginator("filter_log_events").paginate(
                logGroupName=group["logGroupName"], startTime=self._began
            )
            lines += [event["message"] for page in pages for event in page["events"]]
        return "\n".join(lines)


def main() -> int:
    """Send every bad input to the running local cloud; 1 when anything came of one."""
    from tests.abuse.cases import BAD_INPUTS

    way = Running()
    sent = [bad for bad in BAD_INPUTS if bad.local]
    found = [one for bad in sent for one in check(way, bad)]
    if MARK in way.said().lower():
        found.append("what was sent stands in a log")
    sys.stdout.write("".join(f"{one}\n" for one in found))
    sys.stdout.write(f"{len(sent)} bad inputs sent, {len(found)} things wrong\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
