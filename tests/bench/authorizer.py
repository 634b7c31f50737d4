"""What being let in adds to a request of the API: a cookie that is believed, and one that is looked into again."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from itsdangerous import TimestampSigner
from yinji.identity.items import PersonItem
from yinji.identity.session import CHECKED, Session, sign
from yinji.platform import clock

from infra.setting import ROOT
from tests import handlers
from tests.bench.measuring import answered, interleaved, tell
from tests.sessions import begun

SECRET = {"SecretString": json.dumps({"key": "new", "older": ["old"]})}
GRANT = {
    "pk": {"S": "PERSON#T0001"},
    "sk": {"S": "GRANT#counsellor#S01"},
    "role": {"S": "counsellor"},
    "school": {"S": "S01"},
    "given_by": {"S": "register"},
    "given_at": {"S": "2026-06-01T00:00:00.000Z"},
}


def run() -> None:
    handler = handlers.load("identity/authorizer").handler
    event = json.loads((ROOT / "events" / "identity" / "authorizer.json").read_text("utf-8"))
    context = SimpleNamespace(
        aws_request_id="bench", function_name="bench", memory_limit_in_mb=512, invoked_function_arn="arn:bench"
    )
    session = begun(Session("T0001", "counsellor", "王老师", school="S01"), minutes_ago=60)
    fresh = sign(session, ["new"])
    then = int((clock.now() - CHECKED - timedelta(minutes=1)).timestamp())
    with patch.object(TimestampSigner, "get_timestamp", lambda self: then):
        older = sign(session, ["new"])

    def let_in(token: str) -> Any:
        answer = handler(event | {"cookies": [f"yinji_session={token}"]}, context)
        if not answer["isAuthorized"]:
            raise RuntimeError("nobody was let in")

    found = {"Responses": {PersonItem.Meta.table_name: [GRANT]}, "UnprocessedKeys": {}}
    with answered(BatchGetItem=found, GetSecretValue=SECRET):
        timings = interleaved(
            {
                "a cookie of the last five minutes": lambda: let_in(fresh),
                "an older one, the register answered from memory": lambda: let_in(older),
            },
            calls=200,
        )
    tell("Let in by the authorizer, whose answer API Gateway keeps for a minute", timings)
