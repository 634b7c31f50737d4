"""pack: the editions of one school in a run become one file for the printing house.

Trigger: SQS: the run, the school and its students. Reads: the run, the students, their editions, sealed/. Writes:
packs/<run>/<school>.zip, what is packed. Emits: metrics.

Packed again it is the same file in the same place, of what is in force by then.
"""

import json
import zipfile
from collections.abc import Iterator, Sequence
from tempfile import TemporaryFile
from typing import Any

import boto3
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType]
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.store import Archive
from yinji.editions.documents import Documents
from yinji.editions.model import DOCUMENT, Edition, pack_key
from yinji.editions.packing import Sheet, in_order, list_name, table
from yinji.editions.runs import Pack, Run, Runs
from yinji.editions.store import Editions
from yinji.platform import clock
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics
from yinji.platform.sheets import as_csv

s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]
processor = BatchProcessor(event_type=EventType.SQS)
archive = Archive()
editions = Editions()
runs = Runs()
documents = Documents()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, take, processor, context)


def take(record: SQSRecord) -> None:
    told = json.loads(record.body)
    run = runs.find(told["run"])
    if run:
        pack(run, told["school"], told["students"])


def pack(run: Run, school: str, students: Sequence[str]) -> None:
    """Put the pack, then say that it is there: who stops between packs it anew."""
    sheets = in_order(list(sheets_of(run, students)))
    bucket, key, at = setting("EDITIONS_BUCKET"), pack_key(run.id, school), clock.now()
    with TemporaryFile() as file:
        # PDFs are compressed already
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
            packed.writestr(list_name(), as_csv(table(sheets)))
            for sheet in sheets:
                packed.writestr(sheet.file, documents.read(sheet.edition, DOCUMENT))
        size = file.tell()
        file.seek(0)
        s3.upload_fileobj(file, bucket, key, ExtraArgs={"ContentType": "application/zip"})
    runs.packed(run.id, Pack(school, at, size, [sheet.student.student for sheet in sheets]))
    count("EditionsPacked", len(sheets))


def sheets_of(run: Run, students: Sequence[str]) -> Iterator[Sheet]:
    """The edition in force of each of `students`."""
    known = archive.students(students)
    for student in students:
        edition = in_force(run, student)
        if edition and student in known:
            yield Sheet(known[student], edition)


def in_force(run: Run, student: str) -> Edition | None:
    """What whoever scans the printed code is told is in force, be it of this run or a later one."""
    id, _print = editions.in_force(student, run.language)
    found = editions.find(student, id) if id else None
    return found if found and found.standing == "in-force" else None
