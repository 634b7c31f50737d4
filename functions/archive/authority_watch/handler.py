"""authority_watch: for how many days somebody vouches yet for the key that seals editions.

Trigger: every morning. Reads: the chain that is installed. Writes nothing. Emits: AuthorityDays, 0 when there is no
chain or one of it has ended: nothing is sealed then, and a new certificate takes a university weeks.
"""

from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from proof import keys
from yinji.editions.signing import Authority, NoAuthority
from yinji.platform import clock
from yinji.platform.observability import gauge, logger, metrics

authority = Authority(boto3.client("s3"))  # pyright: ignore[reportUnknownMemberType]


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    try:
        left = (keys.ends_at(authority.chain()) - clock.now()).days
    except NoAuthority:
        left = 0
    gauge("AuthorityDays", max(left, 0))
