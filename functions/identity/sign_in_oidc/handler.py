"""sign-in-oidc: signing in by the university's OpenID provider.

Trigger: GET /api/sign-in/oidc, which sends a browser away, /api/sign-in/oidc/back, where it comes back, and
/api/sign-in/oidc/leave, which leaves the university's own sign-in as well. Reads: the signing keys, the client's
secret, the provider's metadata and keys, the register of people, the case or the archive of a student. Writes: that
somebody signed in. Emits nothing.
"""

from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.typing import LambdaContext
from sign_in import Identity, Refused
from sign_in.oidc import Provider
from yinji.identity.sign_in import Attempt, Door, refusal, turned_away
from yinji.platform.environment import setting
from yinji.platform.http import Api, elsewhere
from yinji.platform.observability import logger, metrics

api = Api()
door = Door(api, "oidc", Refused)


@cache
def provider() -> Provider:
    secret = setting("OIDC_SECRET")
    return Provider(
        issuer=setting("OIDC_ISSUER"),
        client=setting("OIDC_CLIENT"),
        secret=str(parameters.get_secret(secret, max_age=60)) if secret else "",  # pyright: ignore[reportUnknownMemberType]
        back=f"{setting('PUBLIC_URL')}/api/sign-in/oidc/back",
        account_claim=setting("OIDC_ACCOUNT"),
    )


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/sign-in/oidc")
def go_away() -> Response[str]:
    return door.away(lambda it: provider().away(it.state, it.nonce, it.verifier, it.again))


@api.get("/api/sign-in/oidc/back")
def come_back() -> Response[str]:
    return door.back(identify)


def identify(attempt: Attempt) -> Identity:
    try:
        return provider().identity(api.query, attempt.state, attempt.nonce, attempt.verifier, attempt.again)
    except Refused as refused:
        if refused.code == "untrue":  # our secret may have changed, or what the provider says of itself
            provider.cache_clear()
        raise


@api.get("/api/sign-in/oidc/leave")
def leave() -> Response[str]:
    try:
        place = provider().leave(f"{setting('PUBLIC_URL')}/sign-in")
    except Refused as refused:
        return turned_away(refusal(refused.code), str(refused))
    return elsewhere(place or "/sign-in")
