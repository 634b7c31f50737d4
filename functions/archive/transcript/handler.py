"""transcript: the second-classroom transcript of one student, as a file for a spreadsheet.

Trigger: GET /api/archive/students/{student}/transcript/{file}, file being transcript.csv or transcript.xlsx. Reads: the
student and their records. Writes nothing. Emits: who takes one that is not their own, to the queue of looks; metrics.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.access import visible_student
from yinji.archive.store import Archive
from yinji.archive.transcript import table, transcript
from yinji.clearance.exports import KINDS
from yinji.identity import seen
from yinji.platform import clock
from yinji.platform.http import Api
from yinji.platform.limits import EXPORTS
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem
from yinji.platform.sheets import drawn

api = Api()
archive = Archive()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/archive/students/<student>/transcript/<file>")
def export(student: str, file: str) -> Response[Any]:
    who = visible_student(api.session, "see-archive", student, archive.student)
    what, _, kind = file.rpartition(".")
    if what != "transcript" or kind not in KINDS:
        raise Problem("not-found")
    api.limit(EXPORTS)
    told = table(transcript(who, archive.records(student)), api.language)
    seen.note(api.session, "transcript", student)
    count("ArchiveRowsTaken", len(told.rows))
    body, media_type = drawn(told, kind)
    headers = {
        "Content-Disposition": f'attachment; filename="transcript-{clock.today().isoformat()}.{kind}"',
        "Cache-Control": "no-store",
        "Vary": "Accept-Language, Cookie",
    }
    return Response(status_code=200, content_type=media_type, headers=headers, body=body)
