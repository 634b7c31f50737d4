"""What is taken out of log lines, should it ever get into them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from yinji.platform.observability import PERSONAL, logger, without_words

MARK = "ZZQXJ"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    told = io.StringIO()
    handler = cast(logging.StreamHandler[Any], logger.registered_handler)
    before = handler.setStream(told)
    yield told
    assert before is not None
    handler.setStream(before)


def last(log: io.StringIO) -> dict[str, Any]:
    return json.loads(log.getvalue().splitlines()[-1])


@pytest.mark.parametrize("name", sorted(PERSONAL))
def test_a_field_that_bears_the_name_of_a_personal_one_is_erased_however_deep(log: io.StringIO, name: str) -> None:
    # logging itself refuses a `name`
    flat = {} if name == "name" else {name: MARK}
    logger.info("x", extra=flat | {"deep": [{"er": {name: [MARK, {"a": MARK}]}}], "kept": 1})
    assert MARK not in log.getvalue() and last(log)["kept"] == 1


def test_what_json_has_no_word_for_beside_it_does_not_let_it_through(
    log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = {"at": datetime.now(UTC), "number": Decimal("1.5"), "some": {1, 2}, "bytes": b"x"}
    logger.info("x", extra={"told": {"student": MARK} | beside})
    assert "told" in last(log) and MARK not in log.getvalue() + capsys.readouterr().err


def test_what_is_nobodys_own_stays(log: io.StringIO) -> None:
    logger.info("reconciled", extra={"found": {"steps": 3, "code": "late"}, "step": "dormitory"})
    told = last(log)
    assert told["message"] == "reconciled" and told["found"] == {"steps": 3, "code": "late"}
    assert told["step"] == "dormitory" and told["level"] == "INFO"


def broken() -> Exception:
    try:
        try:
            raise KeyError(MARK)
        except KeyError as error:
            raise ValueError(f"no such thing: {MARK}") from error
    except ValueError as error:
        error.add_note(MARK)
        return error


def test_the_words_of_exceptions_are_left_out_their_kinds_and_places_are_told(log: io.StringIO) -> None:
    logger.error("request failed", exc_info=broken())
    told = last(log)
    assert MARK not in log.getvalue()
    assert "builtins.ValueError" in told["exception"] and "builtins.KeyError" in told["exception"]
    assert "in broken" in told["exception"] and told["exception_name"] == "ValueError"


def test_of_an_error_of_aws_the_code_is_told() -> None:
    error = ClientError({"Error": {"Code": "ThrottlingException", "Message": MARK}}, "Query")
    assert without_words(error).endswith("ClientError: ThrottlingException")


def test_a_circle_of_causes_ends() -> None:
    first, second = ValueError(MARK), KeyError(MARK)
    first.__cause__, second.__cause__ = second, first
    assert without_words(first).count("brought about by") == 1
