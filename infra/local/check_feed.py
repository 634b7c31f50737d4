"""`make check-feed`: a department's file against its contract, by the code that will read it, without a cloud.

Ends with 0 when the file would be taken, 1 when it would be refused, 2 when it is not told what it is about. What it
would change, and whether it would be held for that, only the page of the feed can say: it knows the cases.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import click
from yinji.clearance import definition, feed
from yinji.clearance.preview import check
from yinji.clearance.step import Step
from yinji.platform.clock import CAMPUS, instant, now
from yinji.platform.text import BYTE_ORDER_MARK

from infra.setting import ROOT


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--step", "id", default="", help="The step, for a file without a first line of its own.")
def main(file: Path, id: str) -> None:
    """Check FILE as the intake would."""
    data = file.read_bytes()
    step = step_of(id or named_in(data))
    checked = check(step, data, now())
    snapshot = checked.snapshot
    if snapshot is None:
        click.echo(f"✗ 不能使用  {file.name} would be refused ({step.definition.id})")
        for told in checked.errors:
            line = told.get("line")
            place = f"第 {line} 行 line {line}" if line else "整个文件 the file"
            click.echo(f"    {place}：{told['zh']}\n        {told['en']}")
        if len(checked.errors) == feed.MOST_ERRORS:
            click.echo(f"    只列出前 {feed.MOST_ERRORS} 处  the first {feed.MOST_ERRORS} only")
        raise SystemExit(1)
    as_of = f"{instant(snapshot.as_of).astimezone(CAMPUS):%Y-%m-%d %H:%M}"
    click.echo(f"✓ 可以使用  {file.name} would be taken ({step.definition.id})")
    click.echo(f"    {len(snapshot.rows)} 行，截至 {as_of}  {len(snapshot.rows)} rows, as of {as_of}")
    if checked.framed:
        click.echo(
            "    没有首行：请在网页上传，由系统补上  it has no first line: send it through the page, which adds one"
        )


def named_in(data: bytes) -> str:
    """The step that the first line of `data` names, or nothing."""
    found = re.match(rb"#yinji-feed step=([a-z-]{1,40}) ", data.removeprefix(BYTE_ORDER_MARK))
    return found[1].decode() if found else ""


def step_of(id: str) -> Step:
    """The step `id` with what reads its rows. Raises UsageError when it has no feed."""
    fed = [step.id for step in definition.steps().values() if step.feed]
    if id not in fed:
        raise click.UsageError(f"STEP=... 应为 must be one of: {', '.join(fed)}")
    folder = ROOT / "functions" / "clearance" / "steps" / definition.steps()[id].module
    spec = importlib.util.spec_from_file_location(f"step_{id.replace('-', '_')}", folder / "handler.py")
    assert spec and spec.loader  # noqa: S101 - a step with a feed has its handler
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.step


if __name__ == "__main__":
    main()
