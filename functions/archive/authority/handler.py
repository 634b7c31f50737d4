"""authority: what anybody needs who verifies an edition: who signs, who vouches for it, what was revoked.

Trigger: GET /.well-known/did.json, /.well-known/authority.pem and /.well-known/status/{number}, without a session.
Reads: the key's public half, its certificates, which places were revoked. Writes nothing. Emits: metrics.

Answers are the same for everybody and kept for five minutes; a list is signed as often by each process at most.
"""

import time
from datetime import timedelta
from typing import Any

import boto3
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from proof import did, jwt, keys, status
from yinji.editions.signing import GOOD_FOR, Authority, SigningKey
from yinji.editions.store import Editions
from yinji.platform import clock
from yinji.platform.environment import setting
from yinji.platform.http import Api, as_json
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem

DID = "application/did+json"
LONGEST = 6
"""Digits of the number of a list."""
LIST_GOOD_FOR = timedelta(days=1)
"""Who kept a list for longer asks again before they believe it."""
api = Api()
editions = Editions()
key = SigningKey()
s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]
authority = Authority(s3)
lists: dict[int, tuple[float, str]] = {}
"""The lists that were signed, and when."""


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/.well-known/did.json")
def did_document() -> Response[str]:
    """Of all keys that sign or did so."""
    return public(as_json(200, did.document_of(setting("PUBLIC_URL"), key.public(), authority.every()), DID))


@api.get("/.well-known/authority.pem")
def chain() -> Response[str]:
    """The certificates of all these keys, the one in use first."""
    told = "".join(authority.every())
    if not told:
        raise Problem("not-found")
    return public(Response(status_code=200, content_type="application/x-pem-file", body=told))


@api.get("/.well-known/status/<number>")
def status_list(number: str) -> Response[str]:
    if not number.isascii() or not number.isdecimal() or len(number) > LONGEST:
        raise Problem("not-found")
    return public(Response(status_code=200, content_type="application/vc+jwt", body=signed(int(number))))


def signed(number: int) -> str:
    """The list `number`. Raises Problem("not-found") when no place of it is taken yet, but for the first list."""
    at, known = lists.get(number, (0.0, ""))
    if known and time.monotonic() - at < GOOD_FOR:
        return known
    first = number * status.PLACES
    if number and first > editions.places():
        raise Problem("not-found")
    url = setting("PUBLIC_URL")
    issuer = did.did_of(url)
    revoked = [place - first for place in editions.revoked(first, first + status.PLACES - 1)]
    told = status.status_list(url, issuer, number, revoked, clock.now(), LIST_GOOD_FOR)
    made = jwt.signed(told, did.key_id(issuer, keys.public_jwk(key.public())), key.sign)
    lists[number] = (time.monotonic(), made)
    count("StatusListsSigned")
    return made


def public(answer: Response[str]) -> Response[str]:
    """Kept for a while by whoever likes, and read by pages of verifiers elsewhere."""
    answer.headers.update({"Cache-Control": f"public, max-age={GOOD_FOR:.0f}", "Access-Control-Allow-Origin": "*"})
    return answer
