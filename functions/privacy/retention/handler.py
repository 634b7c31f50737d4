"""retention: what has been kept for long enough goes.

Trigger: every night; and invoked directly, by whoever may administer the deployment, with {"student": ...} to erase one
student whatever the age of their data, for somebody whose erasure was granted. Reads: batches, the index by school,
cases, the newest anchor, cohorts. Deletes: the keys of sealed numbers; later the whole case with its history, facts,
documents (every version), messages and sign-ins, and the archive with its editions. Writes: that a history was erased,
for the anchor; what feeds and ledgers still know of who is gone. Emits nothing but metrics.

How long is kept what, layers/yinji/yinji/privacy/map.toml says. What a run has no time for, the next one does.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.cohorts import Cohorts
from yinji.archive.store import Archive
from yinji.clearance.case import Batch, Case
from yinji.clearance.store import Store
from yinji.forms.facts_store import Facts
from yinji.platform import clock
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics
from yinji.privacy.erasing import Eraser
from yinji.privacy.retention import Due, archive_due, due

THREADS, CHUNK = 8, 100
SPARE = 60_000
"""Milliseconds before its end in which a run begins nothing new."""

store = Store()
archive = Archive()
facts = Facts()
s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    eraser = Eraser(s3, setting("DOCUMENTS_BUCKET"), setting("ARCHIVE_BUCKET"), setting("EDITIONS_BUCKET"))
    told = {"numbers": 0, "erased": 0, "left": 0}
    if student := str(event.get("student") or ""):
        cases = list(store.get_many([student]).values())
        told["erased"] = erase(cases, eraser) if cases else erase_archives(known(student), eraser)
    else:
        due_today = waiting()
        students = store.by_batch() if due_today else {}
        for batch, what in due_today:
            some = students.get(batch.id, [])
            for name, number in clear(batch, some, what, eraser, context.get_remaining_time_in_millis).items():
                told[name] += number
        if context.get_remaining_time_in_millis() >= SPARE:
            told["erased"] += erase_archives(without_case(), eraser)
    eraser.forget_rows()
    eraser.forget_lines()
    # every run says something: silence means that it does not run
    count("NumbersErased", told["numbers"])
    count("CasesErased", told["erased"])
    logger.info("kept for long enough", extra={"went": told})
    return told


def known(student: str) -> list[str]:
    """`student`, if there is anything of them though they have no case."""
    return [student] if archive.students([student]) or facts.of(student) else []


def waiting() -> list[tuple[Batch, Due]]:
    """The batches of whose cases something is to go today."""
    today = clock.today()
    found: list[tuple[Batch, Due]] = []
    for batch in store.batches():
        closing = store.closing(batch.id)
        what = due(batch, closing[0] if closing else None, today)
        if what.numbers or what.cases:
            found.append((batch, what))
    return found


def clear(
    batch: Batch, students: Sequence[str], what: Due, eraser: Eraser, milliseconds_left: Callable[[], int]
) -> dict[str, int]:
    """Let `what` of the cases of `students`, who are in `batch`, go, while there is time; how much went, and how many
    cases were left."""
    told = {"numbers": 0, "erased": 0, "left": 0}
    for start in range(0, len(students), CHUNK):
        chunk = students[start : start + CHUNK]
        if milliseconds_left() < SPARE:
            told["left"] = len(students) - start
            break
        if what.cases:
            told["erased"] += erase(still_in(batch, chunk), eraser)
        else:
            sealed = store.having("KEY", chunk) | facts.having_keys(chunk)
            told["numbers"] += destroy(still_in(batch, sorted(sealed)))
    return told


def still_in(batch: Batch, students: Sequence[str]) -> list[Case]:
    """The cases of `students`, whom the index told of, that are in `batch` now: some may have been carried over."""
    return [case for case in store.get_many(students).values() if case.batch == batch.id]


def destroy(cases: Sequence[Case]) -> int:
    """Destroy the keys by which something of `cases`, or of what else is known of their graduates, is sealed; how many
    graduates there were."""
    for case in cases:
        store.destroy_key(case.graduate.student)
        facts.destroy_key(case.graduate.student)
    return len(cases)


def without_case() -> list[str]:
    """Who came so long ago that their archive is to go, and has no case with which it will."""
    today = clock.today()
    old = [cohort for cohort in Cohorts().every() if archive_due(cohort.split("#")[1], today)]
    students = [member.student for cohort in old for member in archive.cohort(cohort)]
    return sorted(set(students) - store.having("CASE", students))


def erase_archives(students: Sequence[str], eraser: Eraser) -> int:
    """Erase `students`, who have no case; how many there were."""
    with ThreadPoolExecutor(THREADS) as threads:
        for _ in threads.map(eraser.erase_archive, students):
            pass
    return len(students)


def erase(cases: Sequence[Case], eraser: Eraser) -> int:
    """Erase `cases`; how many there were."""
    with ThreadPoolExecutor(THREADS) as threads:
        for _ in threads.map(eraser.erase, cases):
            pass
    return len(cases)
