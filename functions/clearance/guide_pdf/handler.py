"""guide-pdf: the guide of a flow on paper, for whoever asks.

Trigger: GET /api/clearance/guides/{flow}/{language}.pdf. Reads the definitions it was deployed with, and nothing else.
Writes and emits nothing.
"""

from dataclasses import asdict
from functools import lru_cache
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from typeset.guide import GuideData, guide_pdf
from yinji.clearance import university
from yinji.clearance.guide import guide_of
from yinji.platform import clock
from yinji.platform.environment import setting
from yinji.platform.http import Api
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

KEPT = "public, max-age=3600"
"""A guide changes with a deployment; an hour later everybody has the new one."""
LANGUAGES = {"zh.pdf": "zh", "en.pdf": "en"}

api = Api()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/clearance/guides/<flow>/<file>")
def guide(flow: str, file: str) -> Response[bytes]:
    language = LANGUAGES.get(file)
    if language is None:
        raise Problem("not-found")
    data = data_of(flow, language)
    tag = f'"{data.identity}"'
    headers: dict[str, str | list[str]] = {"ETag": tag, "Cache-Control": KEPT, "X-Content-Type-Options": "nosniff"}
    asked = [known.strip().removeprefix("W/") for known in api.headers.get("if-none-match", "").split(",")]
    if tag in asked or "*" in asked:
        return Response(status_code=304, headers=headers, body=b"")
    headers["Content-Disposition"] = f'inline; filename="guide-{flow}.{language}.pdf"'
    body = drawn(flow, language, data.identity)
    return Response(status_code=200, content_type="application/pdf", headers=headers, body=body)


def data_of(flow: str, language: str) -> GuideData:
    """What the guide says today. Raises Problem("not-found") for a flow that is none."""
    return GuideData(
        guide=asdict(guide_of(flow, language)),
        university=university.name()[language],
        as_of=clock.today(),
        url=f"{setting('PUBLIC_URL')}/guide/{flow}",
    )


@lru_cache(maxsize=16)
def drawn(flow: str, language: str, identity: str) -> bytes:
    """The document, drawn once as long as what it says (`identity`) stays the same."""
    return guide_pdf(data_of(flow, language), clock.now())
