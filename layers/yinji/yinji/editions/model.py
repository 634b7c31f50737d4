"""An edition 成长档案册: one student's archive as of one moment, typeset, sealed, and confirmed to whoever asks.

    planned ──> requested ──> rendered ──> sealed
                 │    │ └──> unchanged       └──> (superseded, revoked)
                 │    └────> held
                 └─────────> failed

`planned` waits in a run that is paused or busy; `unchanged` says what the one in force says already; `held` has a
character that no font draws, which a person has to look at; `failed` could not be made. The last two may be asked for
again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from yinji.platform.ids import id_of
from yinji.platform.problem import Problem

State = Literal["planned", "requested", "rendered", "sealed", "unchanged", "held", "failed"]
Language = Literal["zh", "en", "both"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
THEMES = ("ink", "jade", "dawn")
"""How an edition may look: templates/archive/ of the layer `typeset`, the usual one first."""
OVER: frozenset[State] = frozenset({"sealed", "unchanged", "held", "failed"})
"""Nothing more happens to these by itself."""
AGAIN: frozenset[State] = frozenset({"held", "failed"})
MOST_ATTEMPTS = 3
"""How often what was left lying is taken up again before it has failed."""
DOCUMENT = "archive.pdf"
FILES = {
    DOCUMENT: "application/pdf",
    "credential.jwt": "application/vc+jwt",
    "credentials.json": "application/vp+json",
}
"""What there is of a sealed edition to take along: the document, the credential of the whole record, all of them."""
ENDINGS = {name.rpartition(".")[2]: media_type for name, media_type in FILES.items()}
"""How the keys of these files end, in the order in which they are put."""
ALONE = "alone"
"""The run of what a student asked for themselves."""


@dataclass(frozen=True)
class Edition:
    """`code` is the verification code, printed in it; `at` the moment as of which it was asked for, which it bears as
    its date. `fingerprint` is of what it says; `digest` the SHA-256 of the sealed PDF; `status` its place in the list
    of what was revoked. `characters` are those no font has, `reason` the code of why it failed."""

    student: str
    id: str
    run: str
    language: Language
    theme: str
    code: str
    by: str
    at: datetime
    state: State
    changed_at: datetime
    attempts: int = 1
    fingerprint: str = ""
    digest: str = ""
    size: int = 0
    status: int = 0
    sealed_at: datetime | None = None
    superseded_by: str = ""
    revoked_at: datetime | None = None
    revoked_by: str = ""
    revoked_why: str = ""
    characters: str = ""
    reason: str = ""

    @property
    def standing(self) -> Literal["in-force", "superseded", "revoked", "none"]:
        """What is told to whoever verifies it."""
        if self.state != "sealed":
            return "none"
        if self.revoked_at:
            return "revoked"
        return "superseded" if self.superseded_by else "in-force"


def chosen(language: str, theme: str) -> tuple[Language, str]:
    """The language and theme somebody asked for, the usual ones where they said none. Raises
    Problem("malformed-request") when there are no such ones."""
    known: Language | None = next((one for one in LANGUAGES if one == (language or "both")), None)
    if known is None or (theme or THEMES[0]) not in THEMES:
        raise Problem("malformed-request")
    return known, theme or THEMES[0]


def edition_id(run: str, student: str, language: str, key: str = "") -> str:
    """The same for the same asking, so that asking twice makes one."""
    return id_of(run, student, language, key)


RENDERED, SEALED, AUTHORITY, PACKS = "rendered/", "sealed/", "authority/", "packs/"
"""Prefixes of the bucket of editions."""


def rendered_key(student: str, id: str) -> str:
    return f"{RENDERED}{student}/{id}.pdf"


def facts_key(student: str, id: str, fingerprint: str) -> str:
    """Where it lies meanwhile what the credentials of a rendered edition are made of."""
    return f"{RENDERED}{student}/{id}-{fingerprint[:16]}.json"


def rendered_of(key: str) -> tuple[str, str]:
    """The student and the id of the edition whose PDF is rendered at `key`; both empty when it is no such key."""
    prefix, _, rest = key.partition("/")
    student, _, name = rest.rpartition("/")
    known = f"{prefix}/" == RENDERED and name.endswith(".pdf")
    return (student, name.removesuffix(".pdf")) if known else ("", "")


def sealed_key(edition: Edition, ending: str = "pdf") -> str:
    """Where the sealed document lies, or what goes with it: `ending` pdf, jwt or json."""
    return f"{sealed_prefix(edition.student, edition.id)}{edition.digest[:16]}.{ending}"


def pack_key(run: str, school: str) -> str:
    """Where the editions of a school in a run lie packed for the printing house."""
    return f"{PACKS}{run}/{school}.zip"


def sealed_prefix(student: str, id: str) -> str:
    """Below which everything lies that was ever sealed of the edition."""
    return f"{SEALED}{student}/{id}-"
