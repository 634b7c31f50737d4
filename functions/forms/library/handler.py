"""library: which forms somebody can fill, and how each stands for them: what is known, what would be asked.

Trigger: GET /api/forms and GET /api/forms/f/{form}. Reads: forms, what whoever asks has begun and sent, what is known
of them. Writes and emits nothing. What is sensitive is told by its last signs.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.store import Store
from yinji.forms import telling
from yinji.forms.facts_store import Facts
from yinji.forms.sending import Desk
from yinji.forms.store import Forms
from yinji.forms.submission import submission_id
from yinji.platform import clock
from yinji.platform.http import Api, as_json
from yinji.platform.observability import logger

api = Api()
forms = Forms()
desk = Desk(forms, Facts(), Store())


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/forms")
def library() -> Response[str]:
    session = api.session
    offers = desk.offers(session, clock.now())
    begun = {draft.form for draft in forms.drafts(session.sub)}
    sent = {one.id for one in forms.of_person(session.sub)}
    once = {one.form.id: submission_id(one.form, session.sub, "") for one in offers if one.form.once}
    told = [
        telling.offer(one, one.form.id in begun, id if (id := once.get(one.form.id, "")) in sent else "")
        for one in offers
    ]
    return as_json(200, {"forms": told})


@api.get("/api/forms/f/<form>")
def sheet(form: str) -> Response[str]:
    return as_json(200, telling.sheet(desk.sheet(api.session, form, clock.now())))
