"""The commands: generate a season into a folder, play one over HTTP."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from yinji.platform import clock

from infra.local.season.generator import Options, generate
from infra.local.season.people import FULL


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
    season = generate(Options(graduates, seed, today.date() if today else clock.today()))
    for key, data in season.files.items():
        path = out / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    click.echo(f"{len(season.graduates)} graduates, {len(season.files)} files, batch {season.batch}")


if __name__ == "__main__":
    main()
