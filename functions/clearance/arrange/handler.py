"""arrange: what is arranged for one case beside its steps: a later deadline, going abroad, leaving the batch, ...

Trigger: POST /api/clearance/cases/{student}/arrangements/{arrangement}. Reads and writes: the table. Emits nothing.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.adapter import answers_of, check_form, fingerprint
from yinji.clearance.arrangements import OFFICE, PERMISSIONS, arrange, forms
from yinji.clearance.case import Case, Change, Event
from yinji.clearance.policy import demand
from yinji.clearance.store import Store
from yinji.platform import clock
from yinji.platform.http import Api
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem

api = Api()
store = Store()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/clearance/cases/<student>/arrangements/<arrangement>")
def arranged(student: str, arrangement: str) -> Response[str]:
    session, body = api.session, api.body
    form = forms().get(arrangement)
    if form is None:
        raise Problem("not-found")
    own = student if session.role == "student" else ""
    # before anything is read: who may arrange nothing must not learn who has a case
    demand(session, PERMISSIONS[arrangement], student=own, school=session.school, department=OFFICE)
    if form.proved:
        api.demand_fresh()
    key, answers = f"{session.sub}#{body.idempotency_key}", answers_of(body)
    check_form(form, answers)
    event = Event(
        key=key,
        what=arrangement,
        who=session.sub,
        role=session.role,
        at=clock.now(),
        why=answers.get("reason", ""),
        fingerprint=fingerprint(arrangement, student, answers),
        evidence=({"until": answers["until"]} if "until" in answers else {}) | session.on_behalf,
    )

    def decide(case: Case) -> Change | None:
        demand(session, PERMISSIONS[arrangement], student=student, school=case.graduate.school, department=OFFICE)
        batch = store.batch(case.batch) if arrangement == "restore" else None
        return arrange(case, arrangement, answers, batch, clock.today(), event)

    try:
        outcome = store.change(student, key, decide, event.fingerprint)
    except Problem as problem:
        count("ArrangementsRefused")
        if problem.code == "not-in-season" and session.school:
            # who arranges for a school must not learn who there is in others
            raise Problem("forbidden") from problem
        raise
    count("ArrangementsMade", 0 if outcome.repeated else 1)
    document = {"student": student, "arrangement": arrangement, "repeated": outcome.repeated}
    return api.answer(document, done=f"arrangement.{arrangement}", back=body.next)
