"""The one adapter of all step functions: turns any trigger into a reaction of the step.

| trigger | reaction |
|---|---|
| POST /api/clearance/cases/{student}/steps/<step>/{action} | `Step.act` on one case |
| POST /api/clearance/steps/<step>/{action} | `Step.act` on many cases, each for itself |
| POST /api/clearance/steps/<step>/feed/{confirm,discard} | the held snapshot |
| POST /api/clearance/steps/<step>/feed/{preview,use} | a file sent through the page, looked at first |
| S3 feeds/<step>/...; event `intake-left` | the snapshot, as differences (intake.FeedIntake) |
| event `roster-applied` | the snapshot in force, for cases that have come since |
| event `step-ready` | `Step.become_ready` |
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, cast

import boto3
from aws_lambda_powertools.event_handler import Response

from yinji.clearance import bus, definition, rounds
from yinji.clearance.case import Case, Change, Event
from yinji.clearance.intake import Desk, FeedIntake, Report, delivered
from yinji.clearance.keys import Keys
from yinji.clearance.policy import demand
from yinji.clearance.practice import is_practice
from yinji.clearance.preview import LARGEST, Previews
from yinji.clearance.rounds import MOST_AT_ONCE, Result, Round
from yinji.clearance.sealing import is_sealed
from yinji.clearance.step import REFUSED, Request, Step
from yinji.clearance.store import Outcome, Store
from yinji.forms.schema import Validator
from yinji.identity.session import Session
from yinji.platform import clock
from yinji.platform.environment import setting
from yinji.platform.http import Api, Body, as_json, redirect
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem, invalid_form

LambdaHandler = Callable[[dict[str, Any], Any], Any]
BULK_THREADS = 8
OWN_FIELDS = ("step_version", "idempotency_key")
USE = "use."
"""How a form says that a known fact is meant (forms/filling.py)."""


def handler_of(step: Step) -> LambdaHandler:
    """The Lambda handler of `step`."""
    function = _StepFunction(step)

    @logger.inject_lambda_context(clear_state=True)
    @metrics.log_metrics(raise_on_empty_metrics=False)
    def handler(event: dict[str, Any], context: Any) -> Any:
        return function(event, context)

    return cast(LambdaHandler, handler)


class _StepFunction:
    def __init__(self, step: Step) -> None:
        self._step = step
        self._id = step.definition.id
        self._store = Store()
        self._keys = Keys()
        self._api = Api()
        root = "/api/clearance"
        self._api.post(f"{root}/cases/<student>/steps/{self._id}/<action>")(self._one)
        self._api.post(f"{root}/steps/{self._id}/<action>")(self._many)
        if step.definition.feed:
            self._api.post(f"{root}/steps/{self._id}/feed/<decision>")(self._decide_feed)

    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        if "routeKey" in event:
            return self._api(event, context)
        if "Records" in event:
            for key in delivered(event):
                self._feed(context).take(key)
            return None
        return self._message(event["detail-type"], event["detail"], event["id"], context)

    # --- somebody acts -------------------------------------------------------------------------------------
    def _one(self, student: str, action: str) -> Response[str]:
        session, body = self._request()
        outcome = self._act(session, student, self._action(action), body, _version(body))
        case = outcome.case
        assert case  # noqa: S101 - an action's outcome has its case
        record = case.steps[self._id]
        document = {
            "student": student,
            "step": self._id,
            "state": case.state(self._id),
            "version": record.version,
            "repeated": outcome.repeated,
        }
        return self._api.answer(document, done=f"{self._id}.{action}", back=body.next)

    def _many(self, action: str) -> Response[str]:
        session, body = self._request()
        chosen = self._action(action)
        if not chosen.bulk:
            raise Problem("not-found")
        if not body.cases or len({student for student, _ in body.cases}) != len(body.cases):
            raise Problem("malformed-request")
        if len(body.cases) > MOST_AT_ONCE:
            raise Problem("too-many", limit=MOST_AT_ONCE)

        told = self._round(session, chosen, body)
        if self._api.is_form:
            return redirect(f"/outcomes/{told.id}")
        outcomes = [
            {"student": result.student, "ok": result.ok} | ({} if result.ok else {"code": result.code})
            for result in told.results
        ]
        return self._api.answer({"outcomes": outcomes, "outcome": told.id})

    def _round(self, session: Session, action: definition.Action, body: Body) -> Round:
        """What comes of `action` on every case of `body`; of a request that was answered before, what came of it.

        A request that ended halfway finds the events it left: who was dealt with stays so.
        """
        key = body.idempotency_key
        answers = answers_of(body)
        first = body.cases[0][0]
        # each case is asked about again; who signs for nobody is told so at once
        self._demand_signature(session, first if is_practice(first) else "", session.school, session.supervises)
        check_form(action, dict(answers))
        if len(body.cases) > 1 and not all(is_practice(student) for student, _ in body.cases):
            self._api.demand_fresh()
        id, mark = rounds.round_id(session.sub, self._id, key), rounds.fingerprint(action.id, answers, body.cases)
        earlier = self._store.round(id)
        if earlier is None:

            def one(case: tuple[str, int]) -> Result:
                student, version = case
                try:
                    self._act(session, student, action, body, version)
                except Problem as problem:
                    return Result(student, problem.code)
                return Result(student)

            with ThreadPoolExecutor(BULK_THREADS) as threads:
                results = list(threads.map(one, body.cases))
            made = Round(id, session.sub, self._id, action.id, clock.now(), results, mark, body.next)
            earlier = self._store.keep_round(made)
        if earlier.fingerprint != mark:
            raise Problem("key-reused")
        return earlier

    def _request(self) -> tuple[Session, Body]:
        return self._api.session, self._api.body

    def _action(self, action: str) -> definition.Action:
        try:
            return self._step.definition.actions[action]
        except KeyError:
            raise Problem("not-found") from None

    def _act(self, session: Session, student: str, action: definition.Action, body: Body, version: int) -> Outcome:
        counted = not is_practice(student)
        try:
            outcome = self._try(session, student, action, body, version)
        except Problem as problem:
            if counted:
                count("ActionsRefused", step=self._id)
            if problem.code == "not-in-season" and self._step.definition.department == "school":
                # who signs for some graduates only must not learn which of the others there are
                raise Problem("forbidden") from problem
            raise
        if outcome.event and (refused := outcome.event.evidence.get(REFUSED)):
            if counted:
                count("ActionsRefused", step=self._id)
            raise Problem(str(refused))
        if counted and not outcome.repeated:
            count("ActionsAccepted", step=self._id)
        return outcome

    def _try(self, session: Session, student: str, action: definition.Action, body: Body, version: int) -> Outcome:
        if action.by == "student":
            demand(session, "act-as-student", student=student)
        else:
            # before anything is read: who signs for no office must not learn who has a case
            self._demand_signature(session, student, session.school, session.supervises)
        if action.proved and not is_practice(student):
            self._api.demand_fresh()
        key = f"{session.sub}#{body.idempotency_key}"
        answers = self._with_facts(action, answers_of(body), student)
        check_form(action, answers)
        self._check_evidence(action, answers, student)
        seals = [field.name for field in action.fields if field.sealed and answers.get(field.name)]
        known = self._store.get(student) if seals else None
        if seals and known is None:  # nobody has a key who has no case
            raise Problem("not-in-season")
        case_key = self._keys.of(student) if seals else None
        event = Event(
            key=key,
            what=action.id,
            who=session.sub,
            role=session.role,
            at=clock.now(),
            why=answers.get("reason", ""),
            fingerprint=fingerprint(self._id, action.id, case_key.marks(answers, seals) if case_key else answers),
            evidence=({} if action.standard else _evidence(self._step.definition, answers)) | session.on_behalf,
        )
        request = Request(action.id, answers, version, event)

        def decide(case: Case) -> Change | None:
            if action.by == "department":
                self._demand_signature(session, student, case.graduate.school, case.graduate.supervisor)
            change = self._step.act(case, request, clock.today())
            return case_key.sealed_change(change, self._id, seals) if case_key and change else change

        return self._store.change(student, key, decide, event.fingerprint, known)

    def _with_facts(self, action: definition.Action, answers: dict[str, str], student: str) -> dict[str, str]:
        """`answers` with the known facts that they agree to. Raises Problem("invalid-form") when one changed since."""
        if not any(name.startswith(USE) for name in answers) or action.by != "student" or is_practice(student):
            return answers
        # few who act have anything to agree to
        from yinji.forms import clearance as forms
        from yinji.forms.facts_store import Facts

        store = Facts()
        taken = forms.agreed(action, answers, store.of(student))
        clear = {name: str(store.opened(fact).value) for name, fact in taken.items()}
        return forms.without_uses(answers) | clear

    def _check_evidence(self, action: definition.Action, answers: Mapping[str, str], student: str) -> None:
        """Raise Problem("invalid-form") unless every document is an accepted one of this very student and question."""
        errors: dict[str, str] = {}
        for field in action.fields:
            if not field.evidence or field.name not in answers:
                continue
            upload = self._store.upload(student, answers[field.name])
            if upload is None or upload.status != "accepted" or (upload.step, upload.field) != (self._id, field.name):
                errors[field.name] = "invalid"
        if errors:
            raise invalid_form(errors)

    def _demand_signature(self, session: Session, student: str, school: str, supervisor: str) -> None:
        known = self._step.definition
        theirs, department = known.supervisor(supervisor), known.department
        demand(session, "sign-for-office", student=student, school=school, department=department, supervisor=theirs)

    # --- the department delivers ---------------------------------------------------------------------------
    def _feed(self, context: Any) -> _Feed:
        return _Feed(self._step, self._store, str(context.aws_request_id))

    def _decide_feed(self, decision: str) -> Response[str]:
        session, body = self._request()
        demand(session, "decide-feed", department=self._step.definition.department)
        intake = self._feed(self._api.resolver.lambda_context).intake
        seen = body.fields.get("snapshot", "")
        if decision == "confirm":
            self._api.demand_fresh()  # it would change more cases than is usual, by one press
            bus.emit([bus.intake_left(intake.confirm(session.sub, seen))])
        elif decision == "discard":
            intake.discard(session.sub, seen)
        elif decision in ("preview", "use"):
            return self._by_page(decision, session, body)
        else:
            raise Problem("not-found")
        return self._api.answer(
            {"step": self._id, "feed": decision}, done=f"{self._id}.feed-{decision}", back=body.next
        )

    def _by_page(self, decision: str, session: Session, body: Body) -> Response[str]:
        """A file that an officer sends through the page: looked at, then used or not."""
        previews = Previews(_desk(), self._store, self._step)
        if decision == "preview":
            found = previews.make(self._api.upload("file", LARGEST), session.sub)
            told, document = {"preview": str(found["id"])}, found
        else:
            key = previews.use(body.fields.get("preview", ""))
            told = {"done": f"{self._id}.feed-use", "delivery": key.rpartition("/")[2]}
            document = {"step": self._id, "feed": decision, "key": key}
        return redirect(body.next, **told) if self._api.is_form and body.next else as_json(200, document)

    def _message(self, kind: str, detail: Mapping[str, Any], id: str, context: Any) -> None:
        if kind == bus.INTAKE_LEFT:
            self._feed(context).take(str(detail["key"]))
        elif kind == bus.ROSTER_APPLIED:
            self._feed(context).apply_again()
        elif kind == bus.STEP_READY:
            self._become_ready(str(detail["student"]), id)
        else:
            raise ValueError(f"no reaction to {kind}")

    def _become_ready(self, student: str, id: str) -> None:
        event = Event(key=f"ready#{id}", what="became-ready", who="system", role="system", at=clock.now())
        try:
            self._store.change(student, event.key, lambda case: self._step.become_ready(case, event))
        except Problem as problem:
            # between the message and now the case was withdrawn, closed or no longer has the step
            if problem.code not in ("not-in-season", "case-closed", "not-applicable"):
                raise


class _Feed:
    """The step's feed intake, with what it counts."""

    def __init__(self, step: Step, store: Store, owner: str) -> None:
        self._id = step.definition.id
        self.intake = FeedIntake(_desk(), store, step, owner)

    def take(self, key: str) -> Report | None:
        report = self.intake.take(key)
        if report:
            names = {
                "accepted": "FeedSnapshotsAccepted",
                "refused": "FeedSnapshotsRefused",
                "held": "FeedSnapshotsHeld",
            }
            if report.status in names:
                count(names[report.status], step=self._id)
            count("FeedRowsChanged", report.counts.get("changed", 0), step=self._id)
            logger.info("feed delivered", extra={"status": report.status, "counts": dict(report.counts)})
        return report

    def apply_again(self) -> None:
        try:
            counts = self.intake.apply_again()
        except Problem as problem:
            if problem.code != "feed-busy":
                raise
            # a season's first snapshot takes longer than Lambda tries again; the reconciler finds who was not reached
            logger.info("feed busy")
            return
        count("FeedRowsChanged", counts.get("changed", 0), step=self._id)


def _desk() -> Desk:
    return Desk(_s3(), setting("INTAKE_BUCKET"), setting("DOCUMENTS_BUCKET"))


def _s3() -> Any:
    global _client
    if _client is None:
        _client = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]
    return _client


_client: Any = None


def _version(body: Body) -> int:
    try:
        return int(body.fields.get("step_version", ""))
    except ValueError:
        raise Problem("malformed-request") from None


def answers_of(body: Body) -> dict[str, str]:
    """What was answered, without what stands around it and the fields that are the service's own."""
    return {name: text.strip() for name, text in body.fields.items() if name not in OWN_FIELDS}


def check_form(action: definition.Action, answers: dict[str, str]) -> None:
    """Raise Problem("invalid-form") that names each field; empty optional answers are dropped."""
    for field in action.fields:
        if not field.required and not answers.get(field.name):
            answers.pop(field.name, None)
    errors: dict[str, str] = {}
    for field in action.fields:
        if field.required and not answers.get(field.name):
            errors[field.name] = "required"
        elif field.name in answers:
            schema = json.dumps(dict(field.schema), sort_keys=True)
            if not _validator(schema).holds(answers[field.name]):
                errors[field.name] = "invalid"
    # it would pass for one that we sealed
    errors |= {field.name: "invalid" for field in action.fields if field.sealed and is_sealed(answers.get(field.name))}
    known = {field.name for field in action.fields}
    errors |= {name: "unknown" for name in answers if name not in known}
    if errors:
        raise invalid_form(errors)


@cache
def _validator(schema: str) -> Validator:
    """What checks a value against the JSON Schema in `schema`."""
    return Validator(json.loads(schema))


def _evidence(step: definition.StepDefinition, answers: Mapping[str, str]) -> dict[str, str]:
    """What the event tells of `answers`: all but one-time codes."""
    return {name: value for name, value in answers.items() if name not in step.secrets}


def fingerprint(step: str, action: str, answers: Mapping[str, str]) -> str:
    """What tells one request from another under the same idempotency key."""
    text = json.dumps([step, action, sorted(answers.items())], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
