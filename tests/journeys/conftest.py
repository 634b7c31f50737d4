"""One small season on a local cloud of the tests' own; the files of tests stand in their order too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local import home
from tests.running import CAS_PORT, OIDC_PORT, RunningCloud
from tests.sign_in.conftest import CAS_PYTHON, NAMES, PASSWORD
from tests.sign_in.servers import CasServer, OidcServer

GRADUATES = 60


@pytest.fixture(scope="package")
def cloud() -> Iterator[RunningCloud]:
    """A fresh local cloud, started as `make up` starts it; it knows where the identity servers would be."""
    found = RunningCloud(home.HOME.name, home.PORT, home.CLOUD_PORT, GRADUATES)
    yield found.start(fresh=True)
    found.stop()


@pytest.fixture
def servers(cloud: RunningCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The OpenID provider and the CAS server of the university, which know the same people."""
    client: Any = {
        "client_id": "yinji",
        "redirect_uris": [f"{cloud.url}/api/sign-in/oidc/back"],
        "post_logout_redirect_uris": [f"{cloud.url}/sign-in"],
    }
    names: Any = {one: {"name": name} for one, name in NAMES.items()}
    accounts: Any = {one: {"password": PASSWORD, "attributes": {"name": name}} for one, name in NAMES.items()}
    folder = tmp_path_factory.mktemp("servers")
    services = "^" + cloud.url.replace(".", "[.]") + "/"
    with (
        OidcServer(OIDC_PORT, [client], names, folder),
        CasServer(CAS_PORT, accounts, services, folder, python=CAS_PYTHON),
    ):
        yield
