"""pdf: a submission as a document, in its office's own layout; and what a layout looks like before it is published.

Trigger: GET /api/forms/s/{submission}/form.pdf; with `whole` sensitive numbers stand in it whole, for who may read them
and proved a moment ago who they are; GET /api/forms/desk/{form}/preview.pdf. Reads: the submission, its form, the names
of who decided; KMS unwraps the key of the person. Writes: how often somebody asked. Emits: who looks at whose answers,
to the queue of looks; that a layout does not work, on the bus; metrics.
"""

from datetime import datetime
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from typeset import RenderError
from typeset.form import AnswerData, ApprovalData, FormData, SectionData, form_pdf
from typeset.sandbox import brief, place
from yinji.clearance import bus
from yinji.forms import deciding, desk
from yinji.forms.access import visible
from yinji.forms.answered import Answer, say
from yinji.forms.form import Form
from yinji.forms.printing import made_up, printed
from yinji.forms.sending import PREFIX
from yinji.forms.store import Forms
from yinji.forms.submission import Submission
from yinji.forms.unsealing import Unsealing
from yinji.identity import seen
from yinji.identity.store import People
from yinji.platform import clock
from yinji.platform.http import Api
from yinji.platform.limits import EXPORTS
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem

api = Api()
forms = Forms()
people = People()
unsealing = Unsealing()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/forms/s/<id>/form.pdf")
def of_submission(id: str) -> Response[bytes]:
    api.limit(EXPORTS)
    one = visible(api.session, forms.find(id))
    form = forms.version(one.form, one.form_version)
    whole = bool(api.query.get("whole"))
    if whole:
        one = opened(one, form)
    seen.note(api.session, "submission", one.person, step=f"{PREFIX}{one.form}")
    names = {said.who: people.person(said.who).name or said.who for said in one.approvals}
    told, at = data_of(one, form, names, whole), max(one.times.values())
    try:
        body = form_pdf(told, at, form.template)
    except RenderError as error:
        if not form.template:
            raise
        logger.warning("layout does not work", extra={"form": form.id, "version": form.version})
        count("FormLayoutsFailed")
        bus.emit([bus.layout_failed(form.id, form.version, form.office, place(str(error)))])
        body = form_pdf(told, at)
    count("FormDocuments")
    return document(body, f"{one.form}-{one.id[:8]}")


def opened(one: Submission, form: Form) -> Submission:
    """`one` with those of its sensitive answers in clear that the reader may read. Raises Problem: forbidden when that
    is none, prove-again, look-not-noted."""
    fields = [field for field in form.fields if deciding.may_open(api.session, one, field)]
    if not fields:
        raise Problem("forbidden")
    api.demand_fresh()
    seen.note(api.session, "account", one.person, step=f"{PREFIX}{one.form}")
    count("FormNumbersUnsealed", sum(bool(one.answers.get(field.name)) for field in fields))
    return unsealing.opened(one, fields)


@api.get("/api/forms/desk/<form>/preview.pdf")
def preview(form: str) -> Response[bytes]:
    shown = desk.opened(forms, form, api.session).form
    api.limit(EXPORTS)
    at: datetime = clock.now()
    told = data_of(made_up(shown, api.language, at), shown, {}, whole=False)
    try:
        return document(form_pdf(told, at, shown.template), f"{form}-preview")
    except RenderError as error:
        raise Problem("form-layout-broken", message=brief(str(error))) from error


def document(body: bytes, name: str) -> Response[bytes]:
    headers: dict[str, str | list[str]] = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'inline; filename="{name}.pdf"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(status_code=200, content_type="application/pdf", headers=headers, body=body)


def data_of(one: Submission, form: Form, names: dict[str, str], whole: bool) -> FormData:
    language = "en" if api.language == "en" else "zh"
    told = printed(one, form, language, names)
    sections = [
        SectionData(say(section.title, language), [drawn(answer, language) for answer in section.answers])
        for section in told.sections
    ]
    plain = {name: value for name, value in vars(told).items() if name not in ("sections", "approvals")}
    approvals = [ApprovalData(**vars(said)) for said in told.approvals]
    return FormData(language, **plain, sections=sections, approvals=approvals, whole=whole)


def drawn(answer: Answer, language: str) -> AnswerData:
    field = answer.field
    heads = [say(column.title, language) for column in field.fields] if answer.rows else []
    return AnswerData(field.name, say(field.title, language), answer.text, heads, answer.rows, answer.strokes)
