"""claim: what a student does about their own records: claim one, change or withdraw the claim, say that one is wrong.

Trigger: POST /api/archive/students/{student}/claims; .../claims/{claim}/{deed}, `deed` being change or withdraw;
.../records/{key}/dispute. Reads: the student, the record, uploads. Writes: the record with its event. Emits: metrics.
"""

from dataclasses import replace
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive import claims
from yinji.archive.access import seen_version, visible_student
from yinji.archive.acts import Acts, Work
from yinji.archive.record import Record, RecordEvent, key_of
from yinji.archive.store import Archive
from yinji.archive.student import Student
from yinji.clearance.adapter import check_form
from yinji.clearance.store import Store
from yinji.platform import clock
from yinji.platform.http import Api, Body
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import invalid_form

OWN_FIELDS = ("version", "idempotency_key")
api = Api()
archive = Archive()
acts = Acts(archive)
store = Store()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/archive/students/<student>/claims")
def make(student: str) -> Response[str]:
    who, body = themselves(student), api.body
    key, answers, now = body.idempotency_key, answered(student, body), clock.now()
    made = claims.claimed(student, answers, key, now, clock.today())
    event = RecordEvent("claimed", student, "student", now, key=claims.fingerprint(answers))
    kept, new = acts.claim(made, who.school, event)
    if new:
        count("RecordsClaimed")
    told = {"record": kept.path, "state": kept.state, "version": kept.version}
    return api.answer(told, done="claim.made", back=body.next)


@api.post("/api/archive/students/<student>/claims/<claim>/change")
def change(student: str, claim: str) -> Response[str]:
    who, body = themselves(student), api.body
    answers, now = answered(student, body), clock.now()
    event = RecordEvent("changed", student, "student", now, key=body.idempotency_key)

    def work(record: Record) -> tuple[Record, RecordEvent]:
        was = {name: told for name, told in claims.answers_of(record).items() if answers.get(name, "") != told}
        return claims.changed(record, answers, now, clock.today()), replace(event, was=was)

    return changed_to(who, f"{claims.SOURCE}#{claim}", body, event, work)


@api.post("/api/archive/students/<student>/claims/<claim>/withdraw")
def withdraw(student: str, claim: str) -> Response[str]:
    who, body, now = themselves(student), api.body, clock.now()
    event = RecordEvent("withdrawn", student, "student", now, key=body.idempotency_key)
    return changed_to(
        who, f"{claims.SOURCE}#{claim}", body, event, lambda record: (claims.withdrawn(record, now), event)
    )


@api.post("/api/archive/students/<student>/records/<key>/dispute")
def dispute(student: str, key: str) -> Response[str]:
    """The student need not say which version they saw: what is wrong with a record is wrong with the next one too."""
    who, body, now = themselves(student), api.body, clock.now()
    words = body.fields.get("words", "").strip()
    event = RecordEvent("disputed", student, "student", now, words, body.idempotency_key)
    return changed_to(
        who, key_of(key), body, event, lambda record: (claims.disputed(record, words, now), event), any_version=True
    )


def themselves(student: str) -> Student:
    """The student who asks. Raises Problem("forbidden") for anybody else, Problem("no-archive")."""
    return visible_student(api.session, "act-in-archive", student, archive.student)


def answered(student: str, body: Body) -> dict[str, str]:
    """What the form was filled in with. Raises invalid-form, also for a document that is not an accepted one of this
    student's."""
    answers = {name: text.strip() for name, text in body.fields.items() if name not in OWN_FIELDS}
    check_form(claims.form(), answers)
    if id := answers.get(claims.EVIDENCE):
        upload = store.upload(student, id)
        if upload is None or upload.status != "accepted" or upload.step != claims.STEP:
            raise invalid_form({claims.EVIDENCE: "invalid"})
    return answers


def changed_to(
    who: Student, key: str, body: Body, event: RecordEvent, work: Work, *, any_version: bool = False
) -> Response[str]:
    done = acts.change(who, key, 0 if any_version else seen_version(body), event, work)
    if done.new:
        count("RecordsDisputed" if event.what == "disputed" else "ClaimsChanged")
    record = done.record
    told = {"record": record.path, "state": record.state, "version": record.version}
    return api.answer(told, done=f"claim.{event.what}", back=body.next)
