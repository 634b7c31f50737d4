"""The commands behind `make up`, `down`, `reset`, `status`, `logs`, `invoke`, `season-demo`, `devices`, `check`."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
import sys
import time
from collections import Counter
from http import HTTPStatus
from pathlib import Path
from typing import Any

import click
import psutil
import requests
from rich.console import Console
from rich.table import Table

from infra.local import deploy, home
from infra.local.emulator import Emulator
from infra.local.trouble import Trouble

console = Console(highlight=False, soft_wrap=True)
OLDEST_PYTHON = (3, 11)
WATCH_SECONDS = 1.0
STOP_SECONDS = 90
NAMES = {"up": "the front door", "emulator": "the emulator"}


def say(text: str) -> None:
    """One line of progress, with the time since the command began."""
    console.print(f"[dim]{time.monotonic() - _began:6.1f} s[/]  {text}")


_began = time.monotonic()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Yinji's local cloud."""


@main.command()
@click.option("--graduates", default="600", help="How many graduates the demo season has, or all.")
def up(graduates: str) -> None:
    """Start the local cloud, deploy, seed the demo season once, and keep running."""
    if running():
        say("it is running already")
        addresses()
        return
    asyncio.run(_up(size(graduates), _until_stopped))


@main.command("season-demo")
@click.option("--graduates", default="120", help="How many graduates the season has if there is none yet, or all.")
def season_demo(graduates: str) -> None:
    """Play students and officers over HTTP until every graduate of the season has certificate and diploma."""
    if running():
        raise SystemExit(0 if asyncio.run(play()) else 1)
    finished = asyncio.run(_up(size(graduates), play))
    raise SystemExit(0 if finished else 1)


@main.command("season-check")
def season_check() -> None:
    """Hold the cases against what the season expects before anybody acts; exit 1 when they differ."""
    from infra.local import seeding

    _need_running()
    different = seeding.compare(seeding.season())
    seeding.tell(different, say)
    raise SystemExit(1 if different else 0)


@main.command()
def down() -> None:
    """Stop the local cloud; what it knows is kept."""
    stop()


@main.command()
def reset() -> None:
    """Stop the local cloud and forget everything it knows."""
    stop()
    shutil.rmtree(home.HOME, ignore_errors=True)
    say("all data of the local cloud is deleted")


@main.command()
def status() -> None:
    """Say what runs, what is deployed, and how the season stands."""
    pids = _pids()
    if not running():
        say("it is starting" if starting() else "the local cloud is not running; `make up` starts it")
        return
    table = Table.grid(padding=(0, 2))
    ours = [psutil.Process(pid) for pid in pids.values()]
    family = {*ours, *(child for process in ours for child in process.children(recursive=True))}
    memory = sum(process.memory_info().rss for process in family)
    table.add_row("front door", home.URL)
    table.add_row("emulator", f"{home.CLOUD_URL} (process {pids['emulator']}, {memory // 2**20} MB with its functions)")
    for stack in home.client("cloudformation").describe_stacks()["Stacks"]:
        if not stack["StackName"].startswith("CDK"):
            table.add_row("stack", f"{stack['StackName']}: {stack['StackStatus']}")
    for name, count in _failures().items():
        table.add_row("[red]failures[/]", f"{count} in {name}")
    console.print(table)
    console.print(_standing())


@main.command()
@click.option(
    "--function", "folder", default="", help="Folder below functions/, e.g. clearance/advance; all when empty."
)
@click.option("--follow/--no-follow", default=True)
def logs(folder: str, follow: bool) -> None:
    """Print what the functions logged."""
    from infra.local.seeding import function_name

    _need_running()
    client, seen = home.client("logs"), set[str]()
    groups = [f"/aws/lambda/{function_name(folder)}"] if folder else _log_groups(client)
    since = int((time.time() - 600) * 1000)
    while True:
        lines: list[tuple[int, str, str]] = []
        for group in groups:
            for event in client.filter_log_events(logGroupName=group, startTime=since).get("events", []):
                known = f"{event['logStreamName']} {event['timestamp']} {event['message']}"
                if known not in seen and not event["message"].startswith(("START ", "END ")):
                    seen.add(known)
                    lines.append((event["timestamp"], group.removeprefix("/aws/lambda/"), event["message"].rstrip()))
        for at, name, message in sorted(lines):
            console.print(f"[dim]{time.strftime('%H:%M:%S', time.localtime(at / 1000))} {name}[/]  ", end="")
            console.print(message, markup=False)
        if not follow:
            return
        time.sleep(WATCH_SECONDS)


@main.command()
@click.argument("folder")
@click.argument("event", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def invoke(folder: str, event: Path) -> None:
    """Invoke the function in functions/FOLDER with the event in a file, and print its answer and log."""
    from infra.local.seeding import function_name

    _need_running()
    answer = home.client("lambda").invoke(
        FunctionName=function_name(folder), Payload=event.read_bytes(), LogType="Tail"
    )
    payload = answer["Payload"].read().decode()
    log = base64.b64decode(answer.get("LogResult", "")).decode("utf-8", "replace").rstrip()
    if log:
        console.print(log, style="dim", markup=False)
    try:
        console.print_json(payload or "null")
    except ValueError:
        console.print(payload, markup=False)
    raise SystemExit(1 if answer.get("FunctionError") else 0)


@main.command()
@click.option("--readers", default=200, help="How many readers there are.")
@click.option("--rate", default=100.0, help="How many passes a second.")
@click.option("--seconds", default=60.0, help="For how long.")
@click.option("--students", default=2_000, help="How many students go through.")
@click.option("--duplicates", default=0.05, help="The share of passes that are sent twice.")
@click.option("--late", default=0.10, help="The share of passes that are sent late, by up to forty days.")
@click.option("--wrong-clocks", default=0.15, help="The share of readers whose clock is wrong.")
@click.option("--offline", default=0.10, help="The share of readers that are offline for a third of the time.")
@click.option("--unknown", default=0.01, help="The share of cards that are nobody's.")
@click.option("--impossible", default=0.002, help="The share of passes that nobody believes.")
@click.option("--seed", default=1, help="The same seed does the same.")
@click.option("--portraits", default=20, help="How many times to measure how soon a portrait follows.")
def devices(portraits: int, **told: Any) -> None:
    """Let readers send passes over MQTT, with all that goes wrong with them, and count what came of it."""
    from infra.local.devices import Options, simulate

    _need_running()
    raise SystemExit(0 if simulate(Options(**told), portraits, say) else 1)


@main.command()
def check() -> None:
    """Check what the machine needs to have, before anything is installed or started."""
    _check_machine()


# --- up ----------------------------------------------------------------------------------------------------------


async def _up(graduates: int, then: Any) -> Any:
    """Bring everything up, await `then()`, and stop again, whatever happens."""
    _check_machine()
    if starting():
        raise Trouble(
            "It is starting already, in another shell: wait until that one says ready, or `make down` ends it."
        )
    for port, what, name in (
        (home.PORT, "front door", "YINJI_PORT"),
        (home.CLOUD_PORT, "emulator", "YINJI_CLOUD_PORT"),
    ):
        if home.listens(port):
            raise Trouble(
                f"Port {port}, which the {what} needs, is taken by another program: end that one, or choose another "
                f"port, e.g. `{name}={port + 10} make up`."
            )
    killed = home.PIDS.exists()
    home.PIDS.mkdir(parents=True, exist_ok=True)
    emulator = Emulator()
    door: Any = None
    (home.PIDS / "up").write_text(str(os.getpid()), "utf-8")
    try:
        say("starting the emulator")
        await asyncio.to_thread(emulator.start)
        (home.PIDS / "emulator").write_text(str(emulator.pid), "utf-8")
        if await asyncio.to_thread(deploy.deploy, say):
            await asyncio.to_thread(emulator.save)
        else:
            say("this very app is deployed already")
        from infra.local import authority
        from infra.local.front_door import front_door

        if await asyncio.to_thread(authority.ensure):
            say("the local authority vouches for the key that seals archives")
        door = front_door()
        await door.start(home.PORT)
        if killed and home.SEASON.exists():
            from infra.local.seeding import resume

            say("the local cloud was killed: what was left is taken up again")
            await asyncio.to_thread(resume)
        await asyncio.to_thread(seed, graduates)
        await asyncio.to_thread(visits)
        await asyncio.to_thread(scan)
        say(f"[bold green]ready[/] at {home.URL}")
        return await then(emulator) if then is _until_stopped else await then()
    finally:
        say("stopping")
        if door:
            await door.stop()
        await asyncio.to_thread(emulator.stop)
        shutil.rmtree(home.PIDS, ignore_errors=True)


async def _until_stopped(emulator: Emulator) -> None:
    addresses()
    console.print("\nCtrl-C or `make down` stops it; everything is kept for next time.")
    stopped = asyncio.Event()
    for signal_ in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_, stopped.set)
    while not stopped.is_set():
        if not emulator.alive:
            raise Trouble(f"The emulator died; {home.LOGS / 'emulator.log'} says why. `make up` goes on where it was.")
        try:
            await asyncio.wait_for(stopped.wait(), WATCH_SECONDS)
        except TimeoutError:
            continue


def seed(graduates: int) -> None:
    """Deliver the demo season as a university would, unless there is one."""
    from infra.local import seeding

    if home.SEASON.exists():
        known = json.loads(home.SEASON.read_text("utf-8"))["graduates"]
        if known != graduates:
            say(f"the season of {known} graduates is kept; `make reset` makes room for one of {graduates}")
        return
    seeding.deliver(graduates, say)


def visits() -> None:
    """Let people ask for home visits of the coming weeks, those who have not yet."""
    from infra.local import seeding

    seeding.ask_for_visits(say)


def scan() -> None:
    """Scan the label that `addresses` names, as a phone does: whoever is first waits for no function to start, which a
    snapshot spares them on AWS. Raises Trouble when its page or its place is not there."""
    from infra.local.season import campus

    if code := campus.code_of(campus.SHOWN):
        for path in (f"/r/{code}", f"/api/repair/places/{code}"):
            if (status := requests.get(f"{home.URL}{path}", timeout=60).status_code) != HTTPStatus.OK:
                raise Trouble(
                    f"The label of {campus.SHOWN} was scanned, and {path.partition(code)[0]} answered {status}."
                )


async def play() -> bool:
    """Play the season to its end; whether every case got there without an error."""
    from infra.local import seeding

    return await seeding.play(console)


def addresses() -> None:
    """Print where to go, as whom."""
    from infra.local.season import campus

    table = Table.grid(padding=(0, 2))
    table.add_row("student 学生", f"{home.URL}/sign-in?as=student")
    table.add_row("counsellor 辅导员", f"{home.URL}/sign-in?as=counsellor")
    table.add_row("supervisor 导师", f"{home.URL}/sign-in?as=supervisor")
    table.add_row("department officer 部门", f"{home.URL}/sign-in?as=department-officer")
    table.add_row("administrator 管理员", f"{home.URL}/sign-in?as=administrator")
    table.add_row("guide 指南", f"{home.URL}/guide")
    table.add_row("verify 验证", f"{home.URL}/verify")
    table.add_row("forms 一表通", f"{home.URL}/forms")
    table.add_row("home visits 上门服务", f"{home.URL}/visits")
    table.add_row("visits' desk 上门工作台", f"{home.URL}/visits/desk")
    if code := campus.code_of(campus.SHOWN):
        table.add_row("scan a label 扫码报修", f"{home.URL}/r/{code}")
    console.print()
    console.print(table)


# --- what runs ---------------------------------------------------------------------------------------------------


def _pids() -> dict[str, int]:
    """The processes of a running local cloud by name; those that are no more are left out."""
    if not home.PIDS.exists():
        return {}
    told = {path.name: int(path.read_text("utf-8") or 0) for path in home.PIDS.iterdir()}
    return {name: pid for name, pid in told.items() if psutil.pid_exists(pid) and _ours(pid)}


def _ours(pid: int) -> bool:
    """A number may have gone to another program since: ours are Python and run from this checkout."""
    try:
        return any(str(home.ROOT) in part or "infra.local" in part for part in psutil.Process(pid).cmdline())
    except psutil.Error:
        return False


def running() -> bool:
    return {"up", "emulator"} <= _pids().keys() and home.listens(home.PORT)


def starting() -> bool:
    """Whether another shell brings it up, or takes it down, at this moment."""
    return "up" in _pids() and not running()


def stop() -> None:
    """Stop a running local cloud and wait for it; leftovers of one that was killed are taken away too."""
    pids = _pids()
    if not pids:
        say("the local cloud is not running")
    for name in ("up", "emulator"):
        if name not in pids:
            continue
        try:
            process = psutil.Process(pids[name])
            process.terminate()
            process.wait(STOP_SECONDS)
        except psutil.NoSuchProcess:
            continue  # the front door takes the emulator with it
        except psutil.TimeoutExpired:
            process.kill()
        say(f"{NAMES[name]} stopped")
    shutil.rmtree(home.PIDS, ignore_errors=True)


def _need_running() -> None:
    if not running():
        raise Trouble("The local cloud is not running; `make up` starts it.")


def _check_machine() -> None:
    if sys.version_info < OLDEST_PYTHON:
        raise Trouble("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ".")
    if not shutil.which("node"):
        raise Trouble("Node 20 or newer is needed and no `node` is found: install it, then run this again.")


def size(graduates: str) -> int:
    """The number of graduates somebody asked for; "all" is the whole season."""
    from infra.local.season.people import FULL

    whole = sum(FULL.values())
    if graduates == "all":
        return whole
    if not graduates.isdecimal() or not 30 <= int(graduates) <= whole:
        raise Trouble(f"A season has from 30 to {whole} graduates, or all; not {graduates}.")
    return int(graduates)


def _log_groups(client: Any) -> list[str]:
    pages = client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="/aws/lambda/")
    return [group["logGroupName"] for page in pages for group in page["logGroups"]]


def _failures() -> dict[str, int]:
    """How many failed events lie in which queue, those that are empty left out."""
    client, found = home.client("sqs"), dict[str, int]()
    # others hold what is about to be dealt with
    for url in [url for url in client.list_queues().get("QueueUrls", []) if url.endswith("-failures")]:
        told = client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        count = int(told["Attributes"]["ApproximateNumberOfMessages"])
        if count:
            found[url.rsplit("/", 1)[1]] = count
    return found


def _standing() -> Table:
    """Cases by step and state, read from the index by school."""
    from infra.local import seeding

    counts = seeding.standing()
    table = Table(title=f"{counts.pop('', Counter())['cases']} cases", title_justify="left", box=None)
    states = ("done", "waived", "submitted", "blocked", "ready", "waiting")
    for heading in ("step", *states):
        table.add_column(heading, justify="left" if heading == "step" else "right")
    for step, by_state in counts.items():
        table.add_row(step, *(str(by_state[state] or "") for state in states))
    return table


def run() -> None:
    """The entry point: troubles are told in one sentence, without a traceback."""
    try:
        main(standalone_mode=True)
    except Trouble as trouble:
        console.print(f"[bold red]{trouble}[/]", markup=True)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    run()
