"""The commands: generate a season into a folder, play one over HTTP."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from yinji.platform import clock

from infra.local.season.generator import Options, Season, generate
from infra.local.season.people import FULL
from infra.local.season.player import CONCURRENCY, PHASES, Deliver, Phase, Summary, play

LABELS: dict[Phase, str] = {
    "cases": "Cases open",
    "students": "Students act",
    "offices": "Offices sign",
    "snapshots": "Departments deliver",
    "certificates": "Certificates",
}


@click.group(context_settings={"show_default": True})
def main() -> None:
    """A season of clearance, made up."""


@main.command("generate")
@click.option("--graduates", default=sum(FULL.values()), help="How many, in the proportions of the full season.")
@click.option("--seed", default=1, help="Which season; the same seed gives the same one.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="The day it is looked at (default: today).")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Where files are put.")
def generate_command(graduates: int, seed: int, today: datetime | None, out: Path) -> None:
    """Write rosters and feeds below OUT, laid out as in the intake bucket."""
    season = generate(options(graduates, seed, today))
    for key, data in season.files.items():
        path = out / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    click.echo(f"{len(season.graduates)} graduates, {len(season.files)} files, batch {season.batch}")


@main.command("play")
@click.option("--url", default="http://127.0.0.1:8080", help="The front door.")
@click.option("--graduates", default=sum(FULL.values()), help="As many as were generated.")
@click.option("--seed", default=1, help="The seed it was generated with.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="The day it was generated for (default: today).")
@click.option("--bucket", envvar="YINJI_INTAKE_BUCKET", required=True, help="The intake bucket, for paid debts.")
@click.option("--concurrency", default=CONCURRENCY, help="Requests at once.")
def play_command(url: str, graduates: int, seed: int, today: datetime | None, bucket: str, concurrency: int) -> None:
    """Play the season at URL until everybody is through; exit 1 when anything went wrong."""
    season = generate(options(graduates, seed, today))
    summary = asyncio.run(watch(Console(), url, intake(bucket), season, concurrency))
    sys.exit(0 if summary.ok else 1)


async def watch(
    console: Console, url: str, deliver: Deliver, season: Season, concurrency: int = CONCURRENCY
) -> Summary:
    """Play `season` with a bar for each phase and the closing figures on `console`."""
    with bars(console) as shown:
        tasks = {phase: shown.add_task(LABELS[phase], total=None) for phase in PHASES}

        def progress(phase: Phase, done: int, total: int) -> None:
            shown.update(tasks[phase], completed=done, total=total)

        summary = await play(url, deliver, season, concurrency=concurrency, progress=progress)
    console.print(table(summary))
    return summary


def options(graduates: int, seed: int, today: datetime | None) -> Options:
    return Options(graduates, seed, today.date() if today else clock.today())


def intake(bucket: str) -> Deliver:
    """Puts objects into `bucket` of the cloud that AWS_ENDPOINT_URL names; a made-up season is for no other."""
    if not os.environ.get("AWS_ENDPOINT_URL"):
        raise click.UsageError("AWS_ENDPOINT_URL must name the local cloud")
    import boto3

    client = boto3.client("s3")

    def deliver(key: str, data: bytes) -> None:
        client.put_object(Bucket=bucket, Key=key, Body=data)

    return deliver


def bars(console: Console) -> Progress:
    """One bar for each phase."""
    return Progress(
        TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )


def table(summary: Summary) -> Table:
    """The closing figures."""
    shown = Table(show_header=False, title="Season")
    rate = summary.requests / summary.seconds if summary.seconds else 0
    each = summary.requests / summary.cases if summary.cases else 0
    rows = {
        "cases": f"{summary.cases:,}",
        "steps": ", ".join(f"{count:,} {state}" for state, count in summary.states.most_common()),
        "as expected": f"{summary.expected:,} of {len(summary.steps)} steps",
        "actions": f"{summary.actions:,} ({summary.sent_back:,} sent back)",
        "events": f"{summary.events:,}",
        "certificates": f"{summary.certificates:,}",
        "requests": f"{summary.requests:,} ({rate:,.0f}/s, {each:,.1f} a graduate, {summary.retries:,} sent again)",
        "time": f"{summary.seconds:,.1f} s",
        "unfinished": f"{summary.unfinished:,}",
        "errors": f"{summary.errors.total():,}",
    }
    for name, value in rows.items():
        shown.add_row(name, value)
    for what, count in summary.errors.most_common(10):
        shown.add_row("", f"{count:,} x {what}")
    return shown


if __name__ == "__main__":
    main()
