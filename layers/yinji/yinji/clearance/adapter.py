"""The one adapter of all step functions: turns any trigger into a reaction of the step.

| trigger | reaction |
|---|---|
| POST /api/clearance/cases/{student}/steps/<step>/{action} | `Step.act` on one case |
| POST /api/clearance/steps/<step>/{action} | `Step.act` on many cases, each for itself |
| POST /api/clearance/steps/<step>/feed/{confirm,discard} | the held snapshot |
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
import fastjsonschema  # pyright: ignore[reportMissingTypeStubs]
from aws_lambda_powertools.event_handler import Response

from yinji.clearance import bus, definition
from yinji.clearance.case import Case, Change, Event
from yinji.clearance.intake import Desk, FeedIntake, Report, delivered
from yinji.clearance.policy import demand
from yinji.clearance.step import REFUSED, Request, Step
from yinji.clearance.store import Outcome, Store
from yinji.identity.session import Session
from yinji.platform import clock
from yinji.platform.environment import setting
from yinji.platform.http import Api, Body
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem

LambdaHandler = Callable[[dict[str, Any], Any], Any]
MOST_AT_ONCE = 100
BULK_THREADS = 8
OWN_FIELDS = ("step_version", "idempotency_key")


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

        def one(case: tuple[str, int]) -> dict[str, Any]:
            student, version = case
            try:
                self._act(session, student, chosen, body, version)
            except Problem as problem:
                return {"student": student, "ok": False, "code": problem.code}
            return {"student": student, "ok": True}

        with ThreadPoolExecutor(BULK_THREADS) as threads:
            outcomes = list(threads.map(one, body.cases))
        refused = sum(not outcome["ok"] for outcome in outcomes)
        done = f"{self._id}.{action}.{len(outcomes) - refused}.{refused}"
        return self._api.answer({"outcomes": outcomes}, done=done, back=body.next)

    def _request(self) -> tuple[Session, Body]:
        self._api.refuse_other_sites()
        return self._api.session, self._api.body

    def _action(self, action: str) -> definition.Action:
        try:
            return self._step.definition.actions[action]
        except KeyError:
            raise Problem("not-found") from None

    def _act(self, session: Session, student: str, action: definition.Action, body: Body, version: int) -> Outcome:
        try:
            outcome = self._try(session, student, action, body, version)
        except Problem as problem:
            count("ActionsRefused", step=self._id)
            if problem.code == "not-in-season" and self._step.definition.department == "school":
                # who signs for some graduates only must not learn which of the others there are
                raise Problem("forbidden") from problem
            raise
        if outcome.event and (refused := outcome.event.evidence.get(REFUSED)):
            count("ActionsRefused", step=self._id)
            raise Problem(str(refused))
        if not outcome.repeated:
            count("ActionsAccepted", step=self._id)
        return outcome

    def _try(self, session: Session, student: str, action: definition.Action, body: Body, version: int) -> Outcome:
        if action.by == "student":
            demand(session, "act-as-student", student=student)
        else:
            # before anything is read: who signs for no office must not learn who has a case
            self._demand_signature(session, session.school, session.sub)
        key = f"{session.sub}#{idempotency_key(body)}"
        answers = {name: text.strip() for name, text in body.fields.items() if name not in OWN_FIELDS}
        check_form(action, answers)
        self._check_evidence(action, answers, student)
        event = Event(
            key=key,
            what=action.id,
            who=session.sub,
            role=session.role,
            at=clock.now(),
            why=answers.get("reason", ""),
            fingerprint=fingerprint(self._id, action.id, answers),
            evidence={} if action.standard else _evidence(self._step.definition, answers),
        )
        request = Request(action.id, answers, version, event)

        def decide(case: Case) -> Change | None:
            if action.by == "department":
                self._demand_signature(session, case.graduate.school, case.graduate.supervisor)
            return self._step.act(case, request, clock.today())

        return self._store.change(student, key, decide, event.fingerprint)

    def _check_evidence(self, action: definition.Action, answers: Mapping[str, str], student: str) -> None:
        """Raise Problem("invalid-form") unless every document is an accepted one of this very student and question."""
        errors: list[dict[str, str]] = []
        for field in action.fields:
            if not field.evidence or field.name not in answers:
                continue
            upload = self._store.upload(student, answers[field.name])
            if upload is None or upload.status != "accepted" or (upload.step, upload.field) != (self._id, field.name):
                errors.append({"field": field.name, "code": "invalid"})
        if errors:
            raise Problem("invalid-form", fields=", ".join(error["field"] for error in errors), errors=errors)

    def _demand_signature(self, session: Session, school: str, supervisor: str) -> None:
        known = self._step.definition
        theirs = known.supervisor(supervisor)
        demand(session, "sign-for-office", school=school, department=known.department, supervisor=theirs)

    # --- the department delivers ---------------------------------------------------------------------------
    def _feed(self, context: Any) -> _Feed:
        return _Feed(self._step, self._store, str(context.aws_request_id))

    def _decide_feed(self, decision: str) -> Response[str]:
        session, body = self._request()
        demand(session, "decide-feed", department=self._step.definition.department)
        intake = self._feed(self._api.resolver.lambda_context).intake
        seen = body.fields.get("snapshot", "")
        if decision == "confirm":
            bus.emit([bus.intake_left(intake.confirm(session.sub, seen))])
        elif decision == "discard":
            intake.discard(session.sub, seen)
        else:
            raise Problem("not-found")
        return self._api.answer(
            {"step": self._id, "feed": decision}, done=f"{self._id}.feed-{decision}", back=body.next
        )

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
        desk = Desk(_s3(), setting("INTAKE_BUCKET"), setting("DOCUMENTS_BUCKET"))
        self.intake = FeedIntake(desk, store, step, owner)

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


def idempotency_key(body: Body) -> str:
    """What whoever sent `body` calls it by, to send it again. Raises Problem("malformed-request")."""
    key = body.fields.get("idempotency_key", "")
    if not 8 <= len(key) <= 100:
        raise Problem("malformed-request")
    return key


def check_form(action: definition.Action, answers: dict[str, str]) -> None:
    """Raise Problem("invalid-form") that names each field; empty optional answers are dropped."""
    for field in action.fields:
        if not field.required and not answers.get(field.name):
            answers.pop(field.name, None)
    errors: list[dict[str, str]] = []
    for field in action.fields:
        if field.required and not answers.get(field.name):
            errors.append({"field": field.name, "code": "required"})
        elif field.name in answers and not _valid(dict(field.schema), answers[field.name]):
            errors.append({"field": field.name, "code": "invalid"})
    known = {field.name for field in action.fields}
    errors += [{"field": name, "code": "unknown"} for name in answers if name not in known]
    if errors:
        raise Problem("invalid-form", fields=", ".join(error["field"] for error in errors), errors=errors)


def _valid(schema: dict[str, Any], value: str) -> bool:
    try:
        _validator(json.dumps(schema, sort_keys=True))(value)
    except fastjsonschema.JsonSchemaValueException:
        return False
    return True


@cache
def _validator(schema: str) -> Callable[[str], Any]:
    """What checks a value against the JSON Schema in `schema`; made once, for making it takes a millisecond."""
    return cast(Callable[[str], Any], fastjsonschema.compile(json.loads(schema)))  # pyright: ignore[reportUnknownMemberType]


def _evidence(step: definition.StepDefinition, answers: Mapping[str, str]) -> dict[str, str]:
    """What the event tells of `answers`: all but one-time codes."""
    return {name: value for name, value in answers.items() if name not in step.secrets}


def fingerprint(step: str, action: str, answers: Mapping[str, str]) -> str:
    """What tells one request from another under the same idempotency key."""
    text = json.dumps([step, action, sorted(answers.items())], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
