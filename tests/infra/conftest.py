"""Both deployments, synthesized once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping

import pytest

from tests.infra.synthesis import Synthesis, Template, synthesize


@pytest.fixture(scope="session")
def aws() -> Iterator[Synthesis]:
    found = synthesize("aws", alarm_email="network-centre@example.edu")
    yield found
    shutil.rmtree(found.folder)


@pytest.fixture(scope="session")
def local() -> Iterator[Synthesis]:
    found = synthesize("local", target="local", alarm_email="network-centre@example.edu")
    yield found
    shutil.rmtree(found.folder)


@pytest.fixture(params=["aws", "local"])
def either(request: pytest.FixtureRequest) -> Synthesis:
    """A test that asks for it is one of each deployment."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def templates(aws: Synthesis, local: Synthesis) -> Mapping[str, Mapping[str, Template]]:
    """{"aws" or "local": {stack without prefix: template}}."""
    return {"aws": aws.templates, "local": local.templates}
