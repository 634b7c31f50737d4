"""author: the forms of an office: begun, changed, published, retired and copied.

Trigger: GET and POST /api/forms/desk, GET /api/forms/desk/{form}, POST .../{form}/edit/{change}, POST
.../{form}/documents, POST .../{form}/{deed}. Reads: forms with what happened to them. Writes: forms, their versions and
what happened to them. Emits: metrics.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.forms import desk, editing, library
from yinji.forms.store import Forms
from yinji.platform import clock
from yinji.platform.http import Api, Body, as_json
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem, whole

api = Api()
forms = Forms()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/forms/desk")
def listed() -> Response[str]:
    return as_json(200, {"forms": [desk.head_document(head) for head in desk.heads(forms, api.session)]})


@api.post("/api/forms/desk")
def begin() -> Response[str]:
    """A new form, or a copy of one that there is."""
    session, body = api.session, api.body
    office = desk.office_of(session, body.fields)
    key = desk.key_of(session.sub, "begin", body.idempotency_key)
    id = body.fields.get("id") or editing.id_from(body.fields, key)
    if copied := body.fields.get("copy"):
        form = editing.fit(library.clone(desk.source(forms, copied, session), id, office), api.language)
    else:
        form = editing.begun(id, office, body.fields, api.language)
    head, new = desk.begin(forms, form, key, session.sub, clock.now())
    if new:
        count("FormsBegun", how="copied" if copied else "new")
    opened = desk.opened(forms, head.id, session)
    back = f"/forms/desk/{head.id}#notice" if body.next else ""
    return api.answer(desk.document(opened), done="forms-edit.begin", back=back)


@api.get("/api/forms/desk/<id>")
def one(id: str) -> Response[str]:
    opened = desk.opened(forms, id, api.session)
    history = desk.history_document(forms.form_history(id))
    return as_json(200, desk.document(opened) | {"history": history})


@api.post("/api/forms/desk/<id>/edit/<change>")
def edit(id: str, change: str) -> Response[str]:
    session, body = api.session, api.body
    if change not in editing.CHANGES:
        raise Problem("not-found")
    return perform(id, change, body, desk.edit(forms, change, body.fields, session.sub, api.language))


@api.post("/api/forms/desk/<id>/documents")
def documents(id: str) -> Response[str]:
    """The draft as a program says it: its two documents, whole."""
    told = dict(api.document)
    work = desk.put(forms, told.pop("schema", None), told.pop("layout", None), api.session.sub, api.language)
    return perform(id, "documents", Body({name: str(value) for name, value in told.items()}), work)


@api.post("/api/forms/desk/<id>/<deed>")
def act(id: str, deed: str) -> Response[str]:
    if deed not in desk.DEEDS:
        raise Problem("not-found")
    return perform(id, deed, api.body, desk.turn(deed, api.session.sub))


def perform(id: str, what: str, body: Body, work: desk.Work) -> Response[str]:
    """Do `work` to a form, of which whoever asks saw a version, and tell of it as it is then."""
    session = api.session
    office = desk.opened(forms, id, session).head.office
    key, seen = desk.key_of(session.sub, what, body.idempotency_key), whole(body.fields.get("version", ""), "version")
    done = desk.perform(forms, id, office, seen, key, clock.now(), work)
    if done.new and what == "publish":
        count("FormsPublished")
    opened = desk.opened(forms, id, session)
    # who asks one more question goes on with it
    added = editing.newest(done.before, opened.form) if what == "field-add" and done.new else ""
    back = f"/forms/desk/{id}?field={added}#notice" if body.next and added else body.next
    return api.answer(desk.document(opened), done=f"forms-edit.{what}", back=back)
