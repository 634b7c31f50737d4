"""capture: a reader sent passes; each becomes a record, or waits for what it lacks, or for somebody's decision.

Trigger: SQS, with what the topic rule makes of messages on yinji/readers/<device>/passes. Reads: the register of
readers, cards, students, the catalogue. Writes: passes, records, who came, when readers were heard of. Emits nothing:
the portrait follows from the table's stream. A message of which a pass could not be dealt with comes again.
"""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.readers import Impostor, Malformed, Message, message_of
from yinji.archive.readers_store import Readers
from yinji.archive.store import Archive
from yinji.platform.observability import count, gauge, logger, metrics

readers = Readers(Archive(), Catalogue())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """All messages together, for they share what has to be read; those that failed come again."""
    messages, again = dict[str, Message](), list[str]()
    for record in event["Records"]:
        try:
            messages[record["messageId"]] = message_of(json.loads(record["body"]))
        except Impostor:
            count("PassesRefused")
            logger.warning("a reader spoke for another")
        except (Malformed, ValueError):
            # it ends among the failures, where somebody looks
            logger.error("what came is no message of a reader")
            again.append(record["messageId"])
    again += take(messages)
    return {"batchItemFailures": [{"itemIdentifier": id} for id in again]}


def take(messages: Mapping[str, Message]) -> list[str]:
    """Take every pass, and count; the messages of which some could not be taken."""
    taken = dict(zip(messages, readers.capture(list(messages.values())), strict=True))
    counts = sum((one.counts for one in taken.values()), Counter[str]())
    count("PassesCaptured", counts["captured"])
    count("PassesRepeated", counts["repeated"])
    count("PassesPending", counts["pending"])
    count("PassesDoubtful", counts["doubtful"])
    for message in messages.values():
        gauge("ReaderClockOffset", abs(message.offset) / timedelta(seconds=1), MetricUnit.Seconds)
    failed = {id: one.failed for id, one in taken.items() if one.failed}
    for errors in failed.values():
        logger.error("passes failed", exc_info=errors[0], extra={"number": len(errors)})
    return list(failed)
