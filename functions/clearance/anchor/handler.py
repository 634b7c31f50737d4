"""anchor: once a day, a witness of where every history ends.

Trigger: every hour; what the day has already is not made again. Reads: the index by school, the heads of all cases,
the anchor before. Writes: anchors/ in the documents bucket. Emits nothing.

A history that is no continuation of what the last anchor saw is counted, and alarms: nobody but whoever writes into
the table itself can bring that about. What the retention job erased after its time is counted by itself.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import chain
from yinji.clearance.anchors import Anchors, due
from yinji.clearance.chain import Head
from yinji.clearance.store import Store
from yinji.platform import clock
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics

THREADS, CHUNK = 12, 100

store = Store()
s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    anchors, today = Anchors(s3, setting("DOCUMENTS_BUCKET")), clock.today()
    if not due(anchors.days(), today):
        count("HistoriesRewritten", 0)  # every run says something: silence means that it does not run
        return {}
    previous = anchors.newest()
    heads = heads_of([lean.student for lean in store.everybody()])
    doubtful = chain.rewritten(anchors.heads(previous), heads) if previous else []
    still = {head.student for head in heads}
    notes = anchors.erased() if doubtful else set[str]()
    erased = {head.student for head in doubtful if head.leaf in notes} - still
    rewritten = [head.student for head in doubtful if head.student not in erased]
    made = chain.anchor(today.isoformat(), clock.stamp(clock.now()), heads, previous)
    anchors.keep(made, heads, rewritten)
    count("HistoriesAnchored", len(heads))
    count("HistoriesErased", len(erased))
    count("HistoriesRewritten", len(rewritten))
    logger.info("anchored", extra={"cases": len(heads), "erased": len(erased), "rewritten": len(rewritten)})
    return made


def heads_of(students: Sequence[str]) -> list[Head]:
    """Where the histories of `students` end."""
    chunks = [students[start : start + CHUNK] for start in range(0, len(students), CHUNK)]
    with ThreadPoolExecutor(THREADS) as threads:
        return [head for heads in threads.map(store.heads, chunks) for head in heads]
