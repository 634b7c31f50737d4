"""The demo season on the local cloud: delivered through the intake bucket, played over HTTP, counted."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from yinji.clearance.document import STATE_OF_MARK
from yinji.platform.problem import Problem
from yinji.repair.printing import USUAL

from infra.local import deploy, home
from infra.local.season import Options, Season, archive, campus, generate
from infra.local.season import facts as season_facts
from infra.local.season import forms as season_forms
from infra.local.season import visits as season_visits
from infra.local.season.door import Door
from infra.local.season.expected import differences
from infra.local.trouble import Trouble
from infra.setting import FOLDER_TAG

REPORT_SECONDS = 1200
QUIET_SECONDS = 60
"""How long cases may stand still before what they lack counts as missing."""
OF_NETWORK_CENTRE = "department-officer:network-centre"
OF_A_COMMUNITY = "M01"
"""Who asks for people who call, in the demo."""
Say = Callable[[str], None]


def deliver(graduates: int, say: Say) -> None:
    """Put roster and snapshots of a season into the intake bucket and wait for a report on each."""
    season = generate(Options(graduates=graduates))
    say(f"a season of {graduates} graduates is delivered into the intake bucket")
    batch = [key for key in season.files if key.endswith("batch.json")]
    rosters = sorted(key for key in season.files if key.startswith("rosters/") and key not in batch)
    feeds = sorted(key for key in season.files if key.startswith("feeds/"))
    for group in (batch, rosters, feeds):
        for key in group:
            put(key, season.files[key])
        for key in group:
            report = wait_for_report(key)
            told = {name: value for name, value in report.items() if isinstance(value, int)}
            counts = ", ".join(f"{value} {name}" for name, value in told.items() if value)
            rejected = f", [yellow]{len(report['rejected'])} rows rejected[/]" if report["rejected"] else ""
            say(f"  {key}: {report['status']}{f' ({counts})' if counts else ''}{rejected}")
    figures()
    deliver_archive(season, say)
    deliver_campus(say)
    deliver_facts(season, say)
    fill_forms(season, say)
    home.SEASON.write_text(
        json.dumps({"graduates": graduates, "today": season.options.today.isoformat(), "seed": season.options.seed}),
        "utf-8",
    )
    tell(compare(season), say)


def deliver_archive(season: Season, say: Say) -> None:
    """Put the register of students, the catalogue and what the source systems know into the archive's bucket, wait for
    a report on each, and until the portraits are drawn."""
    today = season.options.today
    people = archive.students(season.graduates, today)
    told = archive.generate(people, today)
    say(f"the archives of {len(people)} students are delivered: {sum(told.records.values())} records")
    records = {key: data for key, data in told.files.items() if key != archive.REGISTER}
    for group in ({archive.REGISTER: told.files[archive.REGISTER]}, archive.catalogue(people, today), records):
        for key, data in group.items():
            put(key, data, "ArchiveBucketName")
        for key in group:
            found = wait_for_report(key, "ArchiveBucketName")
            counts = ", ".join(f"{number} {name}" for name, number in found["counts"].items() if number)
            say(f"  {key}: {found['state']} ({counts})")
    began = time.monotonic()
    while (left := _without_records(told.records)) and time.monotonic() - began < REPORT_SECONDS:
        time.sleep(1)
    say("  [red]some portraits are missing[/]" if left else "  every portrait is drawn")
    home.client("lambda").invoke(FunctionName=function_name("archive/groups"), Payload=b'{"whole": true}')


def deliver_campus(say: Say) -> None:
    """Put the table of places into the bucket of repair, wait for its report, and print a label for every room."""
    put(campus.TABLE, campus.table(), "RepairBucketName")
    found = wait_for_report(campus.TABLE.replace("imports/", "places/"), "RepairBucketName")
    say(f"the campus is delivered: {', '.join(f'{number} {name}' for name, number in found['counts'].items())}")
    labels = asyncio.run(_print_labels())
    say(f"  {labels} labels are printed: {home.URL}/repair/places")


def deliver_facts(season: Season, say: Say) -> None:
    """Put what systems of record know of the graduates into the bucket of forms, and wait for a report on each."""
    told = season_facts.files(season)
    say("what systems of record know of the graduates is delivered")
    for key, data in told.items():
        put(key, data, "FormsBucketName")
    for key in told:
        found = wait_for_report(key, "FormsBucketName")
        counts = ", ".join(f"{number} {name}" for name, number in found["counts"].items() if number)
        say(f"  {key}: {found['state']} ({counts})")


def fill_forms(season: Season, say: Say) -> None:
    """Let some graduates send forms and begin others, through the front door as everybody does."""
    sent, begun = asyncio.run(_fill([one.student for one in season.graduates]))
    say(f"{sent} forms are sent and {begun} begun: {home.URL}/forms")


async def _fill(students: Sequence[str]) -> tuple[int, int]:
    """Fill forms as the first of `students`; how many were sent, and how many begun. What was sent before stays."""
    some = students[: season_forms.SENDERS]
    async with Door(home.URL, concurrency=4, seed=1) as door:

        async def done(student: str, form: str, deed: str) -> bool:
            persona, place = f"student:{student}", f"/api/forms/f/{form}"
            told = (await door.get(persona, place)).json
            filled = season_forms.filled(told, student) if deed == "submit" else season_forms.begun(told, student)
            answer = await door.post(persona, f"{place}/{deed}", filled | {"idempotency_key": f"demo-{form}-{student}"})
            if not answer.ok and answer.code != "submitted-before":
                raise Trouble(f"The form {form} could not be filled: {answer.code}.")
            return answer.ok

        sent = await asyncio.gather(*(done(one, form, "submit") for one in some for form in season_forms.SENT))
        begun = [done(one, season_forms.BEGUN, "save") for one in some[: season_forms.BEGINNERS]]
        return sum(sent), sum(await asyncio.gather(*begun))


async def _print_labels() -> int:
    """Let the network centre print the labels of all rooms and devices, building by building; how many there are."""
    async with Door(home.URL, concurrency=2, seed=1) as door:
        kinds = {f"kind.{kind}": "yes" for kind in USUAL}
        answers = [
            await door.post(
                OF_NETWORK_CENTRE,
                "/api/repair/labels",
                {"format": "a4-24", "within": id, "idempotency_key": f"campus-{id}", **kinds},
            )
            for id in campus.buildings()
        ]
    if not all(answer.ok for answer in answers):
        raise Trouble(f"Labels could not be printed: {', '.join(answer.code for answer in answers)}.")
    return sum(len(answer.json["labels"]) for answer in answers)


def ask_for_visits(say: Say) -> None:
    """Plan the demo's technicians and let people ask for the coming two days of the service. Who asked before asks for
    the visit that there is: a demo that is a week old has somebody to visit all the same."""
    asyncio.run(_plan())
    asked = _ask()
    say(f"{asked} home visits of the coming two Wednesdays are asked for: {home.URL}/visits/desk")


async def _plan() -> None:
    async with Door(home.URL, concurrency=1, seed=1) as door:
        for staff in season_visits.PLANS:
            # whoever has been a technician once is one in the register of people
            await door.get(f"technician:{staff}", "/api/account")
            answer = await door.post(OF_NETWORK_CENTRE, f"/api/visits/desk/plans/{staff}", season_visits.places(staff))
            if not answer.ok:
                raise Trouble(f"Where {staff} goes could not be said: {answer.code}.")


def _ask() -> int:
    """Let the demo's people ask, as the community's offices do for who calls; how many there are."""
    told = deploy.outputs()
    # the items of cases are imported with those of visits, and know their table from then on
    os.environ |= home.environment() | {"YINJI_TABLE": told["TableName"], "YINJI_VISITS_TABLE": told["VisitsTableName"]}
    from yinji.platform import clock
    from yinji.visits import acts
    from yinji.visits.days import at_campus, usual
    from yinji.visits.store import Visits
    from yinji.visits.visit import asked

    store, now, number = Visits(), clock.now(), 0
    for day in usual(at_campus(now))[:2]:
        for key, fields in season_visits.asking(day):
            found = asked(fields, "community")
            try:
                store.ask(*acts.ask(found, day, "zh", key, OF_A_COMMUNITY, now))
            except Problem as problem:
                if problem.code != "day-not-open":  # the office closed it since
                    raise
                continue
            number += 1
    return number


def _without_records(records: Mapping[str, int]) -> set[str]:
    """The students whose portrait does not tell of all their records yet, counting those that wait to be certified."""
    client, table = home.client("dynamodb"), deploy.outputs()["ArchiveTableName"]
    missing: set[str] = set()
    for student, number in records.items():
        key = {"pk": {"S": f"STUDENT#{student}"}, "sk": {"S": "PORTRAIT"}}
        item = client.get_item(TableName=table, Key=key, ProjectionExpression="tallies").get("Item", {})
        tallies: list[list[Any]] = json.loads(item.get("tallies", {"S": "[]"})["S"])
        if sum(counted + pending for _, _, _, counted, *_, pending in tallies) != number:
            missing.add(student)
    return missing


def season() -> Season:
    """The season that was delivered, generated again."""
    from datetime import date

    known = json.loads(home.SEASON.read_text("utf-8"))
    return generate(Options(graduates=known["graduates"], today=date.fromisoformat(known["today"]), seed=known["seed"]))


def compare(season: Season) -> list[str]:
    """In which steps and states the cases of `season`, which nobody has acted on yet, differ from what it expects.

    Steps that follow from others are settled by messages: as long as the cases move, it waits for them.
    """
    wanted, moved, last = season.at_first(), time.monotonic(), {}
    while True:
        began = time.monotonic()
        found = standing(season.batch)
        if found != last:
            moved, last = time.monotonic(), found  # looking alone may take long
        if not (missing := differences(wanted, found)) or time.monotonic() - moved > QUIET_SECONDS:
            return missing
        time.sleep(max(1, 2 * (time.monotonic() - began)))  # or nothing but looking would be done


def tell(different: list[str], say: Say) -> None:
    """Say whether the cases stand as their season expects."""
    say("  the cases stand as the season expects" if not different else "  [red]the cases differ from the season:[/]")
    for sentence in different:
        say(f"    {sentence}")


def put(key: str, data: bytes, bucket: str = "IntakeBucket") -> None:
    """Put an object into the intake bucket, or the one that the output `bucket` names."""
    home.client("s3").put_object(Bucket=deploy.outputs()[bucket], Key=key, Body=data)


def report(key: str, bucket: str = "DocumentsBucket") -> Mapping[str, Any] | None:
    """The report on the delivery `key`, if there is one."""
    client = home.client("s3")
    try:
        body = client.get_object(Bucket=deploy.outputs()[bucket], Key=f"reports/{key}.json")["Body"]
    except client.exceptions.NoSuchKey:
        return None
    return json.loads(body.read())


def wait_for_report(key: str, bucket: str = "DocumentsBucket") -> Mapping[str, Any]:
    """The report on the delivery `key`, awaited. Raises Trouble when none comes."""
    deadline = time.monotonic() + REPORT_SECONDS
    while time.monotonic() < deadline:
        found = report(key, bucket)
        if found and found.get("status") != "waiting":
            return found
        time.sleep(0.3)
    raise Trouble(f"Nothing became of {key}; `make logs` may say why.")


def figures() -> None:
    """Have the season's numbers written for the dashboard now rather than in five minutes."""
    home.client("lambda").invoke(FunctionName=function_name("clearance/figures"), InvocationType="Event", Payload=b"{}")


def resume() -> None:
    """Have the reconciler look for what was left when the local cloud was killed."""
    home.client("lambda").invoke(FunctionName=function_name("clearance/reconcile"), Payload=b'{"patience_seconds": 0}')


def function_name(folder: str) -> str:
    """The name of the function in functions/<folder>. Raises Trouble when none is deployed."""
    client = home.client("lambda")
    for page in client.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            tags = client.list_tags(Resource=function["FunctionArn"]).get("Tags", {})
            if tags.get(FOLDER_TAG) == folder.removeprefix("functions/").strip("/"):
                return str(function["FunctionName"])
    raise Trouble(f"No function of functions/{folder} is deployed.")


async def play(console: Console) -> bool:
    """Play the delivered season to its end over HTTP; whether all of it got there without an error."""
    from infra.local.season.__main__ import watch

    summary = await watch(console, home.URL, put, season())
    figures()
    if summary.unfinished:
        console.print(
            f"{summary.unfinished} did not finish: `make status` says on what they wait. A delivery that is held waits "
            f"for its office or the administrator to confirm it: {home.URL}/queues."
        )
    return summary.ok


def standing(batch: str = "") -> dict[str, Counter[str]]:
    """How many cases, of `batch` or of all, are in which state, by step; under "" the number of cases."""
    os.environ |= home.environment() | {"YINJI_TABLE": deploy.outputs()["TableName"]}
    from yinji.clearance import definition
    from yinji.clearance.store import Store

    store = Store()
    counts: dict[str, Counter[str]] = {"": Counter()} | {step: Counter() for step in definition.steps()}
    for lean in store.everybody():
        if batch and lean.batch != batch:
            continue
        counts[""]["cases"] += 1
        for step, mark in lean.marks.items():
            counts[step][STATE_OF_MARK[mark]] += 1
    return counts
