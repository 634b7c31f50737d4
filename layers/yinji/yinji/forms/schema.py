"""JSON Schema 2020-12 as forms use it: some of its keywords, and formats that are held. Pure.

What a schema of ours may say is little, so that the same is found in a browser and here, and a page can be made of it.
A keyword that is not among KEYWORDS is refused where a schema is written, and so is a pattern that JavaScript and Rust
read differently. Validation is that of the library jsonschema_rs, which passes the official test suite for these
keywords (tests/standards). In the browser it is forms-check.js of functions/portal, which says the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError, ValidationErrorKind, meta

from yinji.forms.formats import FORMATS

Schema = Mapping[str, Any]
MANY = frozenset({"allOf", "anyOf", "oneOf"})
ONE = frozenset({"not", "if", "then", "else", "items", "additionalProperties", "contains"})
NAMED = frozenset({"properties", "dependentSchemas"})
PLAIN = frozenset(
    {
        "$schema", "$comment", "title", "description", "default", "examples", "type", "enum", "const",
        "minLength", "maxLength", "pattern", "format",
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
        "minItems", "maxItems", "uniqueItems", "minContains", "maxContains",
        "required", "dependentRequired", "minProperties", "maxProperties",
    }
)  # fmt: skip
KEYWORDS = MANY | ONE | NAMED | PLAIN
"""The keywords that a schema of ours may have; beside them those that begin with x-, which ask for nothing."""
NOTHING = {"x-nothing": True}
"""What is put, as `not`, where no further property may be: everything is of it, and what is wrong is told by it."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"
DEEPEST, LONGEST_PATTERN, LARGEST = 12, 200, 2**53
"""LARGEST: up to it JavaScript has every whole number."""

# A pattern is made of these pieces, which mean the same in JavaScript (with the flag u) and in Rust. Not among them:
# the dot (which signs end a line?), \b, \p and \u, look-around, names, references back, and sets of signs within sets.
_ESCAPE = r"\\[$()*+./?\[\\\]^{|}]|\\[nrt]"
_KIND = r"\\[dDwWsS]"
_SIGN = rf"(?:(?!&&|~~)[^\\\[\]^-]|\\-|{_ESCAPE})"
_PIECE = re.compile(
    rf"""
    (?P<open> \( (?:\?:)? )
    | (?P<plain> [|^$] )
    | (?: (?P<close> \) )
        | [^\\^$.*+?()\[\]{{}}|] | {_ESCAPE} | {_KIND}
        | \[ \^? -? (?: {_SIGN}-{_SIGN} | {_SIGN} | {_KIND} )+ -? \]
      )
      (?P<times> (?: (?P<always> \{{ [0-9]{{1,3}} \}} ) | [*+?] | \{{ [0-9]{{1,3}} , [0-9]{{0,3}} \}} ) \?? )?
    """,
    re.VERBOSE,
)


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


def check(schema: Any) -> None:
    """Raise NotAllowed unless `schema` is one that forms may have."""
    try:
        json.dumps(schema, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise NotAllowed("", "no JSON") from None
    _check(schema, "", 0)
    try:
        meta.validate(schema)
    except ValidationError as error:
        raise NotAllowed(pointer(error.instance_path), "not valid against its meta-schema") from None


def _check(schema: Any, at: str, depth: int) -> None:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict) or depth > DEEPEST:
        raise NotAllowed(at, "too deep" if depth > DEEPEST else "no schema")
    told = cast(dict[str, Any], schema)
    for keyword, value in told.items():
        here = f"{at}/{_escaped(keyword)}"
        if keyword in MANY and isinstance(value, list):
            for number, one in enumerate(cast(list[Any], value)):
                _check(one, f"{here}/{number}", depth + 1)
        elif keyword in ONE:
            _check(value, here, depth + 1)
        elif keyword in NAMED and isinstance(value, dict):
            for name, one in cast(dict[str, Any], value).items():
                _check(one, f"{here}/{_escaped(name)}", depth + 1)
        elif why := _refused(keyword, value):
            raise NotAllowed(here, why)


def _refused(keyword: str, value: Any) -> str | None:
    """Why `keyword`, which holds no schemas, may not stand there with `value`."""
    if keyword.startswith("x-"):
        return None
    if keyword not in KEYWORDS:
        return "keyword not allowed"
    if keyword == "$schema" and value != DIALECT:
        return "another dialect"
    if keyword == "format" and not (isinstance(value, str) and value in FORMATS):
        return "format not known"
    if keyword == "pattern" and not _same_everywhere(value):
        return "pattern not allowed"
    return None if _exact(value) else "number not exact in a browser"


def _exact(value: Any) -> bool:
    if isinstance(value, int):
        return abs(value) <= LARGEST
    if isinstance(value, Mapping):
        return all(map(_exact, cast(Mapping[str, Any], value).values()))
    if isinstance(value, list):
        return all(map(_exact, cast(list[Any], value)))
    return True


def _same_everywhere(pattern: Any) -> bool:
    """Whether JavaScript and Rust read `pattern` alike, and neither takes long over it: what is repeated as a group is
    of fixed parts, so that there is one way to read a text."""
    if not isinstance(pattern, str) or len(pattern) > LONGEST_PATTERN:
        return False
    place, fixed = 0, [True]
    while place < len(pattern):
        piece = _PIECE.match(pattern, place)
        if piece is None:
            return False
        place = piece.end()
        if piece["open"]:
            fixed.append(True)
            continue
        if piece["close"]:
            if len(fixed) == 1:
                return False
            inner = fixed.pop()
            if not inner and piece["times"] and piece["times"] not in ("?", "??"):
                return False
            fixed[-1] = fixed[-1] and inner
        if piece["plain"] == "|" or (piece["times"] and not piece["always"]):
            fixed[-1] = False
    if len(fixed) > 1:
        return False
    try:
        Draft202012Validator({"pattern": pattern}, pattern_options=RegexOptions())
    except ValidationError:
        return False
    return True


class Validator:
    """A schema, made ready once. Raises NotAllowed when it is none of ours."""

    def __init__(self, schema: Schema | bool) -> None:
        check(schema)
        self._validator = Draft202012Validator(
            _by_name(schema),
            formats=dict(FORMATS),
            validate_formats=True,
            ignore_unknown_formats=False,
            pattern_options=RegexOptions(),
            offline=True,
        )

    def wrong(self, value: Any) -> list[Wrong]:
        """Everything that is wrong with `value`, by place; nothing when it is valid. What a condition asks for is told
        as if it were asked for always, and what is missing at its own place. What is no JSON is of the wrong type."""
        try:
            found = {_told(error) for error in self._validator.iter_errors(value)}
        except ValueError:
            return [Wrong("", "type")]
        return sorted(found, key=lambda one: (one.at, one.keyword))

    def holds(self, value: Any) -> bool:
        try:
            return self._validator.is_valid(value)
        except ValueError:
            return False


def _told(error: ValidationError) -> Wrong:
    kind, at = error.kind, pointer(error.instance_path)
    if isinstance(kind, ValidationErrorKind.Required):
        return Wrong(f"{at}/{_escaped(kind.property)}", "required")
    if isinstance(kind, ValidationErrorKind.Not) and kind.schema == NOTHING:
        return Wrong(at, "additionalProperties")
    return Wrong(at, "false" if isinstance(kind, ValidationErrorKind.FalseSchema) else kind.name)


def _by_name(schema: Any) -> Any:
    """`schema`, so that each property that may not be is told at its own place: the library tells of them together, or
    of the object alone."""
    if isinstance(schema, bool):
        return schema
    told = dict(cast(Mapping[str, Any], schema))
    for keyword, value in told.items():
        if keyword == "additionalProperties" and value is False:
            told[keyword] = {"not": NOTHING}
        elif keyword in MANY:
            told[keyword] = [_by_name(one) for one in value]
        elif keyword in ONE:
            told[keyword] = _by_name(value)
        elif keyword in NAMED:
            told[keyword] = {name: _by_name(one) for name, one in value.items()}
    return told


def pointer(path: Iterable[str | int]) -> str:
    """The JSON Pointer of `path`."""
    return "".join(f"/{_escaped(str(part))}" for part in path)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
