"""Evidence: documents that people hand in with a step or a claim, from the moment they ask to upload one.

An upload is `expected` once it was asked for, then `accepted` or `refused` when the document has been looked into
(layers/inspection). The answer to a form's question is the upload's id; the document lies under its own hash, so that
whichever of two deliveries is accepted, the one that is found is the one that was accepted.
"""

from __future__ import annotations

import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal, cast

from yinji.archive import claims
from yinji.clearance.case import Case
from yinji.clearance.definition import Action, Evidence, Field, Text, steps
from yinji.clearance.step import offered
from yinji.platform.problem import Problem

Status = Literal["expected", "accepted", "refused"]

MEDIA_TYPES: Mapping[str, str] = {
    "pdf": "application/pdf",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
}
"""The kinds of document there are; what else there is (Office files, which can hold macros, among it) is refused."""
EXTENSIONS: Mapping[str, str] = {"pdf": "pdf", "jpeg": "jpg", "png": "png", "webp": "webp"}
MOST_A_DAY = 20
"""How many uploads a graduate may begin for one step on one day of the campus."""
TIME_TO_SEND = timedelta(minutes=15)
"""How long after it was asked for an upload may begin: a phone on a poor network, and 50 MB."""
KEPT_UNUSED = timedelta(days=30)
"""How long is known what became of an upload that never arrived or was refused."""
PREFIX = "evidence/"


@dataclass(frozen=True)
class Upload:
    """A document asked for by `field` of an action of `step`, of a claim, or of a form, which `takes` what it was when
    it was asked for. `refusal` is a key of evidence_refusals.toml."""

    id: str
    student: str
    step: str
    field: str
    started_at: datetime
    status: Status = "expected"
    kind: str = ""
    size: int = 0
    sha256: str = ""
    pages: int = 0
    refusal: str = ""
    takes: Evidence | None = None

    @property
    def raw_key(self) -> str:
        """Where the document arrives in the intake bucket."""
        return f"{PREFIX}{self.step}/{self.student}/{self.id}"

    @property
    def document_key(self) -> str:
        """Where the accepted document lies in the documents bucket."""
        return f"{self._stem}.{EXTENSIONS[self.kind]}"

    @property
    def thumbnail_key(self) -> str:
        """Where its small picture (JPEG) lies."""
        return f"{self._stem}.thumbnail.jpg"

    @property
    def _stem(self) -> str:
        return f"{PREFIX}{self.student}/{self.id}/{self.sha256[:16]}"


def new_id() -> str:
    """An id that nobody can guess."""
    return secrets.token_hex(16)


def of_raw_key(key: str) -> tuple[str, str]:
    """Student and id of the upload that arrives under `key`; both empty when nothing was asked for under such a key."""
    parts = key.removeprefix(PREFIX).split("/")
    return (parts[1], parts[2]) if len(parts) == 3 else ("", "")


def field_of(step: str, field: str) -> Field | None:
    """The question of `step`, or of a claim, that evidence answers under the name `field`."""
    known = steps().get(step)
    actions = known.actions.values() if known else [claims.form()] if step == claims.STEP else []
    asked = [one for action in actions for one in action.fields]
    return next((one for one in asked if one.name == field and one.evidence), None)


def open_question(case: Case, step: str, action: str, field: str, today: date) -> Field:
    """The question that evidence may answer on the campus's day `today`. Raises Problem: not-found, not-applicable,
    case-closed, case-withdrawn, not-open-yet, not-possible-now."""
    known = steps().get(step)
    asked: Action | None = known.actions.get(action) if known else None
    found = next((one for one in asked.fields if one.name == field and one.evidence), None) if asked else None
    if asked is None or found is None or asked.by != "student":
        raise Problem("not-found")
    record = case.steps.get(step)
    if record is None:
        raise Problem("not-applicable")
    if refused := case.shut("student", today):
        raise refused
    state = case.state(step)
    if state not in asked.sources or not offered(asked, case, record):
        raise Problem("not-possible-now", state=state)
    return found


@cache
def refusals() -> Mapping[str, Text]:
    """Why a document may be refused, in both languages."""
    path = Path(__file__).with_name("evidence_refusals.toml")
    return cast(Mapping[str, Text], tomllib.loads(path.read_text("utf-8")))
