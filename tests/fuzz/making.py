"""Requests that might be meant: real students, uploads, versions and keys in the place of what schemathesis made up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from random import Random
from typing import Any

from schemathesis.transport.serialization import Binary
from yinji.clearance import arrangements, definition, flow, university
from yinji.identity.people import DELEGATED, Grant, key_of
from yinji.identity.session import ROLES, Role, Session, cookie_name
from yinji.platform import clock
from yinji.repair.report import SYMPTOMS

from tests.fuzz.world import BATCH, BORROWER, COMING, EMPTY, REPORTED, SCHOOLS, World
from tests.sessions import cookie

NOBODY = "signed-out"
WHO: tuple[str, ...] = (*ROLES, NOBODY)
REGISTER = "staff,name,role,school,department,ends_on\nT0950,吴明,counsellor,S01,,\nT0951,x,nobody,,,\n".encode()
"""A staff register of one who can be, and one who cannot."""
OLD, WRONG = 0.1, 0.05
"""Shares of sessions that were not proved lately, and of cookies that are none of ours."""
OWN = 0.85
"""How often somebody comes to whom the thing belongs, where their role is for some things only."""
AT_STEP = re.compile(r"/steps/(?P<step>[a-z-]+)/(?P<action>[a-z-]+)")


class Maker:
    """What is put into a case of `schemathesis` before it is sent."""

    def __init__(self, world: World, random: Random) -> None:
        self._world, self._random = world, random

    def cookies(self, who: str, path: str, places: Mapping[str, Any], body: Any) -> dict[str, str]:
        """The cookies of `who` as they come to `path` with its `places`; none of nobody."""
        if who == NOBODY:
            return {} if self._random.random() > WRONG * 4 else {"another": "cookie"}
        if self._random.random() < WRONG:
            return {cookie_name(): "x.y.z"}
        minutes = 40 if self._random.random() < OLD else 0
        session = self._session(who, path, places, body, minutes)  # type: ignore[arg-type]
        if path.endswith("take-back") and isinstance(body, dict) and body.get("to") == BORROWER:
            body["key"] = f"{key_of(session)}#{session.sub}"
        return {cookie_name(): cookie(session)}

    def _session(self, role: Role, path: str, places: Mapping[str, Any], body: Any, minutes: float) -> Session:
        world, own = self._world, self._random.random() < OWN
        student = str(places.get("student") or self._first(body))
        case = world.cases.get(student)
        school = str(places.get("school") or (case.graduate.school if case else "")) if own else ""
        if role == "student":
            known = student if own and case else self._random.choice(world.students)
            return world.session(role, student=known, minutes_ago=minutes)
        found = AT_STEP.search(path)
        step = definition.steps().get(str(places.get("step") or (found["step"] if found else "")))
        if role == "department-officer":
            department = step.department if step and own else ""
            if student.startswith("P-library"):
                department = "library"
            others = list(university.departments())
            return world.session(
                role, department if department in others else self._random.choice(others), minutes_ago=minutes
            )
        return world.session(role, school if school in SCHOOLS else self._random.choice(SCHOOLS), minutes_ago=minutes)

    @staticmethod
    def _first(body: Any) -> str:
        """The first student of those whom a bulk request names."""
        cases = body.get("cases") or body.get("case") if isinstance(body, dict) else None
        first = cases[0] if isinstance(cases, list) and cases else None
        return str(first.get("student", "")) if isinstance(first, dict) else str(first or "").partition(":")[0]

    # --- the request ---------------------------------------------------------------------------------------
    def real(self, path: str, places: dict[str, Any], body: Any, query: dict[str, Any]) -> Any:
        """Put what there is into `places` and `query`; the body as it would be sent about it."""
        world, pick = self._world, self._random.choice
        at = AT_STEP.search(path)
        step, action = (at["step"], at["action"]) if at else ("", "")
        asked: dict[str, Any] = {}
        if "student" in places:
            places["student"] = self._student(path, step, action)
        student = str(places.get("student", ""))
        known: Mapping[str, list[str]] = {
            "school": list(SCHOOLS),
            "batch": [BATCH, BATCH, EMPTY, COMING],
            "flow": list(flow.TITLES),
            "staff": [world.staff(Grant("auditor")), world.staff(Grant("technician")), BORROWER],
            "token": [world.stop],
            "step": list(definition.steps()),
            "id": world.uploads.get(student) or ["0" * 32],
        }
        for name in places.keys() & known.keys():
            places[name] = pick(known[name])
        if "/open311/" in path:
            filed = f"{REPORTED}.{pick(['xml', 'json'])}"
            real = {"service": f"{pick(SYMPTOMS)}.json", "request": filed, "token": filed}
            places |= {name: real[name] for name in places.keys() & real.keys()}
        if "/open311/" in path or path.endswith("/repair/figures"):
            query.clear()
        if path.endswith("appointment.ics") and (booked := world.booked()):
            places["student"], places["step"] = pick(booked)
        if "/sealed/" in path and (numbers := world.numbers()):
            places["student"], places["step"], places["field"] = pick(numbers)
        if path.endswith("/evidence"):
            places["student"], asked = pick(world.questions())
        if "queue" in path or "matrix" in path:
            query.pop("next", None)
            query |= {"school": pick(SCHOOLS)} | (
                {"step": pick(["dormitory", "school-approval", "lab-equipment"])} if "exports" in path else {}
            )
        if not isinstance(body, dict):
            return body
        return {**body, **self._body(path, student, step, action, places, body), **asked}

    def _student(self, path: str, step: str, action: str) -> str:
        world, pick = self._world, self._random.choice
        if path.endswith("/certificate"):
            return pick(world.finished())
        if path.endswith(("/file", "/thumbnail", "{id}")):
            return pick(list(world.uploads))
        if "arrangements" in path:
            return self._arranged(path.rpartition("/")[2])
        if action and (step, action) in world.acting:
            who = world.acting[step, action]
            questions = definition.steps()[step].actions[action].fields
            for field in questions:
                if field.evidence and field.required:
                    who = [one for one in world.answered[step, field.name] if one in who] or who
            return pick(who)
        return pick(world.students)

    def _arranged(self, name: str) -> str:
        """Somebody for whom the arrangement makes sense, if there is anybody."""
        fit = [one for one, case in self._world.cases.items() if case and arrangements.possible(name, case)]
        return self._random.choice(fit or self._world.students)

    def _body(
        self, path: str, student: str, step: str, action: str, places: Mapping[str, Any], body: Mapping[str, Any]
    ) -> dict[str, Any]:
        world, pick = self._world, self._random.choice
        known = definition.steps().get(step)
        soon = (clock.today() + timedelta(days=5)).isoformat()
        if known and action in known.actions:
            form = world.fields(known, known.actions[action], student)
            kept = {name: value for name, value in form.items() if name in body or self._required(step, action, name)}
            if student:
                case = world.store.get(student)
                record = case.steps.get(step) if case else None
                return kept | {"step_version": record.version if record else 0}
            return kept | self._many(step, action, body)
        if "arrangements" in path:
            later = (clock.today() + timedelta(days=200)).isoformat()
            return {"until": later, "reason": "住院"} if path.endswith("extend") else {}
        if path.endswith("/people"):
            return {"file": Binary(REGISTER)}
        if "/feed/use" in path:
            return {"preview": world.previews.get(path.split("/")[-3], "0" * 24)}
        if path.endswith("/slots"):
            return self._slots(path.split("/")[-2], body)
        if path.endswith("carry-over"):
            return {"into": pick([BATCH, COMING])}
        if path.endswith("migrate"):
            return {"version": flow.version(str(places["flow"]))}
        if path.endswith("/batches"):
            return {"batch": "2027-new", "title_zh": "新", "title_en": "New", "opens_on": soon, "deadline": soon}
        if "/open311/" in path:
            place = {"address_id": "LIB-1-01", "attribute[place]": "LIB-1-01", "attribute[detail]": "always"}
            return {"api_key": "a-key-of-the-tests", "service_code": "slow", **place}
        if path.endswith("/account/role"):
            return {"key": pick(["", "", *self._keys()])}
        if path.endswith("/account/lent"):
            return {"to": BORROWER, "ends_on": soon, "reason": "出差"}
        if path.endswith("take-back"):
            return {"to": BORROWER, "key": pick(self._lent())}
        if path.endswith("/grants/end"):
            return {"key": pick(self._of(str(places["staff"])))}
        if path.endswith("/grants"):
            return pick([{"role": "auditor", "school": "", "department": "", "ends_on": soon}, {}])
        if path.endswith("/sign-in/demo"):
            return {"persona": pick([f"student:{pick(world.students)}", "counsellor:S01", "administrator:admin"])}
        if path.endswith("/messages/read"):
            return {"upto": f"MESSAGE#{clock.stamp(clock.now())}#x"}
        return {}

    @staticmethod
    def _required(step: str, action: str, name: str) -> bool:
        return any(one.name == name and one.required for one in definition.steps()[step].actions[action].fields)

    def _many(self, step: str, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A few whose case offers the action."""
        world = self._world
        fit = world.acting.get((step, action)) or world.students
        chosen = self._random.sample(fit, min(len(fit), self._random.randint(1, 3)))
        found = {student: world.store.get(student) for student in chosen}
        versions = {one: case.steps[step].version for one, case in found.items() if case and step in case.steps}
        if "case" in body:
            return {"case": [f"{one}:{version}" for one, version in versions.items()] or body["case"]}
        cases = [{"student": one, "step_version": version} for one, version in versions.items()]
        return {"cases": cases} if cases else {}

    def _slots(self, step: str, body: Mapping[str, Any]) -> dict[str, Any]:
        told = definition.steps()[step].appointments
        assert told
        from tests.functions.test_season import next_workday

        day = next_workday()
        kept = {"slot": f"{day}T{self._random.choice(told.times)[0]}"} if "slot" in body else {}
        capacity = {"capacity": self._random.randint(0, 30)} if body.get("do") == "capacity" else {}
        return {"day": day} | kept | capacity

    def _keys(self) -> list[str]:
        return [grant.key for grant in self._world.grants()]

    def _lent(self) -> list[str]:
        world = self._world
        return [f"{one.key}#{world.staff(one)}" for one in world.grants() if one.role in DELEGATED]

    def _of(self, staff: str) -> list[str]:
        return [grant.key for grant in self._world.people.person(staff).grants] or ["auditor"]
