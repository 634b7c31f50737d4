"""certify: a school decides about records of its students: one by one, or many at once behind a sample.

Trigger: POST /api/archive/students/{student}/records/{key}/{deed}, `deed` being certify, refuse, revoke or settle;
POST /api/archive/certify/{deed}, `deed` being begin, rest or give-up. Reads: students, records, rounds, what waits.
Writes: the record with its event, the round. Emits: metrics. The event is what the student is told by.
"""

from dataclasses import replace
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.access import seen_version, visible_student
from yinji.archive.acts import Acts
from yinji.archive.deciding import (
    DEEDS,
    LONGEST,
    SHORTEST,
    VERDICTS,
    Decision,
    corrections,
    decide,
    reason_of,
)
from yinji.archive.kinds import kinds
from yinji.archive.record import key_of, path_of
from yinji.archive.sampling import MOST_AT_ONCE, ORIGINS, Member, Round, fits
from yinji.archive.sampling_store import Rounds
from yinji.archive.store import Archive
from yinji.clearance.policy import demand
from yinji.platform import clock
from yinji.platform.http import Api, Body, redirect
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem, invalid_form

MOST_LOOKED_AT = 3_000
"""How many records that wait are looked through for those of a round."""
FILTERS = ("origin", "class", "counsellor")
api = Api()
archive = Archive()
acts = Acts(archive)
rounds = Rounds(archive)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/archive/students/<student>/records/<key>/<deed>")
def one(student: str, key: str, deed: str) -> Response[str]:
    who = visible_student(api.session, "certify-record", student, archive.student)
    body = api.body
    decision = decision_of(deed, body)
    done = acts.change(
        who, key_of(key), seen_version(body), decision.event, lambda record: decide(record, decision, clock.today())
    )
    if done.new:
        count("RecordsDecided", deed=decision.deed)
    told = {"record": done.record.path, "state": done.record.state, "version": done.record.version}
    return api.answer(told, done=f"certify.{decision.deed}", back=body.next)


@api.post("/api/archive/certify/begin")
def begin() -> Response[str]:
    """Draw a sample of what waits in one's school of one kind, as filtered."""
    session, body = api.session, api.body
    demand(session, "certify-record", school=session.school)
    kind, filters = body.fields.get("kind", ""), {name: body.fields[name] for name in FILTERS if body.fields.get(name)}
    wrong = {"kind": "invalid"} if kind not in kinds() else {}
    wrong |= {"origin": "invalid"} if filters.get("origin", ORIGINS[0]) not in ORIGINS else {}
    if wrong:
        raise invalid_form(wrong)
    key = body.idempotency_key
    begun = rounds.begin(
        session.sub, session.role, session.school, kind, key, filters, members(session.school, kind, filters)
    )
    count("RoundsBegun")
    return round_told(begun, "begun")


@api.post("/api/archive/certify/rest")
def rest() -> Response[str]:
    """Certify what was not drawn. Whoever began the round does it, for it is their sample that vouches for it."""
    session, body = api.session, api.body
    demand(session, "certify-record", school=session.school)
    found = round_of(body)
    if found.who != session.sub:
        raise Problem("forbidden")
    api.demand_fresh()
    by = Decision("certify", session.sub, session.role, clock.now(), "", acts_for=session.acts_for)
    ended = rounds.certify_rest(found, by)
    if found.state == "open":
        count("RecordsDecided", sum(not one.code for one in ended.results), deed="certify")
    return round_told(ended, "rest")


@api.post("/api/archive/certify/give-up")
def give_up() -> Response[str]:
    """End a round without the rest; a colleague may, when whoever began it is away."""
    session, body = api.session, api.body
    demand(session, "certify-record", school=session.school)
    return round_told(rounds.give_up(round_of(body), session.sub, clock.now()), "given-up")


def decision_of(deed: str, body: Body) -> Decision:
    """What was decided. Raises Problem("not-found") for what cannot be; invalid-form."""
    if deed not in DEEDS:
        raise Problem("not-found")
    session, fields = api.session, body.fields
    told = Decision(deed, session.sub, session.role, clock.now(), body.idempotency_key, acts_for=session.acts_for)
    if deed != "settle":
        return replace(told, why=reason_of(deed, fields.get("reason", ""), fields.get("words", "")))
    verdict, answer = fields.get("verdict", ""), fields.get("answer", "").strip()
    if verdict not in VERDICTS:
        raise invalid_form({"verdict": "invalid" if verdict else "required"})
    if not SHORTEST <= len(answer) <= LONGEST:
        raise invalid_form({"answer": "invalid" if answer else "required"})
    facts = corrections(fields) if verdict == "corrected" else {}
    return replace(told, why=answer, verdict=verdict, facts=facts)


def members(school: str, kind: str, filters: dict[str, str]) -> list[Member]:
    """The records that wait in `school` and fit, the oldest first."""
    fitting = [one for one in acts.waiting(school, MOST_LOOKED_AT) if fits(one, kind, filters.get("origin", ""))]
    if filters.keys() & {"class", "counsellor"}:
        known = archive.students(sorted({one.student for one in fitting}))
        wanted = (filters.get("class", ""), filters.get("counsellor", ""))
        fitting = [
            one
            for one in fitting
            if (who := known.get(one.student))
            and wanted[0] in ("", who.class_name)
            and wanted[1] in ("", who.counsellor)
        ]
    return [Member(one.student, one.key, one.version) for one in fitting[:MOST_AT_ONCE]]


def round_of(body: Body) -> Round:
    """The round of one's school that is meant. Raises Problem("not-found")."""
    found = rounds.find(api.session.school, body.fields.get("round", ""))
    if found is None:
        raise Problem("not-found")
    return found


def round_told(found: Round, done: str) -> Response[str]:
    if api.is_form and api.body.next:
        return redirect(f"/archive/certify/rounds/{found.id}", done=f"round.{done}")
    outcomes = [
        {"student": one.member.student, "record": path_of(one.member.key), "code": one.code} for one in found.results
    ]
    sample = [{"student": one.student, "record": path_of(one.key), "version": one.version} for one in found.sample]
    told = {"round": found.id, "state": found.state, "members": len(found.members), "sample": sample}
    return api.answer(told | {"outcomes": outcomes})
