"""Problems as people and programs read them: RFC 9457 with a stable code, in the reader's language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """Something asked for cannot be done; nothing was changed.

    `code` is a key of problems.toml, which holds HTTP status and sentences; `params` fill the sentence and must
    not hold personal data beyond what the reader may see anyway.
    """

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    @property
    def status(self) -> int:
        return int(catalogue()[self.code]["status"])

    @property
    def headers(self) -> dict[str, str]:
        """What an answer says in its headers besides: when to come again."""
        return {"Retry-After": str(self.params["seconds"])} if "seconds" in self.params else {}

    def document(self, language: str) -> dict[str, Any]:
        """The problem+json document in `language` ("zh" or "en")."""
        return {
            "type": f"urn:yinji:problem:{self.code}",
            "code": self.code,
            "status": self.status,
            "title": sentence(self.code, language, {}),
            "detail": sentence(self.code, language, self.params),
        } | {name: value for name, value in self.params.items() if name in EXTENSIONS}


def invalid_form(errors: Mapping[str, str]) -> Problem:
    """What is wrong with a form: by field "required", "invalid" or "unknown"."""
    told = [{"field": field, "code": code} for field, code in errors.items()]
    return Problem("invalid-form", fields=", ".join(errors), errors=told)


def whole(text: str, field: str) -> int:
    """The whole number, of eight digits at most, that a form says as `field`. Raises invalid_form."""
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise invalid_form({field: "invalid" if text else "required"})
    return int(text)


EXTENSIONS = frozenset({"errors", "by", "at", "state", "limit", "seconds"})
"""Params that programs may read from the document."""


@cache
def catalogue() -> Mapping[str, Mapping[str, Any]]:
    return cast(
        Mapping[str, Mapping[str, Any]],
        tomllib.loads(Path(__file__).with_name("problems.toml").read_text("utf-8")),
    )


def sentence(code: str, language: str, params: Mapping[str, Any]) -> str:
    """The sentence of `code` in `language`; without `params` its short title."""
    entry = catalogue()[code]
    text = entry["zh" if language == "zh" else "en"]
    if not params:
        return str(text["title"])
    return str(text.get("detail", text["title"])).format_map(_Blank(params))


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""
