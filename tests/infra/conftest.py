"""Both deployments, synthesized once, whoever asks and in whichever process of the tests."""

from __future__ import annotations

import fcntl
import pickle
import shutil
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from tests.infra.synthesis import Synthesis, Template, synthesize

EMAIL = "network-centre@example.edu"


def _synthesized(name: str, factory: pytest.TempPathFactory, worker: str) -> Synthesis:
    """The deployment `name`, which the first process that needs it synthesizes for all of this run."""
    run = factory.getbasetemp() if worker == "master" else factory.getbasetemp().parent
    return _shared(name, run)


@cache
def _shared(name: str, run: Path) -> Synthesis:
    kept = run / f"synthesis-{name}.pickle"
    with (run / f"synthesis-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            target = {"target": "local"} if name == "local" else {}
            found = synthesize(name, **target, alarm_email=EMAIL)
            folder = Path(shutil.move(found.folder, run / f"synthesis-{name}"))
            kept.write_bytes(pickle.dumps(replace(found, folder=folder)))
        return pickle.loads(kept.read_bytes())  # noqa: S301 - written by these tests, in this run


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Synthesis:
    return _synthesized("aws", tmp_path_factory, worker_id)


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Synthesis:
    return _synthesized("local", tmp_path_factory, worker_id)


@pytest.fixture(params=["aws", "local"])
def either(request: pytest.FixtureRequest) -> Synthesis:
    """A test that asks for it is one of each deployment."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def templates(aws: Synthesis, local: Synthesis) -> Mapping[str, Mapping[str, Template]]:
    """{"aws" or "local": {stack without prefix: template}}."""
    return {"aws": aws.templates, "local": local.templates}
