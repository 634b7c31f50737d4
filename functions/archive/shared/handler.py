"""shared: the document of an archive that a student shared by a link, for whoever has the link.

Trigger: GET /api/archive/shared/{token}/{file}, `file` being archive.pdf or credential.jwt, without a session. Reads:
the link, the edition, sealed/. Writes: how often somebody asked. Emits: that the link was opened, to the queue of
looks; metrics.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.editions.documents import Documents
from yinji.editions.model import FILES
from yinji.editions.share_store import Shares
from yinji.editions.store import Editions
from yinji.identity import seen
from yinji.platform import clock
from yinji.platform.http import Api
from yinji.platform.limits import LINK, VERIFY
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem

api = Api()
editions = Editions()
shares = Shares()
documents = Documents()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/archive/shared/<token>/<file>")
def download(token: str, file: str) -> Response[bytes]:
    api.limit_address(VERIFY)
    share = shares.by_token(token)
    if share is None or file not in FILES or share.shows != "whole":
        raise Problem("not-found")
    api.limit(LINK, share.id)
    edition = editions.find(share.student, share.edition)
    if edition is None or edition.standing == "none":
        raise Problem("not-found")
    if share.standing(clock.today(), edition) != "open":
        raise Problem("link-over")
    seen.by_link(share.id, "edition", share.student)
    answer = documents.answer(edition, file)
    count("SharedDocumentsFetched")
    return answer
