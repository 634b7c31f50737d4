"""What is told of a route beside what its definition says: the words of which the catalogue is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from infra.openapi.shapes import Schema

JSON = "application/json"
ANYTHING_SENT = ("malformed-request", "cross-site")
"""Codes of whatever changes something: see yinji.platform.http."""
ANYTHING_KEPT = ("key-reused", "too-busy")
"""Codes of whatever changes a case under an idempotency key: see Store.change."""
KEY: Schema = {
    "type": "string",
    "minLength": 8,
    "maxLength": 100,
    "description": "What whoever sends this calls it by. Sent again under the same key it is done once.",
}


@dataclass(frozen=True)
class Answer:
    """What comes with a status: documents by media type (none: an empty body), and headers by name."""

    content: Mapping[str, Schema] = field(default_factory=dict[str, Schema])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    description: str = "Done."


@dataclass(frozen=True)
class Told:
    """One operation. `answers` by status; `problems` are the codes of problems.toml it can be answered with.

    `query`, `fields` and `headers` are parameters, each with its schema. Of what is sent, `required` names the fields
    that there must be, `files` those that are files (then only multipart forms are taken), `closed` says that others
    than these are refused, and `many` that each case is named. `keyed` asks for an idempotency key. A form that names
    a page to go back to (`next`) is answered by a redirect where `back`; `leads` says that every form is.
    """

    tag: str
    summary: str
    answers: Mapping[int, Answer]
    problems: Sequence[str] = ()
    query: Mapping[str, Schema] = field(default_factory=dict[str, Schema])
    headers: Mapping[str, Schema] = field(default_factory=dict[str, Schema])
    fields: Mapping[str, Schema] = field(default_factory=dict[str, Schema])
    required: Sequence[str] = ()
    files: Sequence[str] = ()
    closed: bool = False
    many: bool = False
    keyed: bool = False
    back: bool = True
    leads: bool = False
    sends: bool = True
    """Whether anything that is sent is read at all."""
    document: Schema | None = None
    """What another program sends as it pleases: JSON, and no form."""
    from_anywhere: bool = False
    """Whether pages of other sites may send it: see yinji.platform.http.Api."""
    errors: Mapping[str, Schema] = field(default_factory=dict[str, Schema])
    """How problems are told where a standard says how: a document by media type, in the place of problem+json."""


def json(schema: Schema, description: str = "Done.") -> Mapping[int, Answer]:
    return {200: Answer({JSON: schema}, {"Cache-Control": "no-store"}, description)}


def file(media_type: str, description: str, schema: Schema | None = None) -> Answer:
    """A file: of bytes unless `schema` says otherwise, under a name of its own."""
    told = schema if schema is not None else {"type": "string", "contentMediaType": media_type.split(";")[0]}
    return Answer({media_type: told}, {"Content-Disposition": "how to keep it"}, description)


def leads(description: str) -> Mapping[int, Answer]:
    """A redirect, and nothing else."""
    return {303: Answer({}, {"Location": "where to go"}, description)}
