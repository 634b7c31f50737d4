"""A worker that imports what lies in the queues, as the functions would, until somebody kills it.

`python -m tests.reliability.importing`: takes one message after the other from the two queues, whichever has one; a
message whose worker died is there again two seconds later. It ends when it is killed, or idle for `IDLE` seconds.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

IDLE = 6.0
VISIBLE_AGAIN = 2
INGEST, LOAD, REFRESH = "ingest", "load", "refresh"


def main() -> None:
    from yinji.archive import importing
    from yinji.archive import queues as queues_
    from yinji.archive.deliveries import Deliveries
    from yinji.archive.queues import Sqs
    from yinji.archive.store import Archive

    from infra.local import home

    importing.CHUNK = int(os.environ["CHUNK"])
    queues_.LATER = 0
    sqs: Any = home.client("sqs")
    queues = {name: sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in (INGEST, LOAD, REFRESH)}
    archive = Archive()
    os.environ |= {f"YINJI_{name.upper()}_QUEUE": url for name, url in queues.items()}
    importer = importing.Importer(home.client("s3"), "archive", archive, Deliveries(), Sqs())
    last = time.monotonic()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while time.monotonic() - last < IDLE:
        for name, url in queues.items():
            told = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, VisibilityTimeout=VISIBLE_AGAIN)
            for message in told.get("Messages", []):
                last, body = time.monotonic(), json.loads(message["Body"])
                if name == INGEST:
                    try:
                        importer.plan(body["key"])
                    except importing.Busy:
                        continue
                elif name == LOAD:
                    importer.load(body["delivery"], body["chunk"])
                else:
                    for student in body["students"]:
                        archive.refresh(student)
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        time.sleep(0.02)


if __name__ == "__main__":
    main()
