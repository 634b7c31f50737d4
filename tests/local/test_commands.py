"""What the commands say when the machine is not as they need it: one sentence, and nothing has begun."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
HOME = "commands-test"
PORTS = {"YINJI_PORT": "18190", "YINJI_CLOUD_PORT": "18191"}


def local(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.local", *arguments],
        cwd=ROOT,
        env={**os.environ, "YINJI_HOME": HOME, **PORTS, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(autouse=True)
def gone() -> Iterator[None]:
    yield
    shutil.rmtree(ROOT / ".local" / HOME, ignore_errors=True)


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    said = done.stdout.strip()
    assert done.returncode == 1 and "Traceback" not in said + done.stderr
    assert len(said.splitlines()) == 1, said
    return said


@pytest.mark.parametrize("name", PORTS)
def test_a_taken_port_is_named_and_so_is_the_way_out(name: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(PORTS[name])))
        taken.listen()
        said = one_sentence(local("up"))
    assert f"Port {PORTS[name]}" in said and f"{name}=" in said
    assert not (ROOT / ".local" / HOME).exists()


def test_without_node_it_says_so() -> None:
    assert "Node 20" in one_sentence(local("up", PATH="/nonexistent"))


@pytest.mark.parametrize("graduates", ["0", "12", "many", "999999", "-5"])
def test_a_season_of_no_sensible_size_is_refused(graduates: str) -> None:
    assert "from 30 to 10020" in one_sentence(local("up", f"--graduates={graduates}"))


def test_commands_that_need_a_running_cloud_say_how_to_start_it() -> None:
    event = ROOT / "events" / "clearance" / "figures.json"
    for arguments in (["logs"], ["invoke", "clearance/figures", str(event)]):
        assert "make up" in one_sentence(local(*arguments))
    status = local("status")
    assert status.returncode == 0 and "not running" in status.stdout


def make(target: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--always-make", target],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_old_python_is_named_before_anything_is_installed(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2"\nexit 1\n')
    old.chmod(0o755)
    done = make(".local/python", PYTHON=str(old))
    assert done.returncode
    assert "Python 3.11 or newer is needed" in done.stdout and "3.9.2" in done.stdout


def test_an_old_node_is_named_before_anything_is_installed(tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.write_text('#!/bin/sh\n[ "$1" = --version ] && echo v18.1.0 && exit 0\nexit 1\n')
    node.chmod(0o755)
    done = make("node_modules/.package-lock.json", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode
    assert "Node 20 or newer is needed: v18.1.0" in done.stdout
