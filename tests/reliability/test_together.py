"""50 officers and 400 students act at once on one school: nothing is lost, nothing happens twice, nothing fails."""

from __future__ import annotations

import asyncio
import sys
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import aiohttp
import pytest
from boto3.dynamodb.types import TypeDeserializer
from yinji.clearance import definition, university
from yinji.clearance.case import Case, Event, Graduate
from yinji.clearance.document import STATE_OF_MARK, case_of, event_of
from yinji.clearance.queue import entries, waits_for_office
from yinji.identity.session import Session, cookie_name, sign
from yinji.platform import clock

from infra.local import deploy, home, seeding
from infra.local.season.answers import answers
from infra.local.season.debts import account
from infra.local.season.people import enrol
from tests.graduates import roster_csv, snapshot
from tests.running import RunningCloud
from tests.sessions import begun

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(900)]
SCHOOL = "S18"
GRADUATES, OFFICERS = 400, 50
OF_THE_SCHOOL = 10
FEWEST = 30
"""Graduates of the season that the cloud starts with; those of this file come beside them."""
ACTING_SECONDS = 45.0
"""After this nobody begins anything new; what was begun is waited for."""
QUIET_SECONDS, LONGEST_QUIET = 3.0, 90.0
BUSY_TRIES, BUSY_PAUSE = 6, 0.3
"""A change that met too many others is refused as `too-busy` (503): the same request is to be sent again."""
OVERTAKEN = frozenset({"changed-meanwhile", "already-done", "not-possible-now", "case-closed"})
BULK = 25


@pytest.fixture
def cloud() -> Iterator[RunningCloud]:
    found = RunningCloud(home.HOME.name, home.PORT, home.CLOUD_PORT, FEWEST)
    yield found.start(fresh=True)
    found.stop()


def test_a_school_that_acts_at_once_loses_nothing_and_doubles_nothing(
    cloud: RunningCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    graduates = school_of(GRADUATES)
    deliver(graduates)
    crowd = Crowd(cloud.url, graduates, officers(OFFICERS))
    asyncio.run(crowd.act())
    wait_until_quiet()
    with capsys.disabled():
        sys.stdout.write(f"\n{crowd.summary()}\n")
    assert crowd.wrong == Counter()
    assert len(crowd.done) > GRADUATES // 4, "hardly anybody came to act"
    assert crowd.met > 0 and crowd.pressed_twice > 0 and crowd.stale > 0, "nobody met anybody"
    kept = Kept.read({graduate.student for graduate in graduates})
    check_changes(crowd, kept)
    check_queues(kept)
    check_figures(kept, asyncio.run(crowd.matrix()))


# --- the school ----------------------------------------------------------------------------------------------


def school_of(number: int, prefix: str = "2099") -> list[Graduate]:
    """Graduates of all flows, as they come in a season, all of one school."""
    return [
        replace(one, student=f"{prefix}{SCHOOL}{place:04d}", school=SCHOOL)
        for place, one in enumerate(enrol(number, 2, clock.today().year))
    ]


def deliver(graduates: Sequence[Graduate]) -> None:
    """Open their cases and let every department tell what it knows of them."""
    roster = f"rosters/{seeding.season().batch}/together-{graduates[0].student}.csv"
    seeding.put(roster, roster_csv(graduates).encode())
    assert seeding.wait_for_report(roster)["opened"] == len(graduates)
    keys: list[str] = []
    for step in definition.steps().values():
        if step.feed:
            random = Random(f"together {step.id}")
            rows = [account(step.id, one.student, random, clock.today().year).now for one in graduates]
            keys.append(f"feeds/{step.id}/together-{graduates[0].student}.csv")
            seeding.put(keys[-1], snapshot(step.id, step.feed.columns, rows, datetime.now(UTC)))
    for key in keys:
        assert seeding.wait_for_report(key)["status"] == "accepted", key
    wait_until_quiet()


def officers(number: int) -> list[Session]:
    """Counsellors and officers of the school, and of every department as many as share its queues."""
    departments = list(university.departments())
    found: list[Session] = []
    for place in range(number):
        if place < OF_THE_SCHOOL:
            role = ("counsellor", "school-officer")[place % 2]
            found.append(Session(f"T{place:04d}", role, f"老师{place}", school=SCHOOL))  # type: ignore[arg-type]
        else:
            department = departments[place % len(departments)]
            found.append(Session(f"D{place:04d}", "department-officer", f"经办{place}", department=department))
    return found


def wait_until_quiet() -> None:
    """Wait until the cases have not moved for a while: what reacts to changes has come to its end."""
    deadline, last, since = time.monotonic() + LONGEST_QUIET, -1, time.monotonic()
    while time.monotonic() - since < QUIET_SECONDS:
        assert time.monotonic() < deadline, "the cases do not come to rest"
        versions = sum(int(row["version"]) for row in lean_rows())
        if versions != last:
            last, since = versions, time.monotonic()
        time.sleep(0.5)


# --- acting --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    """A change that was acknowledged: an action on a step in the version that its actor had seen."""

    step: str
    action: str
    version: int


@dataclass(frozen=True)
class Reply:
    status: int
    document: Mapping[str, Any]

    @property
    def code(self) -> str:
        return str(self.document.get("code") or self.status)


@dataclass
class Crowd:
    """Everybody, each in a session of their own, and what they were told."""

    url: str
    graduates: Sequence[Graduate]
    officers: Sequence[Session]
    done: dict[tuple[str, str], Done] = field(default_factory=dict[tuple[str, str], Done])
    """By student and the key of the event that must tell of it."""
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    answered: Counter[str] = field(default_factory=Counter[str])
    wrong: Counter[str] = field(default_factory=Counter[str])
    """Answers that nobody should ever get, by what they were."""
    met: int = 0
    """How often somebody was told that another had been quicker."""
    pressed_twice: int = 0
    stale: int = 0
    busy: int = 0

    async def act(self) -> None:
        """Everybody acts at once until the time is over."""
        keys = _signing_keys()
        self._until = time.monotonic() + ACTING_SECONDS
        self._began = time.monotonic()
        self._cookies = {
            session.sub: f"{cookie_name()}={sign(begun(session), keys)}"
            for session in (*self.officers, *(_student(one) for one in self.graduates))
        }
        connector, timeout = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout(total=120)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as self._client:
            await asyncio.gather(
                *(self._be_student(graduate) for graduate in self.graduates),
                *(self._be_officer(officer) for officer in self.officers),
            )
        self._ended = time.monotonic()

    async def matrix(self) -> Mapping[str, Any]:
        """What the school's counsellor sees."""
        async with aiohttp.ClientSession() as self._client:
            return (await self._ask(self.officers[0], "GET", f"/api/clearance/schools/{SCHOOL}")).document

    def summary(self) -> str:
        requests = sum(len(times) for times in self.seconds.values())
        lines = [
            f"{requests} requests in {self._ended - self._began:.1f} s, {len(self.done)} changes acknowledged, "
            f"{self.met} overtaken, {self.pressed_twice} pressed twice, {self.stale} with a stale version, "
            f"{self.busy} told too-busy and sent again"
        ]
        for kind, times in self.seconds.items():
            ordered = sorted(times)
            told = ", ".join(f"p{part} {ordered[len(ordered) * part // 100]:.2f} s" for part in (50, 90, 99))
            lines.append(f"{kind}: {len(times)}, {told}, longest {ordered[-1]:.2f} s")
        lines.append(", ".join(f"{count} x {what}" for what, count in self.answered.most_common()))
        return "\n".join(lines)

    # --- students ------------------------------------------------------------------------------------------
    async def _be_student(self, graduate: Graduate) -> None:
        """Look at the case and do what it offers; look again, and do what it offers now."""
        me, chance = _student(graduate), Random(f"student {graduate.student}")
        for look in range(2):
            if look and time.monotonic() > self._until:
                return
            looked = await self._ask(me, "GET", f"/api/clearance/cases/{graduate.student}")
            for step in looked.document.get("steps", ()):
                if step["actions"] and time.monotonic() < self._until:
                    await self._do(me, graduate, step, step["actions"][0], chance)

    async def _do(
        self, me: Session, graduate: Graduate, step: Mapping[str, Any], offer: Mapping[str, Any], chance: Random
    ) -> None:
        if step["state"] == "submitted" and chance.random() < 0.7:
            return  # most do not do again what they did
        try:
            fields = answers(offer["fields"], chance, clock.today(), graduate.language, {})
        except ValueError:
            return  # what needs more than words, such as a document
        presses = 2 if chance.random() < 0.3 else 1
        again = step["state"] in ("submitted", "blocked")  # they may have answered before
        place = (me, graduate.student, step["id"], offer["id"], step["version"])
        reply = await self._press(*place, fields, presses, again)
        if reply.code == "invalid-form":  # what is optional may be needed after all
            needed = {error["field"] for error in reply.document.get("errors", ())}
            asked = [one | {"required": one["required"] or one["name"] in needed} for one in offer["fields"]]
            fields = answers(asked, chance, clock.today(), graduate.language, {})
            reply = await self._press(*place, fields, 1, again)
        if reply.status == 200 and not reply.document["repeated"] and chance.random() < 0.3:
            await self._press_stale(me, graduate.student, step["id"], offer["id"], step["version"], fields)

    # --- officers ------------------------------------------------------------------------------------------
    async def _be_officer(self, me: Session) -> None:
        """Work the queues of the office: many at once, one by one, the same one as a colleague at the same moment."""
        chance = Random(f"officer {me.sub}")
        office = "school" if me.school else me.department
        mine = [
            step.id
            for step in definition.steps().values()
            if step.department == office and any(waits_for_office(step, state) for state in ("ready", "submitted"))
        ]
        colleagues = [
            one for one in self.officers if (one.school, one.department) == (me.school, me.department) and one != me
        ]
        while mine and time.monotonic() < self._until:
            step = chance.choice(mine)
            page = (await self._ask(me, "GET", f"/api/clearance/steps/{step}/queue")).document
            ours = [item for item in page.get("items", ()) if item["student"] in self._cookies]
            if not ours:
                await asyncio.sleep(1)
                continue
            await self._work(me, chance.choice(colleagues), step, ours, chance)

    async def _work(
        self, me: Session, colleague: Session, step: str, items: Sequence[Mapping[str, Any]], chance: Random
    ) -> None:
        one = chance.choice(items[:10])
        case = (await self._ask(me, "GET", f"/api/clearance/cases/{one['student']}")).document
        offers = next((found["actions"] for found in case.get("steps", ()) if found["id"] == step), ())
        signs = [offer for offer in offers if offer["bulk"] and not offer["fields"]]
        others = [offer for offer in offers if offer["id"] in ("send-back", "waive")]
        if not signs:
            return
        dice = chance.random()
        if dice < 0.5:
            chosen = chance.sample(list(items), min(len(items), BULK))
            await self._bulk(me, step, signs[0]["id"], chosen, presses=1 + (chance.random() < 0.4))
        elif dice < 0.9:
            theirs = chance.choice([*signs, *others])
            reasons = {"reason": "请补充材料"} if theirs["fields"] else {}
            await asyncio.gather(
                self._press(me, one["student"], step, signs[0]["id"], one["step_version"], {}, 2),
                self._press(colleague, one["student"], step, theirs["id"], one["step_version"], reasons),
            )
        else:
            await self._press_stale(me, one["student"], step, signs[0]["id"], one["step_version"] - 1, {})

    async def _bulk(
        self, me: Session, step: str, action: str, items: Sequence[Mapping[str, Any]], presses: int
    ) -> None:
        key = uuid.uuid4().hex
        cases = [{"student": item["student"], "step_version": item["step_version"]} for item in items]
        versions = {item["student"]: item["step_version"] for item in items}
        body = {"cases": cases, "idempotency_key": key}
        path = f"/api/clearance/steps/{step}/{action}"
        self.pressed_twice += presses - 1
        for reply in await asyncio.gather(*(self._ask(me, "POST", path, body) for _ in range(presses))):
            for outcome in reply.document.get("outcomes", ()):
                student = outcome["student"]
                if outcome["ok"]:
                    self.done[student, f"{me.sub}#{key}"] = Done(step, action, versions[student])
                elif outcome["code"] in OVERTAKEN:
                    self.met += 1
                elif outcome["code"] == "too-busy":
                    self.busy += 1
                else:
                    self.wrong[f"bulk {step} {outcome['code']}"] += 1

    # --- pressing ------------------------------------------------------------------------------------------
    async def _press(
        self,
        me: Session,
        student: str,
        step: str,
        action: str,
        version: int,
        fields: Mapping[str, str],
        presses: int = 1,
        again: bool = False,
    ) -> Reply:
        """Send one action, `presses` times at once with the same key; every press must be told the same."""
        key = uuid.uuid4().hex
        body = {"step_version": version, "idempotency_key": key, **fields}
        path = f"/api/clearance/cases/{student}/steps/{step}/{action}"
        replies = await asyncio.gather(*(self._ask(me, "POST", path, body) for _ in range(presses)))
        self.pressed_twice += presses - 1
        told = [reply for reply in replies if reply.status == 200]
        news = sum(not reply.document["repeated"] for reply in told)
        if again and told and not news:
            return replies[0]  # the same answers once more: there is nothing to change
        if told:
            self.done[student, f"{me.sub}#{key}"] = Done(step, action, version)
            if len(told) != presses or news != 1:
                self.wrong[f"{presses} presses, {len(told)} acknowledged, {news} of them as new"] += 1
        elif replies[0].code in OVERTAKEN:
            self.met += 1
        elif replies[0].code != "invalid-form":
            self.wrong[f"{step} {action} {replies[0].code}"] += 1
        return replies[0]

    async def _press_stale(
        self, me: Session, student: str, step: str, action: str, version: int, fields: Mapping[str, str]
    ) -> None:
        """Act on what is known to be out of date: it must be refused, whatever became of the step."""
        body = {"step_version": version, "idempotency_key": uuid.uuid4().hex, **fields}
        reply = await self._ask(me, "POST", f"/api/clearance/cases/{student}/steps/{step}/{action}", body)
        self.stale += 1
        if reply.code not in OVERTAKEN:
            self.wrong[f"stale {step} {action} {reply.code}"] += 1

    async def _ask(self, me: Session, method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
        """The answer to a request; sent again, as it was, when it is told `too-busy`."""
        kind = "look" if method == "GET" else "act" if "/cases/" in path else "bulk"
        for attempt in range(BUSY_TRIES):
            began = time.monotonic()
            headers = {"Cookie": self._cookies[me.sub]}
            async with self._client.request(method, self.url + path, json=body, headers=headers) as answer:
                document = await answer.json(content_type=None)
            self.seconds[kind].append(time.monotonic() - began)
            reply = Reply(answer.status, document)
            self.answered[f"{answer.status}" if answer.status == 200 else f"{answer.status} {reply.code}"] += 1
            if reply.code != "too-busy":
                if answer.status >= 500 or answer.status in (400, 401, 403, 404, 405):
                    self.wrong[f"{kind} {answer.status} {reply.code}"] += 1
                return reply
            self.busy += 1
            await asyncio.sleep(BUSY_PAUSE * 2**attempt)
        self.wrong["too busy for good"] += 1
        return reply


def _student(graduate: Graduate) -> Session:
    return Session(graduate.student, "student", graduate.name)


def _signing_keys() -> list[str]:
    import json

    secret = home.client("secretsmanager").get_secret_value(SecretId=deploy.outputs()["SessionKeysArn"])
    return [json.loads(secret["SecretString"])["key"]]


# --- what is kept --------------------------------------------------------------------------------------------


def lean_rows() -> list[Mapping[str, Any]]:
    """The school's rows of the index, from all its pages."""
    pages = home.client("dynamodb").get_paginator("query").paginate(
        TableName=deploy.outputs()["TableName"],
        IndexName="by-school",
        KeyConditionExpression="school = :school",
        ExpressionAttributeValues={":school": {"S": SCHOOL}},
    )  # fmt: skip
    return [plain(item) for page in pages for item in page["Items"]]


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    reader = TypeDeserializer()
    return {name: reader.deserialize(value) for name, value in item.items()}


@dataclass(frozen=True)
class Kept:
    """What the table holds of some students: cases, events in their order, places in queues."""

    cases: Mapping[str, Case]
    events: Mapping[str, Sequence[Event]]
    queues: Mapping[tuple[str, str], Mapping[str, Any]]

    @classmethod
    def read(cls, students: set[str]) -> Kept:
        cases: dict[str, Case] = {}
        events: dict[str, list[Event]] = defaultdict(list)
        queues: dict[tuple[str, str], Mapping[str, Any]] = {}
        pages = home.client("dynamodb").get_paginator("scan").paginate(
            TableName=deploy.outputs()["TableName"], ConsistentRead=True
        )  # fmt: skip
        for item in (plain(raw) for page in pages for raw in page["Items"]):
            place, _, of = str(item["pk"]).partition("#")
            if place == "CASE" and of in students and item["sk"] == "CASE":
                cases[of] = case_of(item)
            elif place == "CASE" and of in students and str(item["sk"]).startswith("EVENT#"):
                events[of].append(event_of(item))
            elif place == "QUEUE" and item["of_student"] in students:
                queues[of, str(item["sk"])] = item
        ordered = {student: sorted(found, key=lambda event: event.version) for student, found in events.items()}
        return cls(cases, ordered, queues)


def check_changes(crowd: Crowd, kept: Kept) -> None:
    """What was acknowledged stands once, nothing else does, and the events make up the case as it is."""
    assert len(kept.cases) == GRADUATES
    people = {
        (student, event.key): event
        for student, events in kept.events.items()
        for event in events
        if event.role != "system"
    }
    assert len(people) == sum(event.role != "system" for events in kept.events.values() for event in events)
    assert crowd.done.keys() - people.keys() == set(), "acknowledged and lost"
    assert people.keys() - crowd.done.keys() == set(), "done and never acknowledged"
    for (student, key), done in crowd.done.items():
        event = people[student, key]
        assert (event.step, event.what, event.who) == (done.step, done.action, key.partition("#")[0])
    # who acts names the version they saw: two changes of one version would be one change made twice
    seen = Counter((student, done.step, done.version) for (student, _), done in crowd.done.items())
    assert [place for place, times in seen.items() if times > 1] == []
    for student, case in kept.cases.items():
        events = kept.events[student]
        assert [event.version for event in events] == list(range(1, case.version + 1)), student
        told: dict[str, str] = {}
        for event in events:
            told |= event.states
        assert {step: state for step, state in told.items() if state != "not_applicable"} == case.states(), student


def check_queues(kept: Kept) -> None:
    """In the queues is exactly who waits for an office, in the version that the case has."""
    wanted = {place: entry for case in kept.cases.values() for place, entry in entries(case).items()}
    assert kept.queues.keys() == wanted.keys()
    for place, entry in wanted.items():
        found = kept.queues[place]
        assert (found["of_student"], found["step"], int(found["step_version"])) == (
            entry.student,
            entry.step,
            entry.step_version,
        )
        assert dict(found.get("answers") or {}) == dict(entry.answers)


def check_figures(kept: Kept, matrix: Mapping[str, Any]) -> None:
    """The index and the counsellor's page say of every case what the case says."""
    rows = {row["student"]: row for row in lean_rows() if row["student"] in kept.cases}
    seen = {row["student"]: row for row in matrix["cases"] if row["student"] in kept.cases}
    assert rows.keys() == seen.keys() == kept.cases.keys()
    for student, case in kept.cases.items():
        states = case.states()
        assert {step: STATE_OF_MARK[mark] for step, mark in rows[student]["marks"].items()} == states
        assert seen[student]["steps"] == states and seen[student]["version"] == case.version
        assert seen[student]["left"] == sum(state not in ("done", "waived") for state in states.values())
