"""What the API is asked about: a small university with graduates in every state of every step, and everybody who acts.

It is made by the product's own functions and store; `World.anew` puts the tables back as they were, so that whatever
one operation did is not in the way of the next.
"""

from __future__ import annotations

import json
import pickle
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from moto.backends import get_backend
from moto.dynamodb.models.dynamo_type import Item
from yinji.clearance import arrangements, codes, definition, evidence, flow, training, university
from yinji.clearance.case import (
    SETTLED,
    Case,
    Certificate,
    Change,
    Event,
    Facts,
    Graduate,
    Reason,
    Standing,
    blocked,
    certify,
    changed,
)
from yinji.clearance.definition import Action, StepDefinition
from yinji.clearance.feed import FEWEST_TO_HOLD
from yinji.clearance.roster import FLAGS
from yinji.clearance.step import offered
from yinji.clearance.store import Store
from yinji.identity.people import DELEGATED, Grant
from yinji.identity.session import ROLES, Role, Session, signing_keys
from yinji.identity.store import People
from yinji.messages import stop
from yinji.messages.model import Message
from yinji.messages.store import Outbox
from yinji.platform import clock
from yinji.repair.report import Report
from yinji.repair.reports_store import Reports

from infra.local.season.answers import answers
from infra.local.season.documents import document
from tests.functions.conftest import FEED_ROWS, Cloud
from tests.functions.test_season import next_workday
from tests.graduates import LIN
from tests.repairs import campus, keep

SCHOOLS = ("S01", "S02")
SUPERVISOR, BORROWER = "T0701", "T0900"
REPORTED = "0123456789abcdef01234567"
"""What a client of Open311 filed."""
BATCH, EMPTY, COMING = "2026-summer", "2026-empty", "2027-coming"
EVERY = frozenset(FLAGS)
PEOPLE: Mapping[str, tuple[str, frozenset[str]]] = {
    "undergraduate": ("undergraduate", EVERY - {"abroad"}),
    "postgraduate": ("postgraduate", EVERY - {"abroad"}),
    "international-on-campus": ("international", EVERY - {"abroad"}),
    "international-overseas": ("international", EVERY),
}
STATES = ("ready", "submitted", "blocked", "done", "waived")
CODE = "48151623"
"""What a proxy shows."""
MOST_HANDED_IN = 3
"""Graduates of one flow who have handed in what one question asks for."""
Values = dict[str, Any]


class World:
    """The seeded university on `cloud`; not `whole`, it has two flows, and nothing was delivered to it."""

    def __init__(self, cloud: Cloud, seed: int, *, whole: bool = True) -> None:
        self.cloud, self.store, self.people = cloud, Store(), People()
        self._random = Random(seed)
        self._count = 0
        self.students: list[str] = []
        self.uploads: dict[str, list[str]] = defaultdict(list)
        self.answered: dict[tuple[str, str], list[str]] = defaultdict(list)
        """By step and question: who has handed in an acceptable document."""
        self.previews: dict[str, str] = {}
        self._seed(list(PEOPLE) if whole else ["undergraduate", "international-overseas"], whole)
        self.cases = {student: self.store.get(student) for student in self.students}
        self.acting = self._acting()
        self._kept = pickle.dumps({name: table.items for name, table in self._tables().items()})

    def _tables(self) -> Mapping[str, Any]:
        return get_backend("dynamodb")["123456789012"]["us-east-1"].tables

    def anew(self) -> None:
        """Everything in the tables as it was."""
        for name, items in pickle.loads(self._kept).items():  # noqa: S301 - our own
            self._tables()[name].items = items
        Item.instances_tracked.clear()  # the double would hold on to what was there before

    # --- what there is -------------------------------------------------------------------------------------
    def _seed(self, flows: Sequence[str], whole: bool) -> None:
        self._declare(BATCH, "2026-06-01", (clock.today() + timedelta(days=30)).isoformat())
        self._declare(EMPTY, "2026-06-01", "2026-06-30")
        self._declare(COMING, (clock.today() + timedelta(days=60)).isoformat(), "2027-12-31")
        self._register()
        # so many that have each step with a feed, that a delivery about all of them is held
        fed = [self._graduate(name, at) for name in flows[1:3] for at in range(FEWEST_TO_HOLD + 1)] if whole else []
        wanted = [one for name in flows for step in self._steps(name) for one in self._wanted(name, step)]
        ready = [self._graduate(name, place) for place, (name, *_) in enumerate(wanted)]
        others = [self._graduate(name, number) for name in flows for number in range(5)]
        self.cloud.open(*fed, *ready, *others)
        if fed:
            self._deliver(fed)
        for graduate, (_, step, state, action) in zip(ready, wanted, strict=True):
            self._settle(graduate.student, step, state, action)
        self._arrange([graduate.student for graduate in others])
        self.students = [graduate.student for graduate in (*fed, *ready, *others)]
        self._hand_in()
        self._speak()
        for office in (*SCHOOLS, "library"):
            self._practise(office)
        self.cloud.invoke("clearance/anchor", {})
        self.stop = stop.token(self.students[0], "yours", signing_keys())
        keep(campus())
        now = clock.now()
        told = ("LIB-1-01", "LIB", "north", (), "slow", "", "", "", "zh", "open311", "o1", now, now)
        Reports().file(Report(REPORTED, *told))

    def _declare(self, batch: str, opens_on: str, deadline: str) -> None:
        told = {"title": {"zh": batch, "en": batch}, "opens_on": opens_on, "deadline": deadline}
        self.cloud.put(f"rosters/{batch}/batch.json", json.dumps(told), "clearance/open_cases")

    def _graduate(self, name: str, number: int) -> Graduate:
        category, flags = PEOPLE[name]
        self._count += 1
        return replace(
            LIN,
            student=f"2022{self._count:05}",
            name=f"学生{self._count}",
            category=category,
            school=SCHOOLS[number % 2],
            supervisor=SUPERVISOR,
            flags=flags,
        )

    def _steps(self, name: str) -> list[str]:
        category, flags = PEOPLE[name]
        return flow.applicable(replace(LIN, category=category, flags=flags))

    def _wanted(self, name: str, step: str) -> Iterator[tuple[str, str, str, str]]:
        """In which states somebody in the flow `name` is to stand at `step`, and what they did at it."""
        known = definition.steps()[step]
        fit = [one for one in known.actions.values() if one.by == "student" and (not one.flows or name in one.flows)]
        first = next(flow for flow in PEOPLE if step in self._steps(flow))
        for state in STATES:
            if state in SETTLED and (known.final or name != first):
                continue  # a closed case is another matter, and one of each is enough
            if state == "blocked" and "sent-back" not in known.reasons:
                continue
            for action in fit if known.final and state == "submitted" else fit[:1]:
                yield name, step, state, action.id
            if not fit:
                yield name, step, state, ""

    def _register(self) -> None:
        """Everybody who acts, the colleagues who may borrow a role, and one who has borrowed one."""
        for grant in self.grants():
            self.people.name(self.staff(grant), grant.key)
            self.people.grant(self.staff(grant), grant)
        self.people.grant(BORROWER, Grant("technician"))
        for grant in self.grants():
            if grant.role in DELEGATED and grant.place in ("", "S01", "library"):
                until = clock.today() + timedelta(days=9)
                lent = replace(grant, ends_on=until, acts_for=self.staff(grant), given_by=self.staff(grant))
                self.people.lend(BORROWER, lent)

    def grants(self) -> list[Grant]:
        """The roles that somebody has who acts."""
        found = [Grant(role, school=school) for role in ("counsellor", "school-officer") for school in SCHOOLS]
        found += [Grant("department-officer", department=one) for one in university.departments()]
        found += [Grant("supervisor", school="S01"), Grant("technician"), Grant("community-worker")]
        return [*found, Grant("administrator"), Grant("auditor")]

    @staticmethod
    def staff(grant: Grant) -> str:
        """The staff id of who has `grant`."""
        if grant.role == "supervisor":
            return SUPERVISOR
        places = [*university.schools(), *university.departments()]
        return f"{grant.role[:2].upper()}{ROLES.index(grant.role)}{places.index(grant.place) if grant.place else 0:02}"

    def _deliver(self, fed: Sequence[Graduate]) -> None:
        """Each feed once as nobody owes anything, then one that would change too much, and a file looked at."""
        debts = {
            "graduation-audit": {"passed": "no", "missing": "英语"},
            "library-loans": {"loans": 2, "titles": "乡土中国;围城"},
            "tuition": {"arrears": "320.00", "items": "学费"},
            "campus-card": {"balance": "-3.00"},
            "lab-equipment": {"items": 1, "names": "示波器"},
            "housing-deposit": {"refunded": "no"},
        }
        for step in FEED_ROWS:
            self.cloud.feed(step, *({"student": one.student} for one in fed))
            held = self.cloud.feed(step, *({"student": one.student, **debts[step]} for one in fed))
            assert held["status"] == "held", held
            columns = ["student", *FEED_ROWS[step]]
            row = {"student": fed[0].student, **FEED_ROWS[step]}
            self.file = f"{','.join(columns)}\n{','.join(str(row[name]) for name in columns)}\n".encode()
            session = self.session("department-officer", definition.steps()[step].department)
            if definition.steps()[step].department == "school":
                session = self.session("administrator")
            found = self._preview(step, session)
            self.previews[step] = found["id"]

    def _preview(self, step: str, session: Session) -> Values:
        bound = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        answer = self.cloud.call(
            f"clearance/steps/{step.replace('-', '_')}",
            session,
            "POST",
            f"/api/clearance/steps/{step}/feed/preview",
            bound + self.file + b"\r\n--x--\r\n",
            headers={"content-type": "multipart/form-data; boundary=x"},
        )
        assert answer.status == 200 and not answer.json["errors"], answer.json
        return answer.json

    def _settle(self, student: str, step: str, state: str, action: str) -> None:
        """Let `step` stand in `state` after the graduate's `action`, and whatever it needs be waived."""
        known = definition.steps()[step]

        def decide(case: Case) -> Change:
            steps = dict(case.steps)
            for need in case.needs(step):
                steps[need] = replace(steps[need], standing=Standing("waived"))
            record, standing = steps[step], Standing(None)
            facts = record.facts
            if state == "blocked":
                standing = blocked(Reason("sent-back", {"reason": "请补充"}))
            elif state != "ready":
                standing = Standing(state)  # type: ignore[arg-type]
                facts = Facts(answers=self._answered(known, action, student), signed_off=state == "done")
            steps[step] = replace(record, standing=standing, facts=facts, version=record.version + 1, since=clock.now())
            event = Event(f"seed#{step}", "seeded", "system", "system", clock.now(), step=step)
            return changed(case, replace(case, steps=steps), event)

        self.store.change(student, f"seed#{step}", decide)

    def _answered(self, step: StepDefinition, action: str, student: str) -> Values:
        """What is known of `step` once the graduate did `action`; of the diploma, how it is delivered."""
        found = self.fields(step, step.actions[action], student) if action else {}
        if step.final:
            found["delivery"] = {"book-pick-up": "pick-up", "ask-for-mail": "mail", "authorise-proxy": "proxy"}[action]
            found |= {"code": CODE} if action == "authorise-proxy" else {}
        return found

    def fields(self, step: StepDefinition, action: Action, student: str) -> Values:
        """Acceptable answers to the form of `action`; documents are those that `student` handed in, if any."""
        found: Values = {}
        for one in action.fields:
            schema = dict(one.schema)
            if one.evidence:
                ids = [id for id in self.uploads[student] if self._of(student, id) == (step.id, one.name)]
                found[one.name] = ids[0] if ids else "0" * 32
            elif schema.get("format") == "slot":
                found[one.name] = f"{next_workday()}T{self._time(step)}"
            elif one.name == "code":
                found[one.name] = CODE
            elif one.name == "iban":
                found[one.name] = "DE89370400440532013000"
            elif one.name == "swift":
                found[one.name] = "COBADEFF"
            else:
                asked = {"name": one.name, "required": True, "schema": schema, "days_back": one.days_back}
                try:
                    found |= answers([asked], self._random, clock.today(), "zh", {})
                except ValueError:
                    found[one.name] = "412X"
                if one.days_ahead:
                    found[one.name] = (clock.today() + timedelta(days=one.days_ahead - 1)).isoformat()
        return found

    def _time(self, step: StepDefinition) -> str:
        assert step.appointments
        return self._random.choice(step.appointments.times)[0]

    def _of(self, student: str, id: str) -> tuple[str, str]:
        upload = self.store.upload(student, id)
        return (upload.step, upload.field) if upload else ("", "")

    def _arrange(self, students: Sequence[str]) -> None:
        """Of each flow one who is withdrawn, finished, closed, not open yet, and as they are; certificates for two."""
        event = Event("seed", "seeded", "system", "system", clock.now())
        for start in range(0, len(students), 5):
            withdrawn, finished, closed, early, _ = students[start : start + 5]

            def withdraw(case: Case) -> Change:
                return arrangements.arrange(case, "withdraw", {}, None, clock.today(), event)

            def settle(case: Case, last: str = "done") -> Change:
                every = definition.steps()
                steps = {
                    id: replace(one, standing=Standing(last if every[id].final else "waived"), since=clock.now())  # type: ignore[arg-type]
                    for id, one in case.steps.items()
                }
                return changed(case, replace(case, steps=steps), event)

            def later(case: Case) -> Change:
                return changed(case, replace(case, opens_on=clock.today() + timedelta(days=60)), event)

            self.store.change(withdrawn, "seed", withdraw)
            self.store.change(finished, "seed", lambda case: settle(case, "waived"))
            self.store.change(closed, "seed", settle)
            self.store.change(early, "seed", later)
            for student in (finished, closed):
                self._certify(student)

    def _certify(self, student: str) -> None:
        case = self.store.get(student)
        assert case
        certificate = Certificate(codes.new(), clock.now())
        event = Event("seed#certificate", "certificate-issued", "system", "system", clock.now())
        change = certify(case, certificate, event)
        assert change and self.store.certify(change)
        self.cloud.s3.put_object(
            Bucket="documents", Key=codes.document_key(student, certificate.code), Body=document("pdf")
        )

    def _hand_in(self) -> None:
        """What may be handed in now, by some: one document that was accepted, and one that is still expected."""
        asked: Counter[tuple[str, str, str]] = Counter()
        for student in self.students:
            case = self.store.get(student)
            assert case
            for step, action, field in self._questions(case):
                asked[case.flow, step.id, action.id] += 1
                if asked[case.flow, step.id, action.id] > MOST_HANDED_IN:
                    continue
                assert field.evidence
                kind = field.evidence.types[0]
                for arrives in (True, False):
                    upload = evidence.Upload(evidence.new_id(), student, step.id, field.name, clock.now())
                    self.store.expect(upload, clock.today())
                    self.uploads[student].append(upload.id)
                    if arrives:
                        self.answered[step.id, field.name].append(student)
                        self.cloud.s3.put_object(Bucket="intake", Key=upload.raw_key, Body=document(kind))
                        self.cloud.deliver(upload.raw_key, "clearance/evidence_arrived")

    def _questions(self, case: Case) -> list[tuple[StepDefinition, Action, definition.Field]]:
        """What asks `case` for a document now."""
        return [
            (step, action, field)
            for step in definition.steps().values()
            for action in step.actions.values()
            for field in action.fields
            if field.evidence and step.id in case.steps and case.state(step.id) in action.sources
            if action.by == "student" and offered(action, case, case.steps[step.id])
            if not case.shut("student", clock.today())
        ]

    def _speak(self) -> None:
        """Messages of every kind in some boxes."""
        outbox, now = Outbox(), clock.now()
        told = {"steps": ["tuition"], "deadline": "2027-06-30", "days": 1, "reason": "x", "office": "S01", "flow": "x"}
        for student in self.students[:12]:
            for kind in ("welcome", "yours", "sent-back", "done", "deadline-moved", "deadline", "reminder"):
                outbox.put(Message(f"{kind}#{student}", student, kind, now - timedelta(days=2), told), now)
        queues = [{"step": "dormitory", "waiting": 1, "oldest": clock.stamp(now)}]
        for office in (*SCHOOLS, *university.departments()):
            params = {"queues": queues, "held": ["library-loans"], "stale": ["tuition"], "office": office}
            outbox.put(Message(f"digest#{office}", f"office:{office}", "digest", now, params), now)

    def _practise(self, office: str) -> None:
        event = Event("seed", training.BEGUN, "system", "system", clock.now())
        for part, student in training.numbers(office).items():
            self.store.begin_anew(student, lambda before, part=part: training.begin(before, office, part, event))
            self.students.append(student)

    # --- who acts ------------------------------------------------------------------------------------------
    def session(self, role: Role, place: str = "", student: str = "", minutes_ago: float = 0) -> Session:
        """Somebody in `role`, signed in with a password so long ago; a student is `student`."""
        since = int(clock.now().timestamp() - minutes_ago * 60)
        when = {"id": "this", "since": since, "proved": since}
        if role == "student":
            return Session(student or self.students[0], role, "学生", **when)
        school = place if place in university.schools() else "S01"
        department = place if place in university.departments() else "library"
        at = Grant(role, *((school, "") if role in ("counsellor", "school-officer", "supervisor") else ("", "")))
        at = replace(at, department=department) if role == "department-officer" else at
        return Session(self.staff(at), role, at.key, school=at.school, department=at.department, **when)

    def _acting(self) -> dict[tuple[str, str], list[str]]:
        """By step and action: whose case offers it now."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for student, case in self.cases.items():
            if case is None or case.withdrawn_at or case.closed or student.startswith("P-"):
                continue
            for step in definition.steps().values():
                record = case.steps.get(step.id)
                for action in step.actions.values() if record else ():
                    possible = case.state(step.id) in action.sources and offered(action, case, record)
                    if possible and not case.shut(action.by, clock.today()):
                        found[step.id, action.id].append(student)
        return found

    def questions(self) -> list[tuple[str, Values]]:
        """Whom a document may be asked of now, and how they ask to upload it."""
        found: list[tuple[str, Values]] = []
        for student, case in self.cases.items():
            for step, action, field in self._questions(case) if case and not student.startswith("P-") else ():
                assert field.evidence
                media_type = evidence.MEDIA_TYPES[field.evidence.types[0]]
                told = {"step": step.id, "action": action.id, "field": field.name, "type": media_type, "size": 900}
                found.append((student, told))
        return found

    def finished(self) -> list[str]:
        return [student for student, case in self.cases.items() if case and case.certificate]

    def booked(self) -> list[tuple[str, str]]:
        """Who holds an appointment, at which step."""
        return [
            (student, id)
            for student, case in self.cases.items()
            for id, record in (case.steps.items() if case else ())
            if record.standing.state == "submitted" and record.facts.answers.get("slot") and not case.withdrawn_at
        ]

    def numbers(self) -> list[tuple[str, str, str]]:
        """Who gave an account number, at which step to which question."""
        return [
            (student, id, field)
            for student, case in self.cases.items()
            for id, record in (case.steps.items() if case else ())
            for field in definition.steps()[id].sealed
            if record.facts.answers.get(field)
        ]

    def unsettled(self, student: str) -> bool:
        case = self.cases[student]
        return bool(case) and any(state not in SETTLED for state in case.states().values())
