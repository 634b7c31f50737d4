"""kept-copy: everything of an edition for its owner to keep, verifiable when the university's server is gone.

Trigger: GET /api/archive/students/{student}/editions/{edition}/kept-copy. Reads: the student's records, the edition,
sealed/, the key's public half and its certificates. Writes nothing. Emits: metrics.
"""

import json
from typing import Any

import boto3
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from proof import did, keys
from yinji.archive.access import visible_student
from yinji.archive.store import Archive
from yinji.clearance import codes
from yinji.editions import kept_copy
from yinji.editions.documents import Documents
from yinji.editions.model import FILES
from yinji.editions.signing import Authority, SigningKey
from yinji.editions.store import Editions
from yinji.platform import clock
from yinji.platform.environment import setting
from yinji.platform.http import Api
from yinji.platform.limits import EXPORTS
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem
from yinji.platform.sheets import as_csv

api = Api()
archive = Archive()
editions = Editions()
key = SigningKey()
s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]
authority = Authority(s3)
documents = Documents()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/archive/students/<student>/editions/<edition>/kept-copy")
def take(student: str, edition: str) -> Response[bytes]:
    visible_student(api.session, "act-in-archive", student, archive.student)
    found = editions.find(student, edition)
    if found is None or found.state != "sealed" or found.revoked_at:
        raise Problem("not-found")
    api.limit(EXPORTS)
    files = {name: documents.read(found, name) for name in FILES}
    chains = authority.every()
    url = setting("PUBLIC_URL")
    explained = kept_copy.explanation(
        day=clock.today(),
        code=codes.spoken(found.code),
        verify_url=codes.verify_url(url, found.code),
        digest=found.digest,
        roots=[keys.fingerprint_of_root(chain) for chain in chains],
    )
    body = kept_copy.packed(
        {
            kept_copy.explanation_name(): explained,
            **files,
            "credential.jsonld": kept_copy.readable(files["credential.jwt"].decode()),
            "records.csv": as_csv(kept_copy.table(archive.records(student), api.language)),
            "did.json": json.dumps(did.document_of(url, key.public(), chains), indent=2).encode(),
            "authority.pem": "".join(chains).encode(),
        },
        clock.now().astimezone(clock.CAMPUS),
    )
    count("KeptCopiesTaken")
    headers = {
        "Content-Disposition": f'attachment; filename="yinji-{found.code}.zip"',
        "Cache-Control": "private, no-store",
    }
    return Response(status_code=200, content_type="application/zip", headers=headers, body=body)
