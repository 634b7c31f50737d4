"""Plays a season: its graduates and officers work through the front door until everybody has the certificate and
the diploma.

Nothing here knows the steps. Students do what their case offers them, offices and supervisors what their queue offers;
debts are paid by the next snapshot of the departments. A half-played season is played on from where it stands, and in
the end every step is counted against what the season expects.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from yinji.clearance import definition
from yinji.clearance import flow as flows
from yinji.clearance.case import SETTLED, Graduate
from yinji.clearance.evidence import MEDIA_TYPES
from yinji.clearance.view import turn_of
from yinji.platform import clock

from infra.local.season.answers import answers
from infra.local.season.documents import document
from infra.local.season.door import Answer, Door, NoAnswer
from infra.local.season.expected import unsettled
from infra.local.season.generator import Season

Phase = Literal["cases", "students", "offices", "snapshots", "certificates"]
PHASES: tuple[Phase, ...] = ("cases", "students", "offices", "snapshots", "certificates")
Progress = Callable[[Phase, int, int], None]
Deliver = Callable[[str, bytes], None]
Thing = TypeVar("Thing")

CONCURRENCY = 12
PATIENCE = 120.0
"""Seconds without any progress after which the play is given up."""
QUIET_PAUSE, LONGEST_PAUSE = 0.2, 5.0
IMPATIENT_AFTER = 10.0
"""Seconds of quiet after which everybody looks at their case again and does whatever is offered."""
AT_ONCE = 100
SENT_BACK = 0.04
ACTS_ON_DEBT = 0.25
"""Who owes something and is offered a way out (a lost book) takes it as often as this; the others pay."""
STAYS_AWAY = 0.2
"""Who can make an appointment or choose another way chooses that as often as this."""
NEAR, TIMES_TRIED = 40, 5
"""How many of the next free times people choose from, and how often they choose again when others were faster."""
LOOKED_AT = 50
"""Of so many certificates one is fetched."""
UPLOAD_PAUSE, UPLOAD_LOOKS = 0.2, 300
"""Seconds between two looks at a document that was uploaded, and how often it is looked at."""
ADMINISTRATOR = "administrator:admin"
OVERTAKEN = frozenset({"changed-meanwhile", "already-done", "not-possible-now", "case-closed"})
"""Somebody or something was faster; the next look at the case shows what is left."""
LATER = frozenset({"too-busy", "429", "503"})


@dataclass
class Summary:
    """What the play came to; `steps` counts cases by step and state, `errors` what was not as it should be."""

    cases: int = 0
    steps: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    expected: int = 0
    """How many kinds of steps came out as the season expects, each of them settled in as many cases."""
    events: int = 0
    certificates: int = 0
    unfinished: int = 0
    actions: int = 0
    sent_back: int = 0
    requests: int = 0
    retries: int = 0
    seconds: float = 0
    errors: Counter[str] = field(default_factory=Counter[str])

    @property
    def states(self) -> Counter[str]:
        """Steps of all kinds by state."""
        return sum(self.steps.values(), Counter())

    @property
    def ok(self) -> bool:
        return self.cases > 0 and not self.unfinished and not self.errors


@dataclass
class _Row:
    """A graduate as the last look showed: the case's version and the state of each step."""

    version: int
    steps: dict[str, str]
    left: int
    certified: bool = False


def _no_progress(phase: Phase, done: int, total: int) -> None:
    """Nobody watches."""


async def play(
    url: str,
    deliver: Deliver,
    season: Season,
    *,
    concurrency: int = CONCURRENCY,
    patience: float = PATIENCE,
    progress: Progress = _no_progress,
) -> Summary:
    """Play `season` through the front door at `url`; `deliver` puts an object into the intake bucket.

    Returns when everybody is done, or when nothing moved for `patience` seconds.
    """
    started = time.monotonic()
    async with Door(url, concurrency, season.options.seed) as door:
        player = _Player(door, deliver, season, concurrency, patience, progress)
        await player.play()
        summary = player.summary
        summary.requests, summary.retries = door.requests, door.retries
    summary.seconds = time.monotonic() - started
    return summary


class _Player:
    def __init__(
        self, door: Door, deliver: Deliver, season: Season, concurrency: int, patience: float, progress: Progress
    ) -> None:
        self._door, self._deliver, self._season = door, deliver, season
        self._workers, self._patience, self._progress = concurrency, patience, progress
        self._graduates: Mapping[str, Graduate] = {one.student: one for one in season.graduates}
        self._rows: dict[str, _Row] = {}
        self._idle: dict[str, set[tuple[str, str]]] = {}
        """By student: steps and their states in which they have nothing to do or do not want to."""
        self._seen: dict[str, int] = {}
        """By student who waits for a department: the case's version when they last looked."""
        self._owed: dict[tuple[str, str], Any] = {}
        """By student and step: the reasons they were told when they chose to pay."""
        self._offers: dict[tuple[str, ...], Sequence[Mapping[str, Any]]] = {}
        """What an office is offered for a step, once seen, by all that it can depend on."""
        self._free: dict[str, list[str]] = {}
        """By step: the times that were free when somebody looked last."""
        self._tried: set[tuple[str, str, int]] = set()
        self._returned: set[tuple[str, str]] = set()
        self._paid = False
        self._impatient = False
        self._done: Counter[Phase] = Counter()
        self._total: Counter[Phase] = Counter()
        self.summary = Summary(cases=len(self._graduates))

    async def play(self) -> None:
        await self._assemble()
        quiet_since, pause = time.monotonic(), QUIET_PAUSE
        while True:
            before, acted = self._moves(), self.summary.actions
            await self._students()
            await self._offices()
            if not self._paid:
                await self._pay()
            await self._look()
            if not any(row.left for row in self._rows.values()):
                break
            now = time.monotonic()
            if self._moves() != before:
                quiet_since, self._impatient = now, False
            if self.summary.actions != acted:
                pause = QUIET_PAUSE
                continue
            if now - quiet_since > self._patience:
                break
            if now - quiet_since > IMPATIENT_AFTER and not self._impatient:
                self._impatient = True
                self._idle.clear()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        await self._certificates()

    def _moves(self) -> tuple[int, int, bool]:
        """Something that differs as soon as anything has happened."""
        return self.summary.actions, sum(row.version for row in self._rows.values()), self._paid

    # --- looking -------------------------------------------------------------------------------------------
    async def _assemble(self) -> None:
        """Wait until every graduate has a case: rosters may still be read."""
        known, since, pause = -1, time.monotonic(), QUIET_PAUSE
        while True:
            await self._look()
            self._tell("cases", len(self._rows), len(self._graduates))
            now = time.monotonic()
            if len(self._rows) != known:
                known, since, pause = len(self._rows), now, QUIET_PAUSE
            if known == len(self._graduates) or now - since > self._patience:
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _look(self, *, certificates: bool = False) -> None:
        """See how everybody of the season stands, as the counsellors do; who is through is not looked at again.

        Through is who has nothing left, and when it comes to `certificates` who has one.
        """
        open_schools = {
            one.school
            for one in self._graduates.values()
            if (row := self._rows.get(one.student)) is None or row.left or (certificates and not row.certified)
        }

        async def look(school: str) -> None:
            answer = await self._door.get(f"counsellor:{school}", f"/api/clearance/schools/{school}")
            if not answer.ok:
                self._wrong("school", answer)
                return
            for entry in answer.json["cases"]:
                student, version = entry["student"], entry["version"]
                known = self._rows.get(student)
                # the index may lag behind what was seen of the case itself
                if student in self._graduates and (known is None or version >= known.version):
                    self._rows[student] = _Row(version, dict(entry["steps"]), entry["left"], entry["certified"])

        await self._each(sorted(open_schools), look)

    # --- students ------------------------------------------------------------------------------------------
    async def _students(self) -> None:
        wanted = [student for student, row in self._rows.items() if self._wants_to_look(student, row)]
        await self._each(wanted, self._student, "students")

    def _wants_to_look(self, student: str, row: _Row) -> bool:
        moot = self._idle.get(student, set())
        if any(
            state in ("ready", "blocked") and (step, state) not in moot and self._may_concern(student, step, state)
            for step, state in row.steps.items()
        ):
            return True
        # what they waited for may have left them with another reason
        waits = self._paid and student in self._seen and "blocked" in row.steps.values()
        return waits and row.version != self._seen[student]

    def _may_concern(self, student: str, step: str, state: Any) -> bool:
        """Whether a step in `state` can be the student's: for what is an office's turn nobody opens their case."""
        known, graduate = definition.steps().get(step), self._graduates[student]
        return known is None or turn_of(known, state, flows.flow_of(graduate), graduate.flags) == "student"

    async def _student(self, student: str) -> None:
        """One round of a student: look at the case, then do all that it offers."""
        answer = await self._door.get(f"student:{student}", f"/api/clearance/cases/{student}")
        if not answer.ok:
            self._wrong("case", answer)
            return
        case = answer.json
        row = _Row(case["version"], {step["id"]: step["state"] for step in case["steps"]}, 0)
        row.left = sum(state not in SETTLED for state in row.steps.values())
        self._rows[student] = row
        idle = self._idle[student] = set()
        self._seen.pop(student, None)
        for step in case["steps"]:
            if step["state"] not in ("ready", "blocked"):
                continue
            action = self._way(student, step) if step["turn"] == "student" else None
            if self._pays(student, step):
                self._seen[student] = row.version
                action = None
            if action is None or not await self._act(student, step, action):
                idle.add((step["id"], step["state"]))

    def _pays(self, student: str, step: Mapping[str, Any]) -> bool:
        """Whether the student waits for the department to hear that a debt is settled, whatever is offered."""
        account = self._season.facts.get(step["id"], {}).get(student)
        if step["state"] != "blocked" or account is None or not account.owes or self._impatient:
            return False
        if self._chance("acts", student, step["id"]).random() < ACTS_ON_DEBT:
            return False
        told = self._owed.setdefault((student, step["id"]), step["reasons"])
        return bool(told == step["reasons"])

    def _way(self, student: str, step: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What the student does of what is offered: the first, though not everybody comes who could book a time."""
        offers: Sequence[Mapping[str, Any]] = step["actions"]
        chance = self._chance("way", student, step["id"])
        if len(offers) > 1 and _times_asked(offers[0]) and chance.random() < STAYS_AWAY:
            return chance.choice(offers[1:])
        return offers[0] if offers else None

    async def _time(self, student: str, step: str, random: Random) -> str:
        """A time of `step` that is free and not far ahead, or nothing."""
        free = self._free.get(step)
        if not free:
            answer = await self._door.get(f"student:{student}", f"/api/clearance/steps/{step}/slots")
            free = [one["slot"] for one in answer.json.get("slots", ()) if one["free"]][:NEAR]
            self._free[step] = free
        return random.choice(free) if free else ""

    async def _act(self, student: str, step: Mapping[str, Any], action: Mapping[str, Any]) -> bool:
        """Do `action`; whether the step will look different at the next look."""
        path = f"/api/clearance/cases/{student}/steps/{step['id']}/{action['id']}"
        fields = await self._answers(student, step, action)
        random, times = self._chance(student, step["id"], action["id"]), _times_asked(action)
        if not all(fields.get(name) for name in times):
            self.summary.errors[f"{step['id']} no time left"] += 1
            return False
        answer = await self._door.post(f"student:{student}", path, _signed(step["version"], fields))
        if answer.code == "invalid-form":  # what is optional may be needed after all
            needed = {error["field"] for error in answer.json.get("errors", ())}
            fields = await self._answers(student, step, action, needed)
            answer = await self._door.post(f"student:{student}", path, _signed(step["version"], fields))
        for _ in range(TIMES_TRIED):
            if answer.code != "slot-full":
                break
            self._free.pop(step["id"], None)  # what was seen of the times is out of date
            fields |= {name: await self._time(student, step["id"], random) for name in times}
            answer = await self._door.post(f"student:{student}", path, _signed(step["version"], fields))
        if answer.code == "changed-meanwhile":
            fresh = await self._fresh(f"student:{student}", student, step["id"])
            if not any(offer["id"] == action["id"] for offer in fresh.get("actions", ())):
                return True
            answer = await self._door.post(f"student:{student}", path, _signed(fresh["version"], fields))
        if answer.ok:
            self.summary.actions += 1
            row = self._rows[student]
            row.steps[step["id"]] = answer.json["state"]
            return True
        if answer.code in OVERTAKEN:
            return True
        self._wrong(f"{step['id']} {action['id']}", answer)
        return False

    async def _uploads(self, student: str, step: str, action: Mapping[str, Any]) -> dict[str, str]:
        """The ids of a document for each question that asks for one, uploaded as a phone would and accepted."""
        persona, root = f"student:{student}", f"/api/clearance/cases/{student}/evidence"
        ids: dict[str, str] = {}
        for asked in (one for one in action["fields"] if one.get("evidence")):
            kind = asked["evidence"]["types"][0]
            data = document(kind)
            body = {"step": step, "action": action["id"], "field": asked["name"]}
            answer = await self._door.post(persona, root, body | {"type": MEDIA_TYPES[kind], "size": len(data)})
            if not answer.ok:
                if answer.code not in OVERTAKEN:
                    self._wrong(f"{step} upload", answer)
                continue
            upload = answer.json
            await self._door.send(upload["url"], upload["fields"], data)
            for _ in range(UPLOAD_LOOKS):
                answer = await self._door.get(persona, f"{root}/{upload['id']}")
                if answer.json.get("status") != "expected":
                    break
                await asyncio.sleep(UPLOAD_PAUSE)
            if answer.json.get("status") == "accepted":
                ids[asked["name"]] = upload["id"]
            else:
                self._wrong(f"{step} upload {answer.json.get('reason', {}).get('code', 'lost')}", answer)
        return ids

    async def _answers(
        self, student: str, step: Mapping[str, Any], action: Mapping[str, Any], needed: Collection[str] = ()
    ) -> dict[str, str]:
        """What the student puts into the form of `action`; the fields `needed` are asked for after all.

        Fields that words alone cannot answer are answered here, before the others.
        """
        random = self._chance(student, step["id"], action["id"])
        language = self._graduates[student].language
        known = {"which": titles} if (titles := _told(step, "titles")) else {}
        known |= await self._uploads(student, step["id"], action)
        known |= {name: await self._time(student, step["id"], random) for name in _times_asked(action)}
        asked = [{**entry, "required": entry["required"] or entry["name"] in needed} for entry in action["fields"]]
        return answers(asked, random, clock.today(), language, known)

    async def _fresh(self, persona: str, student: str, step: str) -> Mapping[str, Any]:
        """The step as it is now; empty when it is not to be seen."""
        answer = await self._door.get(persona, f"/api/clearance/cases/{student}")
        return next((one for one in answer.json.get("steps", ()) if one["id"] == step), {}) if answer.ok else {}

    # --- offices -------------------------------------------------------------------------------------------
    async def _offices(self) -> None:
        """Every office works off its queues, as far as somebody of the season may be in them."""
        queues: set[tuple[str, str]] = set()
        for student, row in self._rows.items():
            for step, state in row.steps.items():
                if state == "submitted" or (state == "ready" and self._served_when_ready(step)):
                    queues.add((self._signer(student, step), step))
        await self._each(sorted(queues), self._queue)

    def _signer(self, student: str, step: str) -> str:
        """Who signs `step` for `student`: their supervisor where supervisors do, their school, or the department."""
        known, graduate = definition.steps()[step], self._graduates[student]
        if supervisor := known.supervisor(graduate.supervisor):
            return f"supervisor:{supervisor}:{graduate.school}"
        return (
            f"counsellor:{graduate.school}"
            if known.department == "school"
            else f"department-officer:{known.department}"
        )

    @staticmethod
    def _served_when_ready(step: str) -> bool:
        own = definition.steps()[step].actions.values()
        return any(action.by == "department" and not action.standard and "ready" in action.sources for action in own)

    async def _queue(self, queue: tuple[str, str]) -> None:
        persona, step = queue
        place: str | None = ""
        while place is not None:
            more = f"?next={quote(place)}" if place else ""
            answer = await self._door.get(persona, f"/api/clearance/steps/{step}/queue{more}")
            if not answer.ok:
                self._wrong(f"queue {step}", answer)
                return
            page = answer.json
            place = page["next"]
            items = [
                item
                for item in page["items"]
                if item["student"] in self._rows
                and self._signer(item["student"], step) == persona
                and (item["student"], step, item["step_version"]) not in self._tried
            ]
            await self._sign(persona, step, items)

    async def _sign(self, persona: str, step: str, items: Sequence[Mapping[str, Any]]) -> None:
        """Sign a page of a queue, or send somebody back, with what cases like theirs offer."""
        alike: dict[tuple[str, ...], list[tuple[str, int]]] = {}
        for item in items:
            alike.setdefault(self._kind(step, item), []).append((item["student"], item["step_version"]))
        self._begin("offices", len(items))
        work: dict[str, tuple[Mapping[str, Any], list[tuple[str, int]]]] = {}
        for kind, chosen in alike.items():
            offers = await self._offered(persona, step, kind, chosen)
            bulk = [offer for offer in offers if offer["bulk"]]
            if any(not offer["bulk"] and not _asks_reason(offer) for offer in offers):
                await self._each(chosen, lambda case: self._one(persona, step, *case))
                self._finish("offices", len(chosen))
                continue
            signs = [offer for offer in bulk if not _asks_reason(offer)]
            returns = [offer for offer in bulk if _asks_reason(offer)]
            for student, version in chosen if signs else ():
                back = bool(returns) and self._sends_back(student, step)
                offer = returns[0] if back else signs[0]
                self.summary.sent_back += back
                work.setdefault(offer["id"], (offer, []))[1].append((student, version))
        for offer, cases in work.values():
            for start in range(0, len(cases), AT_ONCE):
                await self._bulk(persona, step, offer, cases[start : start + AT_ONCE])

    def _kind(self, step: str, item: Mapping[str, Any]) -> tuple[str, ...]:
        """All that an office's offer can depend on: step, state, flow, and the answers that some action asks for."""
        student = item["student"]
        asked = sorted({name for action in definition.steps()[step].actions.values() for name in action.when})
        answered = [str(item["answers"].get(name, "")) for name in asked]
        return (step, self._rows[student].steps.get(step, ""), flows.flow_of(self._graduates[student]), *answered)

    async def _offered(
        self, persona: str, step: str, kind: tuple[str, ...], items: Sequence[tuple[str, int]]
    ) -> Sequence[Mapping[str, Any]]:
        """What is offered for cases of one `kind`, as the first of them that still offers anything shows."""
        for student, _ in items:
            if kind in self._offers:
                break
            if offers := (await self._fresh(persona, student, step)).get("actions", ()):
                self._offers[kind] = offers
        return self._offers.get(kind, ())

    def _sends_back(self, student: str, step: str) -> bool:
        if (student, step) in self._returned or self._chance("back", student, step).random() >= SENT_BACK:
            return False
        self._returned.add((student, step))
        return True

    async def _bulk(self, persona: str, step: str, offer: Mapping[str, Any], items: Sequence[tuple[str, int]]) -> None:
        fields = answers(offer["fields"], self._chance(persona, step, items[0][0]), clock.today(), "zh", {})
        body = {
            "cases": [{"student": student, "step_version": version} for student, version in items],
            "idempotency_key": uuid.uuid4().hex,
            **fields,
        }
        answer = await self._door.post(persona, f"/api/clearance/steps/{step}/{offer['id']}", body)
        self._finish("offices", len(items))
        if not answer.ok:
            self._wrong(f"{step} {offer['id']}", answer)
            return
        versions = dict(items)
        singly: list[tuple[str, int]] = []
        for outcome in answer.json["outcomes"]:
            student = outcome["student"]
            if not outcome["ok"] and outcome["code"] == "not-possible-now":
                singly.append((student, versions[student]))  # who chose another way is served by themselves
                continue
            if not outcome["ok"] and outcome["code"] in LATER:
                continue
            self._tried.add((student, step, versions[student]))
            if outcome["ok"]:
                self.summary.actions += 1
            elif outcome["code"] not in OVERTAKEN:
                self.summary.errors[f"{step} {offer['id']} {outcome['code']}"] += 1
        await self._each(singly, lambda item: self._one(persona, step, *item))

    async def _one(self, persona: str, step: str, student: str, version: int) -> None:
        """Serve one graduate with what the office can do for them alone; a code is what the graduate passed on."""
        self._tried.add((student, step, version))
        fresh = await self._fresh(persona, student, step)
        offers = [offer for offer in fresh.get("actions", ()) if not offer["bulk"] and not _asks_reason(offer)]
        if not offers:
            return
        offer = offers[0]
        known = (await self._fresh(f"student:{student}", student, step)).get("secrets", {})
        fields = answers(offer["fields"], self._chance(student, step, offer["id"]), clock.today(), "zh", known)
        path = f"/api/clearance/cases/{student}/steps/{step}/{offer['id']}"
        answer = await self._door.post(persona, path, _signed(fresh["version"], fields))
        if answer.ok:
            self.summary.actions += 1
        elif answer.code in LATER or answer.code == "changed-meanwhile":
            self._tried.discard((student, step, version))
        elif answer.code not in OVERTAKEN:
            self._wrong(f"{step} {offer['id']}", answer)

    # --- departments ---------------------------------------------------------------------------------------
    async def _pay(self) -> None:
        """Debts are settled: the departments deliver their next snapshots."""
        snapshots = self._season.snapshots(clock.now())

        async def send(key: str) -> None:
            await asyncio.to_thread(self._deliver, key, snapshots[key])

        await self._each(list(snapshots), send, "snapshots")
        self._paid = True

    # --- the end -------------------------------------------------------------------------------------------
    async def _certificates(self) -> None:
        """Wait for everybody's certificate, fetch a few, and hold the cases against what the season expects."""
        self._begin("certificates", len(self._rows))
        before, moved, pause = -1, time.monotonic(), QUIET_PAUSE
        while True:
            certified = [student for student, row in self._rows.items() if row.certified]
            if len(certified) > before:
                self._finish("certificates", len(certified) - max(before, 0))
                before, moved, pause = len(certified), time.monotonic(), QUIET_PAUSE
            coming = any(not row.left and not row.certified for row in self._rows.values())
            if not coming or time.monotonic() - moved > self._patience:
                break
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            await self._look(certificates=True)

        async def read(student: str) -> None:
            answer = await self._door.get(ADMINISTRATOR, f"/api/clearance/cases/{student}/certificate")
            if not answer.ok or not answer.body.startswith(b"%PDF"):
                self._wrong("certificate", answer)

        await self._each(certified[::LOOKED_AT], read)
        summary = self.summary
        summary.certificates = len(certified)
        summary.events = sum(row.version for row in self._rows.values())
        for row in self._rows.values():
            for step, state in row.steps.items():
                summary.steps.setdefault(step, Counter())[state] += 1
        summary.unfinished = len(self._graduates) - sum(row.certified and not row.left for row in self._rows.values())
        different = unsettled(self._season, summary.steps)
        summary.expected = len(summary.steps.keys() - {sentence.partition(":")[0] for sentence in different})
        summary.errors.update(different)

    # --- tools ---------------------------------------------------------------------------------------------
    async def _each(
        self, things: Sequence[Thing], work: Callable[[Thing], Awaitable[None]], phase: Phase | None = None
    ) -> None:
        """Do `work` for every thing, several at a time; a request that was never answered is an error of its own."""
        waiting = iter(things)
        if phase:
            self._begin(phase, len(things))

        async def worker(mine: Iterable[Thing]) -> None:
            for thing in mine:
                try:
                    await work(thing)
                except NoAnswer as error:
                    self.summary.errors[str(error)] += 1
                if phase:
                    self._finish(phase, 1)

        await asyncio.gather(*(worker(waiting) for _ in range(min(self._workers, len(things)))))

    def _begin(self, phase: Phase, count: int) -> None:
        self._total[phase] += count
        self._tell(phase, self._done[phase], self._total[phase])

    def _finish(self, phase: Phase, count: int) -> None:
        self._done[phase] += count
        self._tell(phase, self._done[phase], self._total[phase])

    def _tell(self, phase: Phase, done: int, total: int) -> None:
        self._progress(phase, done, total)

    def _chance(self, *parts: str) -> Random:
        """Luck that is the same whenever the same season is played."""
        return Random(" ".join([str(self._season.options.seed), *parts]))

    def _wrong(self, what: str, answer: Answer) -> None:
        self.summary.errors[f"{what} {answer.code}"] += 1


def _signed(version: int, fields: Mapping[str, str]) -> dict[str, Any]:
    return {"step_version": version, "idempotency_key": uuid.uuid4().hex, **fields}


def _times_asked(offer: Mapping[str, Any]) -> list[str]:
    """The fields of `offer` that are times of an appointment."""
    return [field["name"] for field in offer["fields"] if field["schema"].get("format") == "slot"]


def _asks_reason(offer: Mapping[str, Any]) -> bool:
    return any(field["name"] == "reason" and field["required"] for field in offer["fields"])


def _told(step: Mapping[str, Any], param: str) -> str:
    """What the step's reasons say of `param`, if anything."""
    return next((str(reason["params"][param]) for reason in step["reasons"] if reason["params"].get(param)), "")
