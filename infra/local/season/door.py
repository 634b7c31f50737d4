"""The front door as a browser knows it: signing in, asking, and asking again when it is busy."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from random import Random
from types import TracebackType
from typing import Any, Self

import aiohttp

BUSY = frozenset({429, 500, 502, 503, 504})
"""Answers after which the same request is sent again; every action carries a key that makes this harmless."""
SIGNED_OUT = 401
PROVE_AGAIN = "prove-again"
SEE_OTHER = 303
TRIES = 9
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 8.0
SECONDS = 60


class NoAnswer(Exception):
    """A request that was not answered in all its tries; says which kind of request and what came instead."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        return self.status == 200

    @property
    def json(self) -> dict[str, Any]:
        """The document; empty when it is none."""
        try:
            document = json.loads(self.body)
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}

    @property
    def code(self) -> str:
        """The problem's code, or the HTTP status where no problem is told."""
        return str(self.json.get("code") or self.status)


class Door:
    """Asks as any persona, at most `concurrency` requests at once. `requests` and `retries` count them."""

    def __init__(self, url: str, concurrency: int, seed: int) -> None:
        self._url = url.rstrip("/")
        self._room = asyncio.Semaphore(concurrency)
        self._random = Random(f"door {seed}")
        self._cookies: dict[str, str] = {}
        self.requests = 0
        self.retries = 0

    async def __aenter__(self) -> Self:
        self._client = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(total=SECONDS)
        )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None):
        await self._client.close()

    async def get(self, persona: str, path: str) -> Answer:
        return await self._as(persona, "GET", path)

    async def post(self, persona: str, path: str, body: Mapping[str, Any]) -> Answer:
        return await self._as(persona, "POST", path, json=body)

    async def send(self, url: str, fields: Mapping[str, str], data: bytes) -> None:
        """Post `data` past the door, by a form that lets it through, as a browser does. Raises NoAnswer."""
        form = aiohttp.FormData(dict(fields))
        form.add_field("file", data, filename="document")
        try:
            async with self._room, self._client.post(url, data=form) as reply:
                if reply.status >= 300:
                    raise NoAnswer(f"POST evidence {reply.status}")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NoAnswer(f"POST evidence {type(error).__name__}") from error

    async def _as(self, persona: str, method: str, path: str, **more: Any) -> Answer:
        if persona not in self._cookies:
            await self._sign_in(persona)
        answer, _ = await self._ask(method, path, headers={"Cookie": self._cookies[persona]}, **more)
        if answer.status == SIGNED_OUT or answer.code == PROVE_AGAIN:
            await self._sign_in(persona)
            answer, _ = await self._ask(method, path, headers={"Cookie": self._cookies[persona]}, **more)
        return answer

    async def _sign_in(self, persona: str) -> None:
        answer, cookies = await self._ask("POST", "/api/sign-in/demo", data={"persona": persona})
        if answer.status != SEE_OTHER or not cookies:
            raise NoAnswer(f"sign-in {answer.code}")
        self._cookies[persona] = "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())

    async def _ask(self, method: str, path: str, **more: Any) -> tuple[Answer, SimpleCookie]:
        """The answer to a request, sent again after a pause while the door is busy. Raises NoAnswer."""
        pause, told = FIRST_PAUSE, ""
        for attempt in range(TRIES):
            if attempt:
                self.retries += 1
                await asyncio.sleep(pause * self._random.uniform(0.5, 1.5))
                pause = min(pause * 2, LONGEST_PAUSE)
            try:
                async with self._room:
                    self.requests += 1
                    async with self._client.request(method, self._url + path, allow_redirects=False, **more) as reply:
                        answer, cookies = Answer(reply.status, await reply.read()), reply.cookies
            except (aiohttp.ClientError, TimeoutError) as error:
                told = type(error).__name__
                continue
            if answer.status not in BUSY:
                return answer, cookies
            told = answer.code
        kind = "/".join(path.split("?")[0].split("/")[:4])  # the rest may name a student
        raise NoAnswer(f"{method} {kind} {told}")
