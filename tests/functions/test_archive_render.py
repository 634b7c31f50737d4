"""An edition that was asked for is typeset: once, whatever comes twice; and what cannot be typeset says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from typeset.archive import themes
from typeset.rendering import RenderError
from yinji.archive.record import Certification
from yinji.archive.store import Archive
from yinji.archive.student import Student
from yinji.editions.model import ALONE, LANGUAGES, THEMES, Edition, rendered_key
from yinji.editions.runs import Run, Runs
from yinji.editions.store import Editions, new_edition
from yinji.platform import clock

from tests import handlers
from tests.archives import SU, fill, record
from tests.functions.conftest import Cloud

pytestmark = pytest.mark.slow  # it draws, with the layer's fonts
RENDER = "archive/render"
AT = datetime(2026, 6, 20, 2, 0, tzinfo=UTC)


@pytest.fixture
def editions(cloud: Cloud) -> Editions:
    return Editions()


def with_records(student: Student = SU, number: int = 5) -> None:
    Archive().enrol([student])
    fill(student, [record(at, student=student.student, day=date(2024, 9, at)) for at in range(1, number + 1)])


def asked(editions: Editions, key: str = "1", student: str = SU.student, run: str = ALONE, **more: Any) -> Edition:
    language, theme = more.pop("language", "both"), more.pop("theme", THEMES[0])
    return editions.ask(
        new_edition(student, run, language, theme, student, state="requested", key=key, **({"at": AT} | more))
    )


def come(cloud: Cloud, *every: Edition) -> dict[str, Any]:
    records = [
        {
            "eventID": f"{edition.id}{place}",
            "eventName": "INSERT",
            "eventSource": "aws:dynamodb",
            "dynamodb": {
                "Keys": {"pk": {"S": f"STUDENT#{edition.student}"}, "sk": {"S": f"EDITION#{edition.id}"}},
                "SequenceNumber": str(place),
                "StreamViewType": "KEYS_ONLY",
            },
        }
        for place, edition in enumerate(every)
    ]
    return cloud.invoke(RENDER, {"Records": records})


def now(editions: Editions, edition: Edition) -> Edition:
    found = editions.find(edition.student, edition.id)
    assert found
    return found


def rendered(cloud: Cloud, edition: Edition) -> bytes:
    key = rendered_key(edition.student, edition.id)
    return cloud.s3.get_object(Bucket="editions", Key=key)["Body"].read()


def all_keys(cloud: Cloud) -> list[str]:
    listed = cloud.s3.list_objects_v2(Bucket="editions").get("Contents", [])
    return [one["Key"] for one in listed if one["Key"].endswith(".pdf")]


def test_there_is_a_template_for_every_theme_that_can_be_asked_for() -> None:
    assert sorted(THEMES) == list(themes())


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_edition_is_typeset_and_lies_where_the_seal_looks(cloud: Cloud, editions: Editions, language: str) -> None:
    with_records()
    edition = asked(editions, language=language)
    assert come(cloud, edition) == {"batchItemFailures": []}
    found = now(editions, edition)
    assert found.state == "rendered" and found.fingerprint
    assert rendered(cloud, edition).startswith(b"%PDF-1.7")
    head = cloud.s3.head_object(Bucket="editions", Key=rendered_key(edition.student, edition.id))
    assert head["ContentType"] == "application/pdf" and head["Metadata"] == {"fingerprint": found.fingerprint}


def test_what_comes_twice_makes_the_same_bytes_and_one_edition(cloud: Cloud, editions: Editions) -> None:
    with_records()
    edition = asked(editions)
    come(cloud, edition)
    first = rendered(cloud, edition)
    come(cloud, edition, edition)
    assert rendered(cloud, edition) == first and len(all_keys(cloud)) == 1
    # whoever stopped after the document was put renders the same into the same place
    handlers.warm(RENDER).render(replace(edition, state="requested"))
    assert rendered(cloud, edition) == first and len(editions.of(SU.student)) == 1


def test_who_asks_for_what_the_one_in_force_says_gets_none(cloud: Cloud, editions: Editions) -> None:
    with_records()
    first = asked(editions)
    come(cloud, first)
    assert editions.seal(first, now(editions, first).fingerprint, "d" * 64, 1, 1)
    second = asked(editions, key="2", at=AT.replace(day=25))
    come(cloud, second)
    assert now(editions, second).state == "unchanged" and len(all_keys(cloud)) == 1


@pytest.mark.parametrize("how", ["a record more", "another theme"])
def test_what_says_something_else_or_looks_otherwise_is_made(cloud: Cloud, editions: Editions, how: str) -> None:
    with_records()
    first = asked(editions)
    come(cloud, first)
    assert editions.seal(first, now(editions, first).fingerprint, "d" * 64, 1, 1)
    if how == "a record more":
        with_records(number=6)
    second = asked(editions, key="2", theme=THEMES[how == "another theme"])
    come(cloud, second)
    assert now(editions, second).state == "rendered"


def test_a_character_that_no_font_has_goes_to_a_person_with_its_name(cloud: Cloud, editions: Editions) -> None:
    with_records(replace(SU, name="苏\U0003134f明"))
    edition = asked(editions)
    come(cloud, edition)
    found = now(editions, edition)
    assert (found.state, found.characters) == ("held", "\U0003134f")
    assert all_keys(cloud) == []


def test_a_run_that_is_paused_waits(cloud: Cloud, editions: Editions) -> None:
    with_records()
    Runs().begin(Run("r1", "2022", "s1", 1, "both", THEMES[0], "D07", AT))
    assert Runs().pause("r1", "D07", AT)
    edition = asked(editions, run="r1")
    come(cloud, edition)
    assert now(editions, edition).state == "planned" and all_keys(cloud) == []


def test_who_has_no_archive_gets_none(cloud: Cloud, editions: Editions) -> None:
    edition = asked(editions, student="2022S01999")
    come(cloud, edition)
    found = now(editions, edition)
    assert (found.state, found.reason) == ("failed", "no-archive")


def test_what_cannot_be_typeset_has_failed(cloud: Cloud, editions: Editions, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> bytes:
        raise RenderError("no such template")

    with_records()
    monkeypatch.setattr(handlers.warm(RENDER), "archive_pdf", broken)
    edition = asked(editions)
    come(cloud, edition)
    found = now(editions, edition)
    assert (found.state, found.reason) == ("failed", "not-typeset") and all_keys(cloud) == []


def test_an_edition_that_is_gone_or_over_is_left_alone(cloud: Cloud, editions: Editions) -> None:
    with_records()
    gone = asked(editions)
    editions.forget(SU.student)
    assert come(cloud, gone) == {"batchItemFailures": []}
    over = asked(editions, key="2")
    assert editions.fail(over, "not-typeset")
    come(cloud, over)
    assert now(editions, over).reason == "not-typeset" and all_keys(cloud) == []


def test_the_document_says_what_confirms_it_and_the_day_on_campus(cloud: Cloud, editions: Editions) -> None:
    with_records()
    edition = asked(editions, at=datetime(2026, 6, 19, 20, 0, tzinfo=UTC))
    module = handlers.warm(RENDER)
    data = module.data_of(module.gatherer.book(SU.student), edition)
    assert data.verify_url == f"https://yinji.example.edu/verify/{edition.code}"
    assert data.issued_on == date(2026, 6, 20) == edition.at.astimezone(clock.CAMPUS).date()


def test_only_what_is_certified_stands_in_a_book(cloud: Cloud) -> None:
    waiting = record(9, state="pending", certification=None)
    certified = record(1, certification=Certification("library-loans", AT))
    Archive().enrol([SU])
    fill(SU, [certified, waiting])
    found = handlers.warm(RENDER).gatherer.book(SU.student)
    assert found["records"] == 1
