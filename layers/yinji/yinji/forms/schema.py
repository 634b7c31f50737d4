"""JSON Schema 2020-12 as forms use it: some of its keywords, and formats that are held. Pure.

What a schema of ours may say is little, so that the same is found in a browser and here, and a page can be made of it. A
keyword that is not among KEYWORDS is refused where a schema is written, and so is a pattern that JavaScript and Python
read differently. Validation is that of the library jsonschema, which passes the official test suite for these keywords.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from yinji.forms.formats import FORMATS

Schema = Mapping[str, Any]
MANY = frozenset({"allOf", "anyOf", "oneOf"})
ONE = frozenset({"not", "if", "then", "else", "items", "additionalProperties", "contains"})
NAMED = frozenset({"properties", "dependentSchemas"})
PLAIN = frozenset(
    {
        "$schema", "title", "description", "default", "examples", "type", "enum", "const",
        "minLength", "maxLength", "pattern", "format",
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
        "minItems", "maxItems", "uniqueItems", "minContains", "maxContains",
        "required", "dependentRequired", "minProperties", "maxProperties",
    }
)  # fmt: skip
KEYWORDS = MANY | ONE | NAMED | PLAIN
"""The keywords that a schema of ours may have."""
DEEPEST, LONGEST_PATTERN = 12, 200
_UNSAFE = re.compile(r"\\[^dwsbDWSB.\\\[\](){}*+?^$|/-]|\(\?(?!:)|\\[wWsSbB]|[*+}][+]")
"""Of a pattern: escapes and groups that are not the same in both languages, or that only one of them knows."""


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a value: where, as a JSON Pointer (RFC 6901), and the keyword that says so."""

    at: str
    keyword: str


class NotAllowed(ValueError):
    """A schema says what ours may not say; `at` is where."""

    def __init__(self, at: str, why: str) -> None:
        super().__init__(f"{at or '/'}: {why}")
        self.at, self.why = at, why


def check(schema: Any, at: str = "", depth: int = 0) -> None:
    """Raise NotAllowed unless `schema` is one that forms may have."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict) or depth > DEEPEST:
        raise NotAllowed(at, "not a schema" if depth <= DEEPEST else "too deep")
    told: dict[str, Any] = schema
    for keyword, value in told.items():
        here = f"{at}/{keyword}"
        if keyword not in KEYWORDS and not keyword.startswith("x-"):
            raise NotAllowed(here, "keyword not allowed")
        if keyword == "format" and value not in FORMATS:
            raise NotAllowed(here, "format not known")
        if keyword == "pattern":
            _check_pattern(value, here)
        if keyword in MANY and isinstance(value, list):
            some: list[Any] = value
            for number, one in enumerate(some):
                check(one, f"{here}/{number}", depth + 1)
        elif keyword in ONE:
            check(value, here, depth + 1)
        elif keyword in NAMED and isinstance(value, dict):
            named: dict[str, Any] = value
            for name, one in named.items():
                check(one, f"{here}/{_escaped(name)}", depth + 1)
    if depth == 0:
        for error in Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(told):  # pyright: ignore
            raise NotAllowed(pointer(error.absolute_path), "not valid against its meta-schema")


def _check_pattern(pattern: Any, at: str) -> None:
    if not isinstance(pattern, str) or len(pattern) > LONGEST_PATTERN or _UNSAFE.search(pattern):
        raise NotAllowed(at, "pattern not allowed")
    try:
        re.compile(pattern)
    except re.error as error:
        raise NotAllowed(at, "pattern not allowed") from error


class Validator:
    """A schema, made ready once. Raises NotAllowed when it is none of ours."""

    def __init__(self, schema: Schema) -> None:
        check(schema)
        formats = FormatChecker(formats=())
        for name, holds in FORMATS.items():
            formats.checks(name)(lambda value, holds=holds: not isinstance(value, str) or holds(value))
        self._validator = Draft202012Validator(schema, format_checker=formats)

    def wrong(self, value: Any) -> list[Wrong]:
        """Everything that is wrong with `value`, by place; nothing when it is valid."""
        found = {Wrong(*_told(error)) for error in _leaves(self._validator.iter_errors(value))}  # pyright: ignore
        return sorted(found, key=lambda one: (one.at, one.keyword))

    def holds(self, value: Any) -> bool:
        return bool(self._validator.is_valid(value))


def _leaves(errors: Any) -> Iterator[Any]:
    """What is said of a conditional is said of what it asks for."""
    for error in errors:
        if error.validator in ("if", "then", "else", "allOf") and error.context:
            yield from _leaves(error.context)
        else:
            yield error


def _told(error: Any) -> tuple[str, str]:
    path: Sequence[str | int] = list(error.absolute_path)
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        path = [*path, missing]
    return pointer(path), str(error.validator)


def pointer(path: Any) -> str:
    """The JSON Pointer of `path`."""
    return "".join(f"/{_escaped(str(part))}" for part in path)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
