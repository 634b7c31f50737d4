"""The front door: one origin before the API and the portal, as CloudFront is on AWS.

Which path leads where is read from the synthesized template of the stack FrontDoor, so that the two cannot differ.
It compresses, adds the response headers of that template, and lets only so many requests through at once: each one
more is one more Lambda environment on this machine.
"""

from __future__ import annotations

import asyncio
import fnmatch
import gzip
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, web
from yarl import URL

from infra.local import deploy, home

AT_ONCE = 2 * max(2, os.cpu_count() or 2)
SMALLEST_COMPRESSED = 1000
COMPRESSED = ("text/", "application/json", "application/problem+json", "application/javascript", "image/svg+xml")
LARGEST_BODY = 6 * 2**20  # what a Lambda takes
HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailers"),
        *("transfer-encoding", "upgrade", "host", "content-length", "content-encoding", "accept-encoding"),
    }
)
TIMEOUT = ClientTimeout(total=60)


@dataclass(frozen=True)
class Behaviour:
    """Paths that match `pattern` go to `origin` (a URL without a slash at its end) with these `methods`."""

    pattern: str
    origin: str
    methods: frozenset[str]


def behaviours(template: dict[str, Any], origins: dict[str, str]) -> list[Behaviour]:
    """The behaviours of the template's distribution, the default one last; `origins` are URLs by origin id."""
    [distribution] = [
        resource["Properties"]["DistributionConfig"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::CloudFront::Distribution"
    ]
    listed = [*distribution.get("CacheBehaviors", ()), {"PathPattern": "*", **distribution["DefaultCacheBehavior"]}]
    return [
        Behaviour(
            one["PathPattern"], origins[one["TargetOriginId"]], frozenset(one.get("AllowedMethods", ("GET", "HEAD")))
        )
        for one in listed
    ]


def extra_headers(template: dict[str, Any]) -> dict[str, str]:
    """The response headers that the template's policy adds and that make sense without https."""
    policies = [
        resource["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::CloudFront::ResponseHeadersPolicy"
    ]
    headers: dict[str, str] = {}
    for policy in policies:
        if "ContentTypeOptions" in policy:
            headers["X-Content-Type-Options"] = "nosniff"
        if "FrameOptions" in policy:
            headers["X-Frame-Options"] = policy["FrameOptions"]["FrameOption"]
        if "ReferrerPolicy" in policy:
            headers["Referrer-Policy"] = policy["ReferrerPolicy"]["ReferrerPolicy"]
    return headers


def origins_of(outputs: dict[str, str]) -> dict[str, str]:
    """Where the emulator serves what the distribution's origins name."""
    base = f"{home.CLOUD_URL}/_aws/execute-api"
    return {
        "api": f"{base}/{outputs['ApiId']}/$default",
        "portal": f"{base}/{outputs['PortalApiId']}/{outputs['PortalStage']}",
    }


class FrontDoor:
    def __init__(self, routes: Sequence[Behaviour], headers: dict[str, str]) -> None:
        self._routes, self._headers = routes, headers
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._session: ClientSession | None = None
        self._runner: web.AppRunner | None = None

    async def start(self, port: int) -> None:
        # requests are let through one by one above; keeping the connections spares the emulator new ones
        self._session = ClientSession(timeout=TIMEOUT, connector=TCPConnector(limit=AT_ONCE * 2), auto_decompress=True)
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
        if self._session:
            await self._session.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path
        route = next(one for one in self._routes if fnmatch.fnmatchcase(path, one.pattern))
        if request.method not in route.methods:
            return web.Response(status=405)
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP]
        headers += [("X-Forwarded-For", request.remote or ""), ("X-Forwarded-Proto", "http")]
        query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
        body = await request.read()
        assert self._session  # noqa: S101
        try:
            async with (
                self._turns,
                self._session.request(
                    request.method,
                    URL(route.origin + path + query, encoded=True),
                    headers=headers,
                    data=body or None,
                    allow_redirects=False,
                ) as answer,
            ):
                return self._answer(request, answer.status, list(answer.headers.items()), await answer.read())
        except (ClientError, TimeoutError):
            document = {"code": "unavailable", "status": 503, "title": "服务暂时不可用 The service does not answer"}
            return web.Response(
                status=503, text=json.dumps(document, ensure_ascii=False), content_type="application/problem+json"
            )

    def _answer(self, request: web.Request, status: int, told: list[tuple[str, str]], body: bytes) -> web.Response:
        answer = web.Response(status=status, body=body)
        answer.headers.popall("Content-Type", None)
        for name, value in told:
            if name.lower() not in HOP_BY_HOP and not name.lower().startswith(("x-amz", "x-amzn", "date", "server")):
                answer.headers.add(name, value)
        for name, value in self._headers.items():
            answer.headers.setdefault(name, value)
        kind = answer.headers.get("Content-Type", "")
        compressible = kind.startswith(COMPRESSED) and len(body) >= SMALLEST_COMPRESSED
        if compressible and "gzip" in request.headers.get("Accept-Encoding", ""):
            answer.body = gzip.compress(body, 6, mtime=0)
            answer.headers["Content-Encoding"] = "gzip"
            answer.headers["Vary"] = "Accept-Encoding"
        return answer


def front_door() -> FrontDoor:
    """The front door of what is deployed."""
    template = deploy.template("FrontDoor")
    return FrontDoor(behaviours(template, origins_of(deploy.outputs())), extra_headers(template))
