"""Writing down who looks at a student's data: one line of whatever shows it, before it is shown.

The look goes into a queue, and `identity/seen` keeps it in the table of people. What shows data may put into that
queue and nothing else: so who looks can add to the record but neither change nor delete what stands in it, and the
portal goes on having no table to write to.

A look that cannot be written down is not shown (Problem("look-not-noted"), 503): what an access log does not hold
must not have happened, and whoever would look unseen had only to wait for, or to make, a bad moment. Students are not
held up by it, for what they see is their own; offices still have their lists.

It costs one call of SQS a look: some milliseconds in the region, and forty US cents for a million. The queue is of
no order, so no throughput has to be asked for.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from yinji.identity.looks import Look, What, look, look_by_link
from yinji.identity.session import Session
from yinji.platform import clock
from yinji.platform.environment import setting
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

PATIENCE = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2, "mode": "standard"})
"""Somebody waits for the page: six seconds at the very worst, and then it says that it cannot be shown."""


@cache
def client() -> Any:
    """The client, made once somebody looks: most environments of the portal show people what is their own."""
    return cast(Any, boto3.client("sqs", config=PATIENCE))  # pyright: ignore[reportUnknownMemberType]


def note(session: Session, what: What, *students: str, step: str = "") -> None:
    """Have it written down that `session` is shown `what` of `students`, unless it is their own or for practice.

    Raises Problem("look-not-noted"): then it must not be shown.
    """
    found = look(session, what, students, clock.now(), step)
    if found is not None:
        _send(found)


def by_link(share: str, what: What, student: str) -> None:
    """Have it written down that whoever has the link `share` of `student` is shown `what`.

    Raises Problem("look-not-noted"): then it must not be shown.
    """
    _send(look_by_link(share, what, student, clock.now()))


def _send(found: Look) -> None:
    try:
        for part in found.parts():
            body = json.dumps(part.document, ensure_ascii=False)
            client().send_message(QueueUrl=setting("SEEN_QUEUE"), MessageBody=body)
    except (BotoCoreError, ClientError) as error:
        logger.error("look not noted", exc_info=error)
        raise Problem("look-not-noted") from error
