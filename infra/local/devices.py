"""Readers at gates and doors, made up: they publish over MQTT as real ones do, with all that goes wrong with real ones.

What has to come of it is told from what truly happened, not from what any clock said; afterwards the table is read by
itself, and the two are compared.
"""

from __future__ import annotations

import asyncio
import csv
import heapq
import io
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import aiohttp

from infra.local import deploy, home
from infra.local.mqtt import Client
from infra.local.trouble import Trouble

Say = Callable[[str], None]
Again = Literal["", "verbatim", "anew"]
"""Whether a pass is sent once more: in the very message, or in a message of that moment."""
TOPIC, QUEUE = "yinji/readers/{device}/passes", "yinji-passes"
LIBRARIES = 5
LECTURE_MINUTES = 240
DAY = 86_400  # seconds
DAYS_LATE = 40
IMPOSSIBLE = 70 * DAY
"""A pass that is sent so much later is one that nobody believes."""
MOST_RESENT = 5
SETTLED_SECONDS = 45
"""How long nothing may change before what is missing counts as lost."""
REPORT_SECONDS = 300
CAUGHT_UP_SECONDS, PATIENCE_SECONDS = 900, 30
"""How long the first portrait may take after a run, and every one after it."""


@dataclass(frozen=True)
class Options:
    """`rate` passes a second for `seconds`; the shares are of passes, that of wrong clocks of readers."""

    readers: int = 200
    rate: float = 100
    seconds: float = 60
    students: int = 2_000
    duplicates: float = 0.05
    late: float = 0.10
    wrong_clocks: float = 0.15
    offline: float = 0.10
    unknown: float = 0.01
    impossible: float = 0.002
    seed: int = 1


@dataclass(frozen=True)
class Reader:
    """`wrong` is what its clock shows more than the truth; `activity` is the lecture behind its door."""

    id: str
    place: str
    title: str
    activity: str
    wrong: timedelta
    offline: tuple[float, float]
    """From when until when, in seconds of the run, it reaches nobody."""


@dataclass
class Wanted:
    """What has to be there in the end: records by student and key, with the time of the first; and what waits."""

    records: dict[tuple[str, str], datetime] = field(default_factory=dict[tuple[str, str], datetime])
    pending: set[str] = field(default_factory=set[str])
    doubtful: set[str] = field(default_factory=set[str])

    def note(self, reader: Reader, student: str, at: datetime) -> None:
        local = at + timedelta(hours=8)  # the campus' clock
        key = f"check-in#{reader.activity}" if reader.activity else f"gate#{reader.place}:{local.date().isoformat()}"
        first = self.records.get((student, key))
        self.records[student, key] = min(at, first) if first else at


@dataclass(order=True)
class Sending:
    """A pass at `at` that `reader` sends at `due`, both in seconds of the run; `raw` is what it sent of it before."""

    due: float
    number: int
    reader: Reader = field(compare=False)
    seq: int = field(compare=False)
    card: str = field(compare=False)
    at: float = field(compare=False)
    again: Again = field(default="", compare=False)
    raw: bytes = field(default=b"", compare=False)


class Run:
    """One run: its readers, and what they will send."""

    def __init__(self, options: Options, cards: Mapping[str, str]) -> None:
        """`cards` are students by their cards."""
        self.options, self.cards, self.id = options, cards, f"{datetime.now(UTC):%m%d%H%M%S}"
        self.boot = f"run-{self.id}"
        self.chance = random.Random(options.seed)
        self.readers = [self._reader(number) for number in range(options.readers)]
        self.sendings = self._plan()

    def _reader(self, number: int) -> Reader:
        chance, options = self.chance, self.options
        name, gate = f"sim-{number:03}", number % 2 == 0
        wrong = timedelta(0)
        if chance.random() < options.wrong_clocks:
            wrong = chance.choice((timedelta(days=-9000), timedelta(hours=-8), timedelta(minutes=7), timedelta(days=3)))
        offline = (0.0, 0.0)
        if chance.random() < options.offline:
            begins = chance.uniform(0, options.seconds * 0.6)
            offline = (begins, begins + options.seconds * 0.3)
        if gate:
            library = number // 2 % LIBRARIES + 1
            return Reader(name, f"sim-{self.id}-{library}", f"Simulated library {library}", "", wrong, offline)
        return Reader(
            name,
            f"Simulated hall {self.id}-{number}",
            f"Simulated hall {number}",
            f"SIM{self.id}-{number}",
            wrong,
            offline,
        )

    def _plan(self) -> list[Sending]:
        """Everything that will be sent, the first thing first."""
        options, chance, found = self.options, self.chance, list[Sending]()
        known, seqs = list(self.cards), Counter[str]()
        for number in range(round(options.rate * options.seconds)):
            reader = chance.choice(self.readers)
            seqs[reader.id] += 1
            due = at = number / options.rate
            lot = chance.random()
            if reader.offline[0] <= at < reader.offline[1]:
                # it sends what it kept once it is back, the last first
                due = reader.offline[1] + (reader.offline[1] - at) / 50
            elif lot < options.late:
                at -= chance.uniform(60, 5_000) if reader.activity else chance.uniform(60, DAYS_LATE * DAY)
            elif lot > 1 - options.impossible:
                at -= chance.uniform(IMPOSSIBLE, IMPOSSIBLE + 20 * DAY)
            card = f"FFFF{number:06X}" if chance.random() < options.unknown else chance.choice(known)
            again: Again = chance.choice(("verbatim", "anew")) if chance.random() < options.duplicates else ""
            found.append(Sending(due, number, reader, seqs[reader.id], card, at, again))
        return sorted(found)

    def wanted(self, began: datetime) -> Wanted:
        """What has to come of it when the run began then: told from what happened, whatever the clocks say."""
        wanted = Wanted()
        for one in self.sendings:
            id, student = f"{one.reader.id}:{self.boot}:{one.seq}", self.cards.get(one.card)
            if one.due - one.at >= IMPOSSIBLE:
                wanted.doubtful.add(id)
            elif student is None:
                wanted.pending.add(id)
            else:
                wanted.note(one.reader, student, began + timedelta(seconds=one.at))
        return wanted

    @property
    def register(self) -> bytes:
        rows = [
            {
                "device": one.id,
                "kind": "check-in" if one.activity else "gate",
                "place": one.place,
                "title": one.title,
                "retired": "",
            }
            for one in self.readers
        ]
        return as_csv(["device", "kind", "place", "title", "retired"], rows)


@dataclass
class Played:
    """What was sent: messages, seconds each waited for its acknowledgement; when the run began, how long it took."""

    began: datetime
    messages: int = 0
    waited: list[float] = field(default_factory=list[float])
    seconds: float = 0


async def play(run: Run, say: Say) -> Played:
    """Let every reader send what it has to when it is due; whatever is not acknowledged is sent again."""
    clients, tasks = dict[str, Client](), set[asyncio.Task[None]]()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        for reader in run.readers:
            clients[reader.id] = client(session, reader.id)
            await clients[reader.id].connect()
        say(f"{len(clients)} readers are connected by MQTT")
        left = list(run.sendings)
        heapq.heapify(left)
        played, start, told = Played(datetime.now(UTC)), time.monotonic(), 0.0
        while left:
            sending = heapq.heappop(left)
            if (early := sending.due - (time.monotonic() - start)) > 0:
                await asyncio.sleep(early)
            payload = sending.raw or message(run, sending, played.began)
            task = asyncio.create_task(_send(clients[sending.reader.id], sending.reader, payload, played))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            if sending.again:
                due, raw = sending.due + run.chance.uniform(0.5, 20), payload if sending.again == "verbatim" else b""
                heapq.heappush(left, replace(sending, due=due, again="", raw=raw))
            if (now := time.monotonic() - start) - told > 30:
                told = now
                say(f"  {now:.0f} s: {played.messages} messages acknowledged, {len(tasks)} on their way")
        await asyncio.gather(*tasks)
        played.seconds = time.monotonic() - start
        for one in clients.values():
            await one.close()
    return played


def client(session: aiohttp.ClientSession, reader: str) -> Client:
    """The MQTT client of a reader; the emulator knows its broker by the name that AWS would give it."""
    endpoint = home.client("iot").describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"]
    return Client(session, f"{home.CLOUD_URL}/mqtt", endpoint, reader)


def message(run: Run, sending: Sending, began: datetime) -> bytes:
    """The message of a pass as its reader writes it at this moment, by its own clock."""
    wrong, happened = sending.reader.wrong, began + timedelta(seconds=sending.at)
    told = {
        "device": sending.reader.id,
        "boot": run.boot,
        "sent_at": _iso(datetime.now(UTC) + wrong),
        "passes": [{"seq": sending.seq, "card": sending.card, "at": _iso(happened + wrong)}],
    }
    return json.dumps(told).encode()


async def _send(client: Client, reader: Reader, payload: bytes, played: Played) -> None:
    for _ in range(MOST_RESENT):
        began = time.monotonic()
        try:
            await client.publish(TOPIC.format(device=reader.id), payload)
        except TimeoutError:
            continue
        played.messages += 1
        played.waited.append(time.monotonic() - began)
        return
    raise Trouble(f"The broker does not acknowledge what {reader.id} sends.")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


# --- what has to be there beforehand ---------------------------------------------------------------------------


def connect() -> tuple[str, str]:
    """The names of the archive's table and bucket, with the environment set so that its stores find them."""
    outputs = deploy.outputs()
    os.environ |= home.environment() | {"YINJI_ARCHIVE_TABLE": outputs["ArchiveTableName"]}
    return outputs["ArchiveTableName"], outputs["ArchiveBucketName"]


def students_with_cards(most: int, bucket: str, say: Say) -> dict[str, str]:
    """Up to `most` students by their cards: those there are, and as many made up as are missing."""
    from yinji.archive.store import Archive
    from yinji.archive.student import cohort
    from yinji.clearance import university
    from yinji.clearance.roster import CATEGORIES

    archive = Archive()
    schools, grades = university.schools(), range(2019, datetime.now(UTC).year + 1)
    cohorts = [cohort(school, str(grade), kind) for school in schools for grade in grades for kind in CATEGORIES]
    members = [one.student for group in cohorts for one in archive.cohort(group)]
    known = {one.card: one.student for one in archive.students(members).values() if one.card}
    if len(known) < most:
        rows = [_made_up(number) for number in range(most - len(known))]
        say(f"{len(rows)} students with cards are enrolled")
        put(bucket, "students/simulated.csv", as_csv(list(rows[0]), rows))
        known |= {row["card"]: row["student"] for row in rows}
    return dict(list(known.items())[:most])


def _made_up(number: int) -> dict[str, str]:
    return {
        "student": f"2022S25{number:04}",
        "name": f"Simulated {number}",
        "name_latin": f"Simulated {number}",
        "school": f"S{number % 24 + 1:02}",
        "grade": "2022",
        "category": "undergraduate",
        "programme": "Simulation",
        "class_name": "Simulation 2201",
        "counsellor": "T0001",
        "card": f"51{number:06X}",
    }


def put(bucket: str, key: str, data: bytes) -> Mapping[str, Any]:
    """Put an object into the archive's bucket and await the report on it. Raises Trouble."""
    s3, place = home.client("s3"), f"reports/{key}.json"
    s3.delete_object(Bucket=bucket, Key=place)
    s3.put_object(Bucket=bucket, Key=key, Body=data)
    deadline = time.monotonic() + REPORT_SECONDS
    while time.monotonic() < deadline:
        try:
            report = json.loads(s3.get_object(Bucket=bucket, Key=place)["Body"].read())
        except s3.exceptions.NoSuchKey:
            time.sleep(0.3)
            continue
        if report["state"] != "loaded" or report["rejected"]:
            raise Trouble(f"{key} was not taken: {report['reason'] or report['rejected'][0]}")
        return report
    raise Trouble(f"Nothing became of {key}; `make logs` may say why.")


def announce(run: Run) -> None:
    """A lecture behind every door, which began before the run and goes on after it."""
    from yinji.archive.catalogue import Activity
    from yinji.archive.catalogue_store import Catalogue

    catalogue = Catalogue()
    begins = datetime.now(UTC) - timedelta(minutes=LECTURE_MINUTES / 2)
    for reader in run.readers:
        if reader.activity:
            title = f"Simulated lecture {reader.id}"
            catalogue.put(Activity(reader.activity, "lecture", title, begins, LECTURE_MINUTES, place=reader.place))


# --- what came of it -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """What the table holds of a run: records by student and key with their times (HH:MM), and what waits."""

    records: Counter[tuple[str, str]]
    times: Mapping[tuple[str, str], str]
    pending: set[str]
    doubtful: set[str]


def count(run: Run, table: str, students: Iterable[str]) -> Found:
    """Read the records of `students` that are of this run's places, and the passes of this run that wait."""
    dynamodb = home.client("dynamodb")
    records, times = Counter[tuple[str, str]](), dict[tuple[str, str], str]()
    for student in students:
        for beginning in (f"RECORD#gate#sim-{run.id}", f"RECORD#check-in#SIM{run.id}"):
            asked = {":pk": {"S": f"STUDENT#{student}"}, ":sk": {"S": beginning}}
            pages = dynamodb.get_paginator("query").paginate(
                TableName=table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
                ExpressionAttributeValues=asked,
                ConsistentRead=True,
            )
            for item in (item for page in pages for item in page["Items"]):
                key = student, item["sk"]["S"].removeprefix("RECORD#")
                records[key] += 1
                times[key] = item["time"]["S"]
    waiting = {waits: _waiting(dynamodb, run, table, waits) for waits in ("PASSES#pending", "PASSES#doubtful")}
    return Found(records, times, waiting["PASSES#pending"], waiting["PASSES#doubtful"])


def _waiting(dynamodb: Any, run: Run, table: str, waits: str) -> set[str]:
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        IndexName="waiting",
        KeyConditionExpression="waits = :waits",
        ExpressionAttributeValues={":waits": {"S": waits}},
    )
    keys = [(item["pk"]["S"].split("#"), item["sk"]["S"]) for page in pages for item in page["Items"]]
    return {f"{device}:{boot}:{int(seq)}" for (_, device, boot), seq in keys if boot == run.boot}


@dataclass(frozen=True)
class Verdict:
    """How what was found differs from what has to be there, by what it is; nothing where it does not."""

    found: Found
    different: Counter[str]


def verdict(wanted: Wanted, found: Found) -> Verdict:
    different = Counter[str]()
    different["records lost"] = len(wanted.records.keys() - found.records.keys())
    different["records nobody wants"] = len(found.records.keys() - wanted.records.keys())
    different["records doubled"] = sum(number - 1 for number in found.records.values())
    # a record of a day bears its first pass; a lecture's its own beginning
    different["first passes missed"] = sum(
        abs(_minutes(found.times[key]) - _minutes(f"{at + timedelta(hours=8):%H:%M}")) > 1
        for key, at in wanted.records.items()
        if key[1].startswith("gate#") and key in found.times
    )
    different["pending passes amiss"] = len(wanted.pending ^ found.pending)
    different["doubtful passes amiss"] = len(wanted.doubtful ^ found.doubtful)
    return Verdict(found, +different)


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:5])


def await_queue() -> float:
    """Wait until what was acknowledged is dealt with, or nothing has happened for a while; the seconds it took."""
    sqs, began = home.client("sqs"), time.monotonic()
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    names, last, changed = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"], -1, began
    while True:
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        left = sum(int(told[name]) for name in names)
        if not left or time.monotonic() - changed > SETTLED_SECONDS:
            return time.monotonic() - began
        if left != last:
            last, changed = left, time.monotonic()
        time.sleep(1)


def await_verdict(run: Run, wanted: Wanted, table: str) -> Verdict:
    """Count until nothing is missing, or nothing has changed for a while."""
    last, changed, students = 0, time.monotonic(), sorted(set(run.cards.values()))
    while True:
        told = verdict(wanted, count(run, table, students))
        number = len(told.found.records) + len(told.found.pending) + len(told.found.doubtful)
        if not told.different or time.monotonic() - changed > SETTLED_SECONDS:
            return told
        if number != last:
            last, changed = number, time.monotonic()
        time.sleep(2)


async def portraits(run: Run, table: str, tries: int) -> list[float]:
    """Seconds from one card at a gate to the portrait that counts it, `tries` times, one after the other.

    A first card is not counted: the portraits of what was sent before have to follow until its turn comes.
    """
    dynamodb, took = home.client("dynamodb"), list[float]()
    gate = next(one for one in run.readers if not one.activity)

    def version(student: str) -> int:
        key = {"pk": {"S": f"STUDENT#{student}"}, "sk": {"S": "PORTRAIT"}}
        return int(dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]["version"]["N"])

    async with aiohttp.ClientSession() as session:
        reader = client(session, gate.id)
        await reader.connect()
        for seq, (card, student) in enumerate(list(run.cards.items())[: tries + 1]):
            patience = PATIENCE_SECONDS if took else CAUGHT_UP_SECONDS
            before, now = version(student), datetime.now(UTC)
            # on a day that the run leaves alone, so that there is a record to be made
            told = {"seq": seq, "card": card, "at": _iso(now - timedelta(days=DAYS_LATE + 5))}
            whole = {"device": gate.id, "boot": f"{run.boot}-p", "sent_at": _iso(now), "passes": [told]}
            began = time.monotonic()
            await reader.publish(TOPIC.format(device=gate.id), json.dumps(whole).encode())
            while version(student) == before:
                if time.monotonic() - began > patience:
                    raise Trouble(f"A portrait has not followed for {patience} seconds.")
                await asyncio.sleep(0.01)
            took.append(time.monotonic() - began)
        await reader.close()
    return took[1:]


def as_csv(head: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(head))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def quantiles(values: Sequence[float]) -> str:
    """The median, the 95th percentile and the most of `values`, which are seconds."""
    ranked = sorted(values)
    told = {"p50": ranked[len(ranked) // 2], "p95": ranked[int(len(ranked) * 0.95)], "max": ranked[-1]}
    return ", ".join(f"{name} {value * 1000:.0f} ms" for name, value in told.items())


def simulate(options: Options, tries: int, say: Say) -> bool:
    """Run readers against the local cloud and say what came of it; whether nothing was lost or doubled."""
    table, bucket = connect()
    run = Run(options, students_with_cards(options.students, bucket, say))
    put(bucket, "devices/simulated.csv", run.register)
    announce(run)
    again, late = sum(bool(one.again) for one in run.sendings), sum(one.at < one.due for one in run.sendings)
    say(f"{len(run.sendings)} passes of {len(run.readers)} readers, {again} of them twice, {late} of them late")
    played = asyncio.run(play(run, say))
    rate = played.messages / played.seconds
    say(f"{played.messages} messages acknowledged in {played.seconds:.1f} s, {rate:.1f} a second")
    say(f"  from sending to acknowledgement: {quantiles(played.waited)}")
    say(f"what was acknowledged is dealt with {await_queue():.0f} s after the last of it")
    wanted = run.wanted(played.began)
    told = await_verdict(run, wanted, table)
    say("what has to be there, and what is:")
    for name, wants, has in (
        ("records", wanted.records, told.found.records),
        ("passes that wait for a card", wanted.pending, told.found.pending),
        ("passes in doubt", wanted.doubtful, told.found.doubtful),
    ):
        say(f"  {name}: {len(wants)} and {len(has)}")
    for name, number in told.different.items():
        say(f"  [red]{number} {name}[/]")
    say("nothing is lost and nothing is doubled" if not told.different else "[red]it is not as it has to be[/]")
    if tries:
        took = asyncio.run(portraits(run, table, tries))
        say(f"from a card at a gate to the portrait that counts it, {tries} times: {quantiles(took)}")
        say(f"  {', '.join(f'{one * 1000:.0f}' for one in sorted(took))} ms")
    return not told.different
