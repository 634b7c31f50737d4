"""A run over every operation of the document: who was answered how, and what was found."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import jsonschema
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import HypothesisException, Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from yinji.platform.http import FORM

from infra.openapi.told import JSON
from tests.fuzz.gateway import Gateway
from tests.fuzz.making import WHO, Maker
from tests.fuzz.world import World

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
REAL = 0.65
"""How often what was made up gives way to what there is."""
FORBIDDEN_SHARE = 4
"""One in so many requests is what the document forbids."""
NEVER = "{action}"
"""How operations end that nobody can do: those of steps to which nothing can be done for many at once."""
MOST_AGAIN = 3
"""How often an operation that nobody was answered as they wished is asked for again, where the run is a whole one."""
DONE = frozenset({200, 201, 303, 304})
TURNED_AWAY = frozenset({400, 401, 403, 404})
MALFORMED = "malformed-request"


@dataclass
class Run:
    """What came of it."""

    seed: int
    requests: int = 0
    seconds: float = 0
    answers: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    """By operation, who asked, and status."""
    codes: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)
    """The first of each kind: operation and what is wrong -> the request and the answer."""
    failed: Counter[tuple[str, str]] = field(default_factory=Counter)
    nothing_forbidden: int = 0
    """Operations of which nothing can be made that the document forbids."""

    def statuses(self, operation: str = "", who: str = "") -> Counter[int]:
        found: Counter[int] = Counter()
        for (at, asker, status), number in self.answers.items():
            if operation in ("", at) and who in ("", asker):
                found[status] += number
        return found

    @property
    def operations(self) -> list[str]:
        return sorted({operation for operation, _, _ in self.answers})

    @property
    def never(self) -> list[str]:
        """The operations that nobody was ever answered as they wished, but those where nobody can be."""
        return [one for one in self.operations if not self.done(one) and not one.endswith(NEVER)]

    def done(self, operation: str) -> float:
        """The share of requests that were answered with what was asked for."""
        told = self.statuses(operation)
        return sum(told[status] for status in DONE) / max(told.total(), 1)

    def report(self) -> Iterator[str]:
        """The figures, line by line."""
        speed = self.requests / self.seconds
        yield f"seed {self.seed}: {self.requests} requests in {self.seconds:.0f} s, {speed:.0f}/s"
        yield f"operations: {len(self.operations)}; never done: {', '.join(self.never) or 'none'}"
        yield "statuses: " + _listed(self.statuses())
        yield "by who asked:"
        for who in WHO:
            yield f"  {who:18} {_listed(self.statuses(who=who))}"
        yield "by operation (share of 200, 303, 304):"
        for operation in self.operations:
            yield f"  {self.done(operation):4.0%}  {operation}  {_listed(self.statuses(operation))}"
        yield "problems: " + ", ".join(f"{code} {number}" for code, number in self._codes().most_common())
        yield f"failures: {sum(self.failed.values())} of {len(self.failed)} kinds"
        for key, number in self.failed.most_common():
            yield f"--- {number} x {key[0]}: {self.failures[key]}"

    def _codes(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for (_, code), number in self.codes.items():
            found[code] += number
        return found


def _listed(counted: Counter[int]) -> str:
    return " ".join(f"{status}:{number}" for status, number in sorted(counted.items()))


class Fuzz:
    """Sends what schemathesis makes of `document` to `gateway`, as everybody in turn."""

    def __init__(self, document: Mapping[str, Any], gateway: Gateway, world: World, seed: int) -> None:
        self._schema = from_dict(dict(document))
        self._schema.app = gateway
        self._schema.config.generation.with_security_parameters = False
        self._world, self._random = world, Random(seed)
        self._maker = Maker(world, self._random)
        self.run = Run(seed)
        self._changed = False
        self._let_in: dict[str, list[str]] = defaultdict(list)
        """By operation: who was not turned away."""

    def go(self, requests: int, *, anew: bool) -> Run:
        """At least so many `requests`, each operation equally often; `anew`: each finds the world as it was."""
        began = time.monotonic()
        every = [result.ok() for result in self._schema.get_all_operations()]
        each = max(2, -(-requests // len(every)))
        for place, operation in enumerate(every):
            if anew and self._changed:
                self._world.anew()
                self._changed = False
            forbidden = each // FORBIDDEN_SHARE
            if not self._ask(operation, GenerationMode.NEGATIVE, forbidden, place):
                self.run.nothing_forbidden += 1
                forbidden = 0
            self._ask(operation, GenerationMode.POSITIVE, each - forbidden, place)
            name = f"{operation.method.upper()} {operation.path}"
            for again in range(1, MOST_AGAIN + 1):
                if anew and not self.run.done(name) and not name.endswith(NEVER):
                    self._ask(operation, GenerationMode.POSITIVE, each, place + again * len(every))
        self.run.seconds = time.monotonic() - began
        return self.run

    def _ask(self, operation: Any, mode: GenerationMode, number: int, place: int) -> bool:
        """Send `number` requests; False when there is nothing of that mode to be sent."""
        if not number:
            return True
        turn = iter(range(place, place + number * 10))
        before = self.run.requests

        @seeded(self.run.seed + place)
        @settings(
            max_examples=number,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            derandomize=False,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def one(case: Case) -> None:
            self._send(case, mode, next(turn))

        while self.run.requests - before < number:
            sent = self.run.requests
            try:
                one()
            except (Unsatisfiable, HypothesisException):
                return False
            if self.run.requests == sent or mode is GenerationMode.NEGATIVE:
                break
        return self.run.requests > before

    def _send(self, case: Case, mode: GenerationMode, turn: int) -> None:
        name = f"{case.method.upper()} {case.path}"
        # everybody in turn, and in between those who get further than the door
        known = self._let_in[name]
        turns, place = (WHO, turn) if not known else (WHO, turn // 2) if turn % 2 else (known, turn // 2)
        who = turns[place % len(turns)]
        real = self._random.random() < REAL
        if real:
            case.body = self._maker.real(case.path, case.path_parameters, case.body, case.query)
        response = case.call(cookies=self._maker.cookies(who, case.path, case.path_parameters, case.body))
        run, status = self.run, response.status_code
        run.requests += 1
        run.answers[name, who, status] += 1
        self._changed |= status in DONE and case.method.upper() != "GET"
        if status not in TURNED_AWAY and who not in known:
            known.append(who)
        told = _json(response)
        code = str(told.get("code", "")) if isinstance(told, dict) and status >= 400 else ""
        if code:
            run.codes[name, code] += 1
        found: list[str] = []
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as group:
            found += [f"{type(one).__name__}: {one.title}. {one.message}" for one in group.exceptions]
        fits = mode is GenerationMode.POSITIVE and not _twice(case.body) and case.method.upper() != "GET"
        if fits and code == MALFORMED:
            found.append("Refused: what the document allows is malformed")
        if status == 200 and (why := self._forbidden(case)):
            found.append(f"Taken: what the document forbids: {why}")
        for one in found:
            key = (name, one.splitlines()[0])
            run.failed[key] += 1
            body = repr(case.body)[:600]
            run.failures.setdefault(
                key,
                f"{one}\n  as {who}: {case.formatted_path} {case.query} {case.media_type} {body}\n"
                f"  -> {status} {dict(response.headers)} {response.text[:300] if response.text else ''}",
            )

    def _forbidden(self, case: Case) -> str:
        """What the document says against a body that was taken; a program's values are taken as text."""
        if not isinstance(case.body, dict) or case.media_type not in (JSON, FORM):
            return ""
        schema = case.operation.definition.raw["requestBody"]["content"][case.media_type]["schema"]
        body = {name: _as_text(name, value, schema["properties"].get(name, {})) for name, value in case.body.items()}
        body = {name: value for name, value in body.items() if value not in (None, "")}
        if schema["additionalProperties"] is not False:  # nobody reads what is not asked for
            body = {name: value for name, value in body.items() if name in schema["properties"]}
        for name in ("cases", "case"):  # each of them is answered for itself
            body.pop(name, None)
        asked = [name for name in schema["required"] if name not in ("cases", "case")]
        whole = {"components": self._schema.raw_schema["components"], **schema, "required": asked}
        error = next(jsonschema.Draft202012Validator(whole).iter_errors(body), None)
        return f"{'.'.join(map(str, error.path))} {error.message[:120]}" if error else ""


def _as_text(name: str, value: Any, schema: Mapping[str, Any]) -> Any:
    """The `value` of the field `name` as the API reads it: as text, an answer without what stands around it."""
    if value is None or isinstance(value, dict | list):
        return value
    whole = isinstance(value, float) and value.is_integer()
    text = str(int(value) if whole else value)
    text = text if name == "idempotency_key" else text.strip()
    if schema.get("type") == "integer" and text.lstrip("+-").isdecimal():
        return int(text)
    return text


def _twice(body: Any) -> bool:
    """Whether a request for many names somebody twice, which no schema can forbid."""
    cases = (body.get("cases") or body.get("case") or []) if isinstance(body, dict) else []
    named = [one.get("student") if isinstance(one, dict) else str(one).partition(":")[0] for one in cases]
    return len(set(named)) < len(named)


def _json(response: Any) -> Any:
    try:
        return response.json()
    except ValueError:
        return None
