"""Real identity servers, started once, and the functions that sign in by them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from yinji.identity.session import Session, read
from yinji.platform import clock

from tests import handlers
from tests.functions.conftest import Cloud, cloud, transactions
from tests.sign_in.browser import Browser
from tests.sign_in.servers import CasServer, OidcServer, free_port

__all__ = ["cloud", "transactions"]
ROOT = Path(__file__).parents[2]
CAS_PYTHON = ROOT / ".local" / "cas" / "bin" / "python"
PUBLIC = "https://yinji.example.edu"
STUDENT, OFFICER, NOBODY = "2022S01001", "T0001", "T0404"
PASSWORD = "correct horse"
NAMES = {STUDENT: "林晓雨", OFFICER: "王老师", NOBODY: "谁"}


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcServer]:
    """The OpenID provider; its accounts are our people's numbers."""
    client: Any = {
        "client_id": "yinji",
        "client_secret": "between-us",
        "redirect_uris": [f"{PUBLIC}/api/sign-in/oidc/back"],
        "post_logout_redirect_uris": [f"{PUBLIC}/sign-in"],
    }
    accounts = {account: {"name": name} for account, name in NAMES.items()}
    with OidcServer(free_port(), [client], accounts, tmp_path_factory.mktemp("oidc")) as server:
        yield server


@pytest.fixture(scope="session")
def cas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CasServer]:
    """The CAS server with the same people."""
    if not CAS_PYTHON.exists():
        pytest.fail("the CAS server is not installed; `make slow` does it")
    accounts: Any = {one: {"password": PASSWORD, "attributes": {"name": name}} for one, name in NAMES.items()}
    services = r"^https://yinji[.]example[.]edu/api/sign-in/cas/back"
    with CasServer(free_port(), accounts, services, tmp_path_factory.mktemp("cas"), python=CAS_PYTHON) as server:
        yield server


class Visitor:
    """Somebody who signs in by one way: their browser at the university's sign-in, and their cookies here."""

    def __init__(self, cloud: Cloud, way: str) -> None:
        self.cloud, self.way = cloud, way
        self.folder = f"identity/sign_in_{way}"
        self.browser = Browser(PUBLIC)
        self.cookies: dict[str, str] = {}

    def ask(self, path: str) -> Any:
        """What our function answers for GET `path`; its cookies are kept."""
        held = [f"{name}={value}" for name, value in self.cookies.items()]
        answer = self.cloud.call(self.folder, None, "GET", path, cookies=held)
        for cookie in answer.cookies:
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
            if not value:
                del self.cookies[name]
        return answer

    def away(self, **query: str) -> str:
        """Begin: where our function sends the browser."""
        told = "&".join(f"{name}={value}" for name, value in query.items())
        answer = self.ask(f"/api/sign-in/{self.way}" + (f"?{told}" if told else ""))
        assert answer.status == 303, answer.body
        return str(answer.headers["Location"])

    def prove(self, page: Any, account: str, password: str = PASSWORD) -> Any:
        """Fill the university's form in: our address that comes of it, or a page that says no."""
        more = {"action": "login"} if self.way == "oidc" else {}
        return self.browser.fill(page, username=account, password=password, **more)

    def back(self, url: Any) -> Any:
        """Come back to our `url`."""
        assert isinstance(url, str), url.text
        parts = urlsplit(url)
        return self.ask(f"{parts.path}?{parts.query}")

    def sign_in(self, account: str, **query: str) -> Any:
        """The whole way, with a password."""
        return self.back(self.prove(self.browser.go(self.away(**query)), account))

    @property
    def session(self) -> Session | None:
        """Who they are here now."""
        held = self.cookies.get("yinji_session", "")
        token = read(held, ["new"], clock.now()) if held else None
        return token.session if token else None


@pytest.fixture(params=["oidc", "cas"])
def visitor(request: pytest.FixtureRequest, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """Somebody who signs in by one way, and the same again by the other."""
    return arrive(request, cloud, monkeypatch, request.param)


def forget(way: str) -> None:
    """Let the function of `way` look up anew where the server is."""
    module = handlers.warm(f"identity/sign_in_{way}")
    (module.provider if way == "oidc" else module.server).cache_clear()


def arrive(request: pytest.FixtureRequest, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, way: str) -> Visitor:
    """A visitor by `way`, whose function knows the server that runs; the register knows the officer."""
    if way == "oidc":
        boto3.client("secretsmanager").create_secret(Name="OidcSecret", SecretString="between-us")
        monkeypatch.setenv("YINJI_OIDC_ISSUER", request.getfixturevalue("provider").issuer)
        monkeypatch.setenv("YINJI_OIDC_SECRET", "OidcSecret")
    else:
        monkeypatch.setenv("YINJI_CAS_URL", request.getfixturevalue("cas").url)
    forget(way)
    cloud.invoke("identity/people", {"staff": OFFICER, "name": NAMES[OFFICER], "role": "counsellor", "school": "S01"})
    return Visitor(cloud, way)
