"""One small season on a local cloud of the tests' own; the files of tests stand in their order too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local import home
from tests.running import RunningCloud

GRADUATES = 60


@pytest.fixture(scope="package")
def cloud() -> Iterator[RunningCloud]:
    """A fresh local cloud, started as `make up` starts it."""
    found = RunningCloud(home.HOME.name, home.PORT, home.CLOUD_PORT, GRADUATES)
    yield found.start(fresh=True)
    found.stop()
