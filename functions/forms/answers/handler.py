"""answers: all that was answered to a form, as a file for a spreadsheet.

Trigger: GET /api/forms/desk/{form}/answers.csv and answers.xlsx, of a `year` or of all; with `whole` sensitive numbers
are not masked, for an office that may read them and proved a moment ago who it is. Reads: the form and what was sent of
it; KMS unwraps the keys of people. Writes: who took the list, when and how many rows (AUDIT#<day>, TAKEN#<who> of the
table of cases), before it is handed out. Emits: who is in it, to the queue of looks; metrics.
"""

from collections.abc import Sequence
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.exports import told_of
from yinji.clearance.store import Store
from yinji.forms import deciding, desk
from yinji.forms.answered import sealed_fields
from yinji.forms.form import Form
from yinji.forms.outputs import table
from yinji.forms.report import YEAR, beginning
from yinji.forms.store import Forms
from yinji.forms.submission import Submission
from yinji.forms.unsealing import Unsealing
from yinji.identity import seen
from yinji.platform.clock import CAMPUS
from yinji.platform.http import Api
from yinji.platform.limits import EXPORTS
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem
from yinji.platform.sheets import download

LARGEST = 4_500_000
"""Bytes of a file: an answer ends at 6 MB, and bytes travel in base64. More than that is had year by year, so that no
list of people has to be laid down anywhere to be fetched."""
MOST_WHOLE = 2000
"""Submissions whose numbers are taken out at once: each of their people has a key, which KMS has to open."""
api = Api()
forms = Forms()
store = Store()
unsealing = Unsealing()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/forms/desk/<form>/answers.csv")
def as_csv(form: str) -> Response[Any]:
    if api.query.get("whole"):
        # a spreadsheet that reads a CSV keeps fifteen digits of a number, and a card has more
        raise Problem("not-found")
    return export(form, "csv")


@api.get("/api/forms/desk/<form>/answers.xlsx")
def as_xlsx(form: str) -> Response[Any]:
    return export(form, "xlsx")


def export(id: str, kind: str) -> Response[Any]:
    found = desk.opened(forms, id, api.session)
    api.limit(EXPORTS)
    whole = bool(api.query.get("whole"))
    if whole:
        api.demand_fresh()
    some = sent_in(id, api.query.get("year", ""))
    versions = {version: form for (_, version), form in deciding.versions(forms, some).items()}
    if whole:
        if len(some) > MOST_WHOLE:
            raise Problem("export-too-large")
        some = opened(some, versions)
    told = table(found.published or found.form, versions, some, api.language)
    filters = told_of({name: api.query.get(name, "") for name in ("year", "whole")}) | {"form": id}
    request = str(api.resolver.lambda_context.aws_request_id)
    store.record_export(api.session, "answers", len(told.rows), filters, request)
    seen.note(api.session, "list", *dict.fromkeys(one.person for one in some))
    count("FormAnswersExported", len(told.rows))
    answer = download(f"form-{id}", told, kind, api.headers.get("accept-encoding", ""))
    if len(answer.body or b"") > LARGEST:
        raise Problem("export-too-large")
    return answer


def sent_in(id: str, year: str) -> list[Submission]:
    """What was sent of the form, in `year` of the campus where it says one. Raises Problem("not-found")."""
    if not year:
        return forms.of_form(id)
    if not YEAR.fullmatch(year):
        raise Problem("not-found")
    return [one for one in forms.of_form(id, beginning(year)) if one.at.astimezone(CAMPUS).year == int(year)]


def opened(some: Sequence[Submission], versions: dict[int, Form]) -> list[Submission]:
    """`some` with those of their sensitive answers in clear that the reader may read, which is written down first.
    Raises Problem("forbidden") when there is none."""
    wanted = [
        (
            one,
            [
                field
                for field in sealed_fields(versions[one.form_version], one.answers)
                if deciding.may_open(api.session, one, field)
            ],
        )
        for one in some
    ]
    numbered = [one.person for one, fields in wanted if fields]
    if not numbered:
        raise Problem("forbidden")
    seen.note(api.session, "account", *dict.fromkeys(numbered))
    count("FormNumbersUnsealed", sum(len(fields) for _, fields in wanted))
    return unsealing.opened_all(wanted)
