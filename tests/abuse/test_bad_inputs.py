"""Every bad input of docs/security.md is refused, changes nothing, and comes back neither in an answer nor in a log."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from yinji.identity.people import Grant
from yinji.identity.session import Session
from yinji.identity.store import People

from tests.abuse.cases import BAD_INPUTS, MARK
from tests.abuse.ways import InMemory, check
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, cloud, officer
from tests.functions.test_privacy import said
from tests.graduates import LIN, graduate

__all__ = ["cloud", "said"]
SECURITY = Path(__file__).parents[2] / "docs" / "security.md"
WHO = {
    "student": STUDENT,
    "library": officer("library"),
    "counsellor": COUNSELLOR,
    "administrator": Session("A0001", "administrator", "网络信息中心"),
}


@pytest.fixture(autouse=True)
def refused_by_dynamodb(monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB looks for no key that is too long; the double would."""
    call = BaseClient._make_api_call

    def strict(self: Any, operation: str, told: Any) -> Any:
        if self.meta.service_model.service_name == "dynamodb" and re.search(r"'S': '[^']{2049}", str(told)):
            raise ClientError({"Error": {"Code": "ValidationException", "Message": "too long"}}, operation)
        return call(self, operation, told)

    monkeypatch.setattr(BaseClient, "_make_api_call", strict)


def test_no_bad_input_changes_anything_or_comes_back(cloud: Cloud, said: Any) -> None:
    other = graduate(3, school="S02")
    cloud.open(replace(LIN, programme='=HYPERLINK("x")'), other)
    library = WHO["library"]
    People().grant(library.sub, Grant(library.role, department=library.department))
    way = InMemory(cloud, WHO, other.student, said)
    way.said()
    found = [one for bad in BAD_INPUTS for one in check(way, bad)]
    assert not found, "\n".join(found)
    assert MARK not in way.said().lower()


def test_the_page_on_security_lists_every_bad_input_and_no_other() -> None:
    [section] = re.findall(r"^## Bad inputs\n(.*?)(?=^## |\Z)", SECURITY.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    listed = re.findall(r"`([\w-]+)`", "".join(line for line in section.splitlines(True) if line.startswith("|")))
    assert sorted(listed) == sorted(bad.name for bad in BAD_INPUTS)
    assert len(set(listed)) == len(listed) >= 30
