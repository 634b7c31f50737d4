"""edition-download: an edition of a student's archive, or its credential, to whom may see it.

Trigger: GET /api/archive/students/{student}/editions/{edition}/{file}, `file` being archive.pdf, credential.jwt (the
whole record) or credentials.json (with every programme that is fulfilled). Reads: the student, the edition, sealed/.
Writes nothing. Emits: who fetches one that is not their own, to the queue of looks.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.access import visible_student
from yinji.archive.store import Archive
from yinji.editions.documents import Documents
from yinji.editions.model import FILES
from yinji.editions.store import Editions
from yinji.identity import seen
from yinji.platform.http import Api
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

api = Api()
archive = Archive()
editions = Editions()
documents = Documents()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/archive/students/<student>/editions/<edition>/<file>")
def download(student: str, edition: str, file: str) -> Response[bytes]:
    visible_student(api.session, "see-archive", student, archive.student)
    found = editions.find(student, edition)
    if found is None or found.state != "sealed" or file not in FILES:
        raise Problem("not-found")
    seen.note(api.session, "edition", student)
    return documents.answer(found, file)
