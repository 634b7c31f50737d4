"""Every operation of docs/openapi.json answers everybody as the document says: `make fuzz` sends 20,000 requests."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator

import pytest

from infra.openapi.__main__ import FILE
from tests.functions.conftest import Cloud, cloud, transactions
from tests.fuzz.gateway import Gateway, served
from tests.fuzz.run import Fuzz
from tests.fuzz.world import World
from tests.infra.conftest import local
from tests.infra.synthesis import Synthesis

__all__ = ["cloud", "local", "transactions"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

# each operation gets two at least
REQUESTS = int(os.environ.get("YINJI_FUZZ_REQUESTS", "1"))
SEED = int(os.environ.get("YINJI_FUZZ_SEED", "20260628"))
WHOLE = REQUESTS >= 5000
"""Whether it is a run from which every operation can be asked to have been done at least once."""


@pytest.fixture
def world(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    # a few people ask here as often as ten thousand; that they are told to wait is tested elsewhere
    monkeypatch.setenv("YINJI_LIMIT_FACTOR", "1000000")
    yield World(cloud, SEED, whole=WHOLE)


def test_every_operation_answers_as_the_document_says(
    world: World, cloud: Cloud, local: Synthesis, pytestconfig: pytest.Config
) -> None:
    document = json.loads(FILE.read_text("utf-8"))
    fuzz = Fuzz(document, Gateway(served(local), cloud.invoke), world, SEED)
    run = fuzz.go(REQUESTS, anew=WHOLE)
    if WHOLE or run.failures:
        # not by capsys, which would keep every line of every function's log in memory
        with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            sys.stdout.write("\n".join(["", *run.report(), ""]))
    assert run.requests >= REQUESTS and len(run.operations) >= len(document["paths"])
    assert list(run.failures.values()) == []
    assert not WHOLE or run.never == []
