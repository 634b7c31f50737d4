"""One small season on a local cloud of the tests' own, for the tests of one file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running import RunningCloud

GRADUATES = 60


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    """A fresh local cloud, started as `make up` starts it."""
    found = RunningCloud("test-cloud", 18080, 14566, GRADUATES)
    yield found.start(fresh=True)
    found.stop()
