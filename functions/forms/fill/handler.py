"""fill: somebody fills a form: page by page, on one device or another, and sends it.

Trigger: POST /api/forms/f/{form}/save, .../submit and .../give-up. Reads: the form, what is known of whoever fills it,
their documents, and of which school they are. Writes: what they have filled so far, what they sent with what happened
to it, what is known of them. Emits: metrics.

What is sensitive is sealed before it is kept. A page without script is led to the next one, or back to where something
is wrong: what was typed is kept, and never stands in an address.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.store import Store
from yinji.forms import telling
from yinji.forms.coming import Came, of_document, of_page
from yinji.forms.facts_store import Facts
from yinji.forms.filling import Filled
from yinji.forms.form import Form
from yinji.forms.sending import Desk
from yinji.forms.store import Forms
from yinji.platform.http import Api, as_json, redirect
from yinji.platform.limits import FORM_SAVES, FORMS_SENT
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem

api = Api(writes=FORM_SAVES)
desk = Desk(Forms(), Facts(), Store())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/forms/f/<id>/save")
def save(id: str) -> Response[str]:
    session = api.session
    form = desk.open(session, id)
    came = coming(form)
    draft = desk.save(session, id, came.sent, came.page, seen=came.seen)
    count("FormDraftsSaved")
    wrong = desk.wrong_on(session, draft, came.page) if came.page is not None and came.go == "next" else {}
    if not api.is_form:
        return as_json(200, telling.draft(form, draft) | {"wrong": wrong})
    if came.go == "later":
        return redirect("/forms#notice", done="forms-fill.saved")
    if wrong and came.page is not None:
        return led_back(form, wrong, came.page)
    page = (came.page or 0) + (came.go == "next")
    return redirect(f"/forms/f/{id}?page={page + 1 if page < len(form.pages) else 'review'}")


@api.post("/api/forms/f/<id>/submit")
def submit(id: str) -> Response[str]:
    session = api.session
    form = desk.open(session, id)
    key = api.body.idempotency_key if api.is_form else str(api.document.get("idempotency_key") or "")
    if not 8 <= len(key) <= 100:
        raise Problem("malformed-request")
    api.limit(FORMS_SENT)
    came = coming(form)
    try:
        sending = desk.submit(session, id, came.sent, key, came.corrects, seen=came.seen)
    except Problem as problem:
        if not (api.is_form and problem.code == "invalid-form"):
            raise
        return led_back(form, {error["field"]: error["code"] for error in problem.params["errors"]})
    one = sending.submission
    if sending.new:
        count("FormsSubmitted" if one.version == 1 else "FormsCorrected")
    if sending.filled:
        measured(sending.filled)
    told = telling.submission(form, one)
    return api.answer(told, done="forms-fill.sent", back=f"/forms/s/{one.id}#notice")


@api.post("/api/forms/f/<id>/give-up")
def give_up(id: str) -> Response[str]:
    session = api.session
    desk.give_up(session, desk.open(session, id).id)
    return api.answer({"form": id, "draft": None}, done="forms-fill.given-up", back="/forms#notice")


def coming(form: Form) -> Came:
    """What was filled, as the page or the program says it."""
    return of_page(form, api.body.fields) if api.is_form else of_document(form, api.document)


def led_back(form: Form, wrong: dict[str, str], page: int | None = None) -> Response[str]:
    """To the first page on which something is wrong, or the one that is given."""
    names = {at.partition("/")[0] for at in wrong}
    first = next((place for place, one in enumerate(form.pages) if names & {field.name for field in one.fields}), 0)
    place = f"/forms/f/{form.id}?page={(first if page is None else page) + 1}#notice"
    return redirect(place, problem="invalid-form", fields=",".join(wrong))


def measured(filled: Filled) -> None:
    """Count how the questions were dealt with: what was asked again is what one-form is there to end."""
    ways = list(filled.ways.values())
    count("FormFieldsAsked", ways.count("asked"))
    count("FormFieldsConfirmed", ways.count("confirmed"))
    count("FormFieldsCorrected", ways.count("corrected"))
    count("FormFieldsSkipped", ways.count("skipped"))
    count("FormFieldsRepeated", len(filled.repeated))
