"""`make verify-history`: whether exported histories are whole, without a network; or those of the local cloud.

FILE is what an auditor downloaded: the history of a case (JSON), those of a school (one a line) or the anchors.
Ends with 0 when everything holds, 1 when something does not, 2 when the file cannot be read at all.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from yinji.clearance import chain
from yinji.clearance.chain import Finding, Head

SENTENCES: Mapping[str, Mapping[str, str]] = tomllib.loads(
    Path(chain.__file__).with_name("findings.toml").read_text("utf-8")
)


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--anchor", default="", help="The hash of the anchor as you noted it when it was new.")
def main(file: Path | None, anchor: str) -> None:
    """Check exported histories; without FILE, every history of the running local cloud."""
    bad = checked = 0
    for name, document in documents(file) if file else of_local_cloud():
        if "next" in document:
            click.echo(
                f"后面还有一部分：从 {document['next']} 之后导出  more follows: export again, after={document['next']}"
            )
            continue
        anchors = document.get("format") == chain.ANCHORS
        found = chain.verify_anchors(document) if anchors else chain.verify(document, anchor)
        wrong = any(finding.bad for finding in found)
        checked, bad = checked + 1, bad + wrong
        if wrong or file:
            click.echo(f"{'✗' if wrong else '✓'} {name}  {size(document, anchors)}")
            for finding in found:
                click.echo("\n".join(f"    {text}" for text in sentences(finding)))
    click.echo(f"共 {checked} 份，{bad} 份不完整  {checked} checked, {bad} not whole")
    raise SystemExit(1 if bad else 0 if checked else 2)


def sentences(finding: Finding) -> list[str]:
    """What `finding` says, in Chinese and in English."""
    return [SENTENCES[finding.code][language].format(**finding.params) for language in ("zh", "en")]


def size(document: Mapping[str, Any], anchors: bool) -> str:
    listed = document.get("anchors" if anchors else "events")
    number = len(listed) if isinstance(listed, list) else 0
    return f"{number} 个锚点 anchors" if anchors else f"{number} 条记录 events"


def documents(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every document in `file`, with what to call it. What is no JSON is a document that says nothing."""
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError:
        text = ""
    whole = parsed(text)
    lines: Iterable[Any] = [whole] if whole is not None else map(parsed, text.splitlines() or [""])
    for number, document in enumerate(lines, 1):
        told = document if isinstance(document, dict) else {}
        yield str(told.get("student") or f"{file.name}:{number}"), told


def parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def of_local_cloud() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The history of every case of the running local cloud, as an export would tell it."""
    from infra.local import deploy, home

    if not home.listens(home.CLOUD_PORT):
        raise click.UsageError("FILE=... is missing, and no local cloud is running")
    outputs = deploy.outputs()
    # the table's name is read when the module is imported
    os.environ.update(home.environment() | {"YINJI_TABLE": outputs["TableName"]})
    from yinji.clearance.anchors import Anchors, Witnesses
    from yinji.clearance.store import Store

    store, known = Store(), Witnesses(Anchors(home.client("s3"), outputs["DocumentsBucket"]))
    for lean in store.everybody():
        if case := store.get(lean.student):
            events = [event for event in store.events(lean.student) if event.version <= case.version]
            head = Head(lean.student, case.version, case.chain)
            yield lean.student, chain.history(head, events, "", known.of(lean.student))


if __name__ == "__main__":
    main()
