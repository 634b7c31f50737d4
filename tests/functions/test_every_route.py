"""Every route x every role x one's own, somebody else's, nobody's: who is let in, written out once more.

A row says of a route which roles may use it upon what is theirs (`own`) and which upon anything (`any`). Whoever is in
neither is refused. A route of the template, or of the portal, without a row fails.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.store import Archive
from yinji.archive.student import Student
from yinji.clearance import arrangements, definition
from yinji.clearance.definition import Action, StepDefinition
from yinji.forms.desk import DEEDS as FORM_DEEDS
from yinji.forms.facts_desk import DEEDS as FACT_DEEDS
from yinji.forms.submission import VERDICTS
from yinji.identity.people import DELEGATED, Grant
from yinji.identity.session import ROLES, Role, Session
from yinji.identity.store import People
from yinji.platform import clock, problem
from yinji.repair.work import DEEDS
from yinji.visits.desk import DEEDS as VISIT_DEEDS
from yinji.visits.desk import TURNS
from yinji.visits.rounds import DEEDS as ROUND_DEEDS

from infra.local.season.answers import answers
from tests import pages, portal
from tests.archives import SU, activity, with_archive
from tests.functions.conftest import Cloud
from tests.functions.test_portal import certified
from tests.graduates import BATCH, LIN, graduate
from tests.infra.conftest import local
from tests.infra.synthesis import Synthesis
from tests.submissions import keep, sent

__all__ = ["local"]

pytestmark = pytest.mark.slow

API = "/api/clearance"
SCHOOL = ("counsellor", "school-officer")
OFFICES = (*SCHOOL, "department-officer")
CENTRE = ("administrator", "auditor")
HAVE_A_BOX = ("student", *OFFICES)
SEES_ANY = ("department-officer", *CENTRE)
SUPERVISOR = "T0701"
FOREIGN, NOBODY = "2022S02003", "2022S02999"
FLAGS = frozenset(step.applies for step in definition.steps().values() if step.applies) | {"student_loan"}
MINE = replace(LIN, flags=FLAGS, **({"supervisor": SUPERVISOR} if hasattr(LIN, "supervisor") else {}))
NO_DOCUMENT = "0" * 32
AID = sent(clear=True)
"""What LIN, of S01, sent to student affairs."""
OWN_PAGES = ("/me", "/archive/claim", "/archive/transcript")
ELSEWHERE = {"library": "finance"}
REFUSED, NOT_THERE, SIGNED_OUT = 403, 404, 401
LET_IN = frozenset({200, 303, 409, 422})
"""Answered by what lies behind the door: done, or a rule of clearance that has nothing to do with who asks."""


@dataclass(frozen=True)
class Row:
    """`route` as the template has it. `own`, `any`: roles, see the module; `department` is the office it belongs to.

    `about` fills the route's places besides the student and the school; `fields` are sent. `bulk` names many cases.
    """

    route: str
    folder: str
    own: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    department: str = "library"
    about: Mapping[str, str] = field(default_factory=dict[str, str])
    query: str = ""
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    bulk: bool = False
    answers: frozenset[int] = LET_IN

    @property
    def of_a_student(self) -> bool:
        return "{student}" in self.route or self.bulk

    @property
    def of_a_school(self) -> bool:
        return "{school}" in self.route + self.query


SEE_SLOTS = tuple(role for role in ROLES if role not in ("supervisor", "technician", "community-worker"))
READ = frozenset({200})
SEE_CASE: dict[str, Any] = {"own": ("student", *SCHOOL, "supervisor"), "any": ("department-officer", *CENTRE)}

COMPARES: dict[str, Any] = {
    "own": (*SCHOOL, "department-officer"),
    "any": CENTRE,
    "department": "student-affairs",
    "query": "school={school}",
}
SELECTS: dict[str, Any] = {
    "own": ("department-officer",),
    "any": ("administrator",),
    "department": "student-affairs",
}
ROWS_OF_GROUPS = (
    Row("GET /api/archive/groups", "archive/compare", **COMPARES, answers=READ),
    Row(
        "GET /api/archive/groups/{year}",
        "archive/compare",
        **COMPARES,
        about={"year": "undergraduate-2022"},
        answers=frozenset({NOT_THERE}),
    ),
    Row("GET /api/archive/quiet", "archive/compare", **COMPARES, answers=READ),
    Row("GET /api/archive/lists/{file}", "archive/compare", **COMPARES, about={"file": "quiet.csv"}, answers=READ),
    Row("GET /api/archive/selections", "archive/selections", **SELECTS, answers=READ),
    Row("POST /api/archive/selections", "archive/selections", **SELECTS, fields={"title": "x", "grade_1": "2022"}),
    *(
        Row(
            f"{method} /api/archive/selections/{{id}}{deed}",
            "archive/selections",
            **SELECTS,
            about={"id": NO_DOCUMENT},
            fields={"title": "x", "version": "1"},
            answers=frozenset({NOT_THERE}),
        )
        for method, deed in (
            ("GET", ""),
            ("POST", "/draft"),
            ("POST", "/keep"),
            ("POST", "/archive"),
            ("POST", "/restore"),
        )
    ),
)
ROWS_OF_REPORTS = (
    Row(
        "GET /api/repair/photos/{report}",
        "repair/photo_show",
        own=("department-officer",),
        any=("technician", *CENTRE),
        department="network-centre",
        about={"report": "0" * 24},
        answers=frozenset({NOT_THERE}),
    ),
)
ROWS_OF_LEARNING = (
    Row(
        "GET /api/repair/figures",
        "repair/learnt",
        own=("department-officer",),
        any=("technician", *CENTRE),
        department="network-centre",
        answers=READ,
    ),
)
MANAGES_PLACES: dict[str, Any] = {
    "own": ("department-officer",),
    "any": ("administrator",),
    "department": "network-centre",
}
ROWS_OF_PLACES = (
    Row(
        "POST /api/repair/labels",
        "repair/labels",
        **MANAGES_PLACES,
        fields={"format": "door", "places": "LIB"},
        answers=frozenset({422}),
    ),
    *(
        Row(
            f"POST /api/repair/labels/{{serial}}/{deed}",
            "repair/labels",
            **MANAGES_PLACES,
            about={"serial": "K7QFM2"},
            fields={"format": "door"},
            answers=frozenset({NOT_THERE}),
        )
        for deed in ("replace", "retire")
    ),
    Row(
        "GET /api/repair/sheets/{sheet}",
        "repair/labels",
        **MANAGES_PLACES,
        about={"sheet": "0" * 24},
        answers=frozenset({NOT_THERE}),
    ),
)
ACTIVITIES = "/api/archive/activities"
DEVICES = "/api/archive/devices"
_DEVICE = {"about": {"device": "gate-main-1"}}
ROWS_OF_READERS = (
    Row(
        f"GET {DEVICES}",
        "archive/readers",
        own=("department-officer",),
        any=CENTRE,
        department="student-affairs",
        answers=READ,
    ),
    Row(
        f"POST {DEVICES}/{{device}}/passes",
        "archive/readers",
        any=("administrator",),
        **_DEVICE,
        fields={"decision": "drop"},
    ),
    Row(
        f"POST {DEVICES}/{{device}}/readmit",
        "archive/readers",
        any=("administrator",),
        **_DEVICE,
        answers=frozenset({NOT_THERE}),
    ),
)
_MANAGES: dict[str, Any] = {
    "own": ("school-officer", "department-officer"),
    "any": ("administrator",),
    "department": "student-affairs",
}
_A1 = {"about": {"activity": "A1"}}
ROWS_OF_ACTIVITIES = (
    Row(f"GET {ACTIVITIES}", "archive/activities", any=SEE_SLOTS, answers=READ),
    Row(f"GET {ACTIVITIES}/{{activity}}", "archive/activities", any=SEE_SLOTS, **_A1, answers=READ),
    Row(
        f"POST {ACTIVITIES}",
        "archive/activities",
        **_MANAGES,
        fields={"school": "S01", "kind": "lecture", "title": "x", "begins_at": "2099-06-10T19:00", "minutes": "90"},
    ),
    Row(f"POST {ACTIVITIES}/{{activity}}/change", "archive/activities", **_MANAGES, **_A1, fields={"version": "1"}),
    # oneself, whoever one is
    Row(f"POST {ACTIVITIES}/{{activity}}/sign-up", "archive/sign_up", any=("student",), **_A1),
    Row(f"POST {ACTIVITIES}/{{activity}}/give-back", "archive/sign_up", any=("student",), **_A1),
    Row(f"GET {ACTIVITIES}/{{activity}}/sign-ups", "archive/audience", **_MANAGES, **_A1, answers=READ),
    Row(
        f"GET {ACTIVITIES}/{{activity}}/sign-ups/{{file}}",
        "archive/audience",
        **_MANAGES,
        about={"activity": "A1", "file": "sign-ups.csv"},
        answers=READ,
    ),
    Row(
        f"GET {ACTIVITIES}/{{activity}}/check-in-code",
        "archive/code_on_screen",
        own=OFFICES,
        any=("administrator",),
        department="student-affairs",
        **_A1,
        answers=READ,
    ),
    Row(
        "POST /api/archive/check-in/{token}",
        "archive/check_in",
        any=("student",),
        about={"token": "made-up"},
        answers=frozenset({NOT_THERE}),
    ),
    Row(f"POST {ACTIVITIES}/{{activity}}/cancel", "archive/activities", **_MANAGES, **_A1),
)

ROWS: tuple[Row, ...] = (
    Row(f"GET {API}/cases/{{student}}", "clearance/cases", **SEE_CASE, answers=READ),
    Row(
        f"GET {API}/cases/{{student}}/certificate",
        "clearance/certificate_download",
        **SEE_CASE,
        answers=frozenset({NOT_THERE}),
    ),
    Row(f"GET {API}/schools/{{school}}", "clearance/cases", own=SCHOOL, any=CENTRE, answers=READ),
    Row(
        f"GET {API}/steps/{{step}}/queue",
        "clearance/cases",
        own=("department-officer",),
        any=CENTRE,
        about={"step": "library-loans"},
        answers=READ,
    ),
    Row(
        f"GET {API}/steps/{{step}}/queue",
        "clearance/cases",
        own=SCHOOL,
        any=CENTRE,
        about={"step": "school-approval"},
        query="school={school}",
        answers=READ,
    ),
    Row(f"GET {API}/batches", "clearance/batches", any=CENTRE, answers=READ),
    Row(f"GET {API}/batches/{{batch}}", "clearance/batches", any=CENTRE, about={"batch": BATCH.id}, answers=READ),
    Row(f"POST {API}/batches", "clearance/batches", any=("administrator",)),
    Row(
        f"POST {API}/batches/{{batch}}/{{deed}}",
        "clearance/batches",
        any=("administrator",),
        about={"batch": BATCH.id, "deed": "carry-over"},
        fields={"into": BATCH.id},
    ),
    Row(
        f"POST {API}/flows/{{flow}}/migrate",
        "clearance/batches",
        any=("administrator",),
        about={"flow": "undergraduate"},
        fields={"version": "999"},
    ),
    Row(f"GET {API}/cases/{{student}}/audit.json", "clearance/audit_export", any=CENTRE, answers=READ),
    Row(f"GET {API}/schools/{{school}}/audit.ndjson", "clearance/audit_export", any=CENTRE, answers=READ),
    Row(f"GET {API}/anchors.json", "clearance/audit_export", any=CENTRE, answers=READ),
    Row(
        f"GET {API}/cases/{{student}}/steps/{{step}}/appointment.ics",
        "clearance/appointment_calendar",
        **SEE_CASE,
        about={"step": "dormitory"},
        answers=frozenset({NOT_THERE}),
    ),
    Row(
        f"POST {API}/cases/{{student}}/evidence",
        "clearance/evidence_upload",
        own=("student",),
        answers=LET_IN | {NOT_THERE},  # nothing says for which step
    ),
    Row(
        f"GET {API}/cases/{{student}}/evidence/{{id}}",
        "clearance/evidence_upload",
        own=("student",),
        about={"id": NO_DOCUMENT},
        answers=frozenset({NOT_THERE}),
    ),
    *(
        Row(
            f"GET {API}/cases/{{student}}/evidence/{{id}}/{what}",
            "clearance/evidence_download",
            own=("student", *SCHOOL, "supervisor"),
            any=("department-officer",),
            about={"id": NO_DOCUMENT},
            answers=frozenset({NOT_THERE}),
        )
        for what in ("file", "thumbnail")
    ),
    Row(
        f"POST {API}/cases/{{student}}/sealed/{{step}}/{{field}}",
        "clearance/sealed_answer",
        own=("student", "department-officer"),
        department="international-education",
        about={"step": "scholarship-settlement", "field": "card"},
        answers=frozenset({NOT_THERE}),
    ),
    Row(
        f"GET {API}/exports/{{file}}",
        "clearance/exports",
        own=SCHOOL,
        any=CENTRE,
        about={"file": "matrix.csv"},
        query="school={school}",
        answers=READ,
    ),
    Row(
        f"GET {API}/exports/{{file}}",
        "clearance/exports",
        own=("department-officer",),
        any=CENTRE,
        about={"file": "queue.csv"},
        query="step=library-loans",
        answers=READ,
    ),
    *(
        Row(f"GET {API}/exports/{{file}}", "clearance/exports", any=CENTRE, about={"file": file}, answers=READ)
        for file in ("season.csv", "burn-down.csv", "cases.xlsx")
    ),
    Row(f"POST {API}/practice", "clearance/practice", any=OFFICES),
    # a department reminds of its own steps, whose graduate it may be
    Row(f"POST {API}/cases/{{student}}/remind", "messages/remind", own=SCHOOL, any=("department-officer",)),
    *ROWS_OF_REPORTS,
    *ROWS_OF_PLACES,
    *ROWS_OF_GROUPS,
    *ROWS_OF_ACTIVITIES,
    *ROWS_OF_READERS,
    *ROWS_OF_LEARNING,
    # everybody's own box: there is no way to ask for another
    Row("GET /api/messages", "messages/inbox", any=HAVE_A_BOX, answers=READ),
    Row("POST /api/messages/read", "messages/inbox", any=HAVE_A_BOX, fields={"upto": "MESSAGE#2026"}),
    Row("GET /api/messages/preferences", "messages/inbox", any=HAVE_A_BOX, answers=READ),
    Row("POST /api/messages/preferences", "messages/inbox", any=HAVE_A_BOX, fields={"language": "en"}),
    # one's own account: nobody can name another's
    Row("GET /api/account", "identity/account", any=ROLES, answers=READ),
    Row("GET /api/account/export.json", "identity/my_data", any=ROLES, answers=READ),
    # who looked: graduates at their own data, the centre at anybody's
    Row("GET /api/account/seen", "identity/who_saw", any=("student", *CENTRE), answers=READ),
    Row(f"GET {API}/cases/{{student}}/seen", "identity/who_saw", own=("student",), any=CENTRE, answers=READ),
    Row("POST /api/account/role", "identity/account", any=("student",)),
    Row("POST /api/account/role", "identity/account", any=("administrator",), fields={"key": "administrator"}),
    Row(
        "POST /api/account/lent",
        "identity/account",
        any=tuple(DELEGATED),
        fields={"to": "T0002", "ends_on": clock.today().isoformat()},
    ),
    Row(
        "POST /api/account/lent/take-back",
        "identity/account",
        any=ROLES,
        fields={"to": "T0002", "key": "counsellor#S01"},
        answers=frozenset({NOT_THERE}),
    ),
    # who is who
    Row("GET /api/people/{staff}", "identity/people", any=CENTRE, about={"staff": "T0100"}, answers=READ),
    Row("POST /api/people", "identity/people", any=("administrator",)),
    Row(
        "POST /api/people/{staff}/grants",
        "identity/people",
        any=("administrator",),
        about={"staff": "T0100"},
        fields={"name": "x", "role": "auditor"},
    ),
    Row(
        "POST /api/people/{staff}/grants/end",
        "identity/people",
        any=("administrator",),
        about={"staff": "T0100"},
        fields={"key": "technician"},
        answers=frozenset({NOT_THERE}),
    ),
)
ARRANGEMENTS: Mapping[str, dict[str, Any]] = {
    "extend-case": {"own": SCHOOL, "any": ("administrator",)},
    "withdraw-case": {"own": ("school-officer",), "any": ("administrator",)},
    "move-case": {"own": ("student", *SCHOOL, "department-officer"), "any": ("administrator",)},
    "reopen-case": {"any": ("administrator",)},
}
"""What is arranged about a whole case, by the permission it asks for."""
ARCHIVE = "/api/archive/students/{student}"
SEE_ARCHIVE: dict[str, Any] = {
    "own": ("student", *SCHOOL, "department-officer"),
    "any": CENTRE,
    "department": "student-affairs",
    "answers": frozenset({NOT_THERE}),
}
EDITION, SHARE = "0" * 24, "0" * 20
ROWS_OF_EDITIONS: tuple[Row, ...] = (
    *(
        Row(
            f"GET {ARCHIVE}/editions{rest}",
            folder,
            **(SEE_ARCHIVE | {"answers": answers}),
            about={"edition": EDITION, "file": "archive.pdf"},
        )
        for rest, folder, answers in (
            ("", "archive/editions", READ),
            ("/{edition}/{file}", "archive/edition_download", frozenset({NOT_THERE})),
        )
    ),
    Row(
        f"GET {ARCHIVE}/editions/{{edition}}/kept-copy",
        "archive/kept_copy",
        own=("student",),
        about={"edition": EDITION},
        answers=frozenset({NOT_THERE}),
    ),
    Row(f"POST {ARCHIVE}/editions", "archive/editions", own=("student",), fields={"language": "zh"}),
    Row(
        f"POST {ARCHIVE}/editions/{{edition}}/revoke",
        "archive/editions",
        **SELECTS,
        about={"edition": EDITION},
        fields={"why": "why"},
        answers=frozenset({NOT_THERE}),
    ),
    Row(f"GET {ARCHIVE}/shares", "archive/shares", own=("student",), answers=READ),
    Row(f"POST {ARCHIVE}/shares", "archive/shares", own=("student",)),
    Row(
        f"POST {ARCHIVE}/shares/{{share}}/revoke",
        "archive/shares",
        own=("student",),
        about={"share": SHARE},
        answers=frozenset({NOT_THERE}),
    ),
    Row("POST /api/archive/editions/again", "archive/runs", **SELECTS),
    Row("GET /api/archive/runs", "archive/runs", **SELECTS, answers=READ),
    Row("POST /api/archive/runs", "archive/runs", **SELECTS, fields={"selection": "x"}),
    *(
        Row(
            f"{method} /api/archive/runs/{{run}}{deed}",
            "archive/runs",
            **SELECTS,
            about={"run": EDITION},
            answers=frozenset({NOT_THERE}),
        )
        for method, deed in (
            ("GET", ""),
            ("POST", "/pause"),
            ("POST", "/resume"),
            ("POST", "/again"),
            ("POST", "/pack"),
        )
    ),
    Row(
        "GET /api/archive/runs/{run}/packs/{school}",
        "archive/runs",
        **SELECTS,
        about={"run": EDITION},
        answers=frozenset({NOT_THERE}),
    ),
)
"""Editions of archives, links to share them, and runs that make many."""

OPEN: Mapping[str, str] = {
    "POST /api/sign-out": "whoever has no session any more signs out too",
    "POST /api/sign-out/everywhere": "the same; without a session it ends none",
    **{
        f"GET /api/sign-in/{way}{path}": "it is where sessions come from"
        for way in ("oidc", "cas")
        for path in ("", "/back", "/leave")
    },
    "GET /api/sign-in/demo": "it is where sessions come from; local deployments only",
    "GET /api/sign-in/demo/personas": "the same",
    "POST /api/sign-in/demo": "the same",
    f"GET {API}/guides/{{flow}}/{{file}}": "guides are for everybody, before anybody has signed in",
    "GET /api/messages/stop/{token}": "the token is signed, and stops one kind of mail to one reader",
    "POST /api/messages/stop/{token}": "the same",
    "GET /api/archive/shared/{token}/{file}": "whoever has the link of a shared archive sees what it shows",
    "GET /api/archive/verify/{code}": "whoever holds an archive checks it by its code",
    "POST /api/repair/reports": "whoever cannot use the network has no way to sign in; a ticket of a page is asked for",
    "POST /api/repair/solved": "the same",
    "GET /api/repair/places/{code}": "whoever stands before a label sees its place",
    "POST /api/repair/follow/{link}/{word}": "the link is signed, and is of one report",
    "POST /api/repair/photos/{link}": "the same",
    "POST /api/visits": "whoever is old has no account; a ticket of a page is asked for",
    "GET /api/visits/days/{community}": "everybody may know when the service comes",
    "POST /api/visits/v/{link}/{deed}": "the link is signed, and is of one visit",
    "GET /api/visits/v/{link}/visit.ics": "the same",
    "GET /api/repair/outages": "whoever has no network wants to know why",
    "GET /api/visits/calendar/{calendar}": "calendar programs have no account; the link is signed, and can be replaced",
    "POST /api/repair/monitor/{source}": "a monitor has no account; it proves by a secret which one it is",
    **{
        f"GET /.well-known/{path}": "whoever is handed an archive verifies it; it is the same for everybody"
        for path in ("did.json", "authority.pem", "status/{number}")
    },
    **{
        f"{method} /api/open311/{path}": "clients of Open311 bring a key where they post, and read what all may read"
        for method, path in (
            *(("GET", f"{one}.{ending}") for one in ("discovery", "v2/services") for ending in ("xml", "json")),
            *((method, f"v2/requests.{ending}") for method in ("GET", "POST") for ending in ("xml", "json")),
            *(("GET", f"v2/{one}") for one in ("services/{service}", "requests/{request}", "tokens/{token}")),
        )
    },
}
"""Routes that ask nobody who they are, and why."""


_SORTS: dict[str, Any] = {
    "own": ("department-officer",),
    "any": ("administrator",),
    "department": "network-centre",
}
ROWS_OF_TRIAGE: tuple[Row, ...] = (
    *(
        Row(
            f"POST /api/repair/incidents/{{incident}}/{deed}",
            "repair/sort",
            **_SORTS,
            about={"incident": "0" * 16},
            fields={"version": "1", "into": "1" * 16, "reports": "0" * 24},
            answers=frozenset({NOT_THERE}),
        )
        for deed in ("merge", "split")
    ),
    Row("GET /api/repair/notices", "repair/notices", **_SORTS, answers=READ),
    Row("POST /api/repair/notices", "repair/notices", **_SORTS),
    Row(
        "POST /api/repair/notices/{notice}/end",
        "repair/notices",
        **_SORTS,
        about={"notice": "0000000000-000000000000"},
        answers=frozenset({NOT_THERE}),
    ),
)

CERTIFYING: tuple[Row, ...] = (
    *(
        Row(
            f"POST {ARCHIVE}/{place}",
            "archive/claim",
            own=("student",),
            about=about,
            fields={"version": "1"} if place.endswith("withdraw") else {},
            answers=LET_IN | {NOT_THERE},
        )
        for place, about in (
            ("claims", {}),
            ("claims/{claim}/change", {"claim": "0" * 20}),
            ("claims/{claim}/withdraw", {"claim": "0" * 20}),
            ("records/{key}/dispute", {"key": "claim:1"}),
        )
    ),
    Row(f"POST {ARCHIVE}/evidence", "archive/claim_evidence", own=("student",), answers=LET_IN | {NOT_THERE}),
    Row(
        f"GET {ARCHIVE}/evidence/{{id}}",
        "archive/claim_evidence",
        own=("student",),
        about={"id": NO_DOCUMENT},
        answers=frozenset({NOT_THERE}),
    ),
    *(
        Row(f"GET {ARCHIVE}/evidence/{{id}}/{part}", "archive/claim_evidence", **SEE_ARCHIVE, about={"id": NO_DOCUMENT})
        for part in ("file", "thumbnail")
    ),
    Row(
        f"POST {ARCHIVE}/records/{{key}}/{{deed}}",
        "archive/certify",
        own=SCHOOL,
        about={"key": "claim:1", "deed": "certify"},
        fields={"version": "1"},
        answers=frozenset({NOT_THERE}),
    ),
    Row("POST /api/archive/certify/begin", "archive/certify", any=SCHOOL, fields={"kind": "book"}),
    *(
        Row(f"POST /api/archive/certify/{deed}", "archive/certify", any=SCHOOL, answers=frozenset({NOT_THERE}))
        for deed in ("rest", "give-up")
    ),
    Row(
        f"GET {ARCHIVE}/transcript/{{file}}",
        "archive/transcript",
        **(SEE_ARCHIVE | {"answers": READ}),
        about={"file": "transcript.csv"},
    ),
)
"""What students claim and their school decides, and the transcript."""


_SEE_FAULTS: dict[str, Any] = {
    "own": ("department-officer",),
    "any": ("technician", *CENTRE),
    "department": "network-centre",
}
_MANAGE_FAULTS: dict[str, Any] = {
    "own": ("department-officer",),
    "any": ("administrator",),
    "department": "network-centre",
}
ROWS_OF_REPAIR_WORK: tuple[Row, ...] = (
    Row("GET /api/repair/incidents", "repair/work", **_SEE_FAULTS, answers=READ),
    Row(
        "GET /api/repair/incidents/{incident}",
        "repair/work",
        **_SEE_FAULTS,
        about={"incident": "0" * 24},
        answers=frozenset({NOT_THERE}),
    ),
    *(
        # who may is looked at upon a fault that there is: tests/functions/test_repair_work.py
        Row(
            f"POST /api/repair/incidents/{{incident}}/{deed}",
            "repair/work",
            **_SEE_FAULTS,
            about={"incident": "0" * 24},
            fields={"version": "1", "cause": "other", "why": "other"},
            answers=frozenset({NOT_THERE}),
        )
        for deed in DEEDS
    ),
    *(
        # the same: tests/functions/test_repair_report_photos.py
        Row(
            f"{method} /api/repair/incidents/{{incident}}/photo",
            folder,
            **_SEE_FAULTS,
            about={"incident": "0" * 24},
            fields={"type": "image/jpeg", "size": "9"} if method == "POST" else {},
            answers=frozenset({NOT_THERE}),
        )
        for method, folder in (("GET", "repair/photo_show"), ("POST", "repair/photo_upload"))
    ),
    Row("GET /api/repair/rota", "repair/rota", **_SEE_FAULTS, answers=READ),
    Row("POST /api/repair/rota", "repair/rota", **_MANAGE_FAULTS, fields={"staff": "N001", "areas": "north"}),
    Row("POST /api/repair/rota/{staff}", "repair/rota", **_MANAGE_FAULTS, about={"staff": "N001"}),
    Row(
        "POST /api/repair/rota/{staff}/day",
        "repair/rota",
        **_MANAGE_FAULTS,
        about={"staff": "N001"},
        answers=frozenset({NOT_THERE}),
    ),
    Row("POST /api/repair/rota/{staff}/leave", "repair/rota", **_MANAGE_FAULTS, about={"staff": "N001"}),
)
"""What technicians do, and their rota."""

_SEE_VISITS: dict[str, Any] = {
    "own": ("department-officer",),
    "any": ("community-worker", "administrator"),
    "department": "network-centre",
}
_DESK = "/api/visits/desk"
_NO_DAY = {"community": "meiyuan", "day": "2020-01-01"}
ROWS_OF_DESK: tuple[Row, ...] = (
    Row(f"GET {_DESK}", "visits/desk", **_SEE_VISITS, answers=READ),
    Row(
        f"GET {_DESK}/days/{{community}}/{{day}}",
        "visits/desk",
        **_SEE_VISITS,
        about=_NO_DAY,
        answers=frozenset({NOT_THERE}),
    ),
    Row(f"POST {_DESK}/days", "visits/desk", **_MANAGE_FAULTS, fields=_NO_DAY),
    *(
        Row(f"POST {_DESK}/days/{{community}}/{{day}}/{turn}", "visits/desk", **_MANAGE_FAULTS, about=_NO_DAY)
        for turn in TURNS
    ),
    Row(
        f"GET {_DESK}/visits/{{visit}}",
        "visits/desk",
        **_SEE_VISITS,
        about={"visit": "0" * 24},
        answers=frozenset({NOT_THERE}),
    ),
    *(
        Row(
            f"POST {_DESK}/visits/{{visit}}/{deed}",
            "visits/desk",
            **_SEE_VISITS,
            about={"visit": "0" * 24},
            fields={"version": "1", "day": "2026-12-02"},
            answers=frozenset({NOT_THERE}),
        )
        for deed in VISIT_DEEDS
    ),
    Row(f"GET {_DESK}/plans", "visits/plans", **_SEE_VISITS, answers=READ),
    Row(f"POST {_DESK}/plans", "visits/plans", **_MANAGE_FAULTS, fields={"staff": "N001"}),
    Row(f"POST {_DESK}/plans/{{staff}}", "visits/plans", **_MANAGE_FAULTS, about={"staff": "N001"}),
    Row(f"POST {_DESK}/plans/{{staff}}/leave", "visits/plans", **_MANAGE_FAULTS, about={"staff": "N001"}),
    *(
        Row(
            f"GET /api/visits/figures/{{calendar_year}}{more}",
            "visits/figures",
            own=("department-officer",),
            any=("community-worker", *CENTRE),
            department="network-centre",
            about={"calendar_year": "2026"} | about,
            answers=READ,
        )
        for more, about in (("", {}), ("/{file}", {"file": "visits.csv"}))
    ),
)
"""What offices see of visits and do to them and to days, where technicians go, and what a year was like."""
_DECIDE_FACTS: dict[str, Any] = {"own": ("department-officer",), "any": ("administrator",), "department": "finance"}
ROWS_OF_FACTS: tuple[Row, ...] = (
    # whoever asks is told of themselves, and nobody can ask of others
    Row("GET /api/forms/facts", "forms/facts", any=ROLES, answers=READ),
    Row(
        "POST /api/forms/facts/{kind}",
        "forms/facts",
        any=ROLES,
        about={"kind": "phone"},
        fields={"value": "13800138000", "version": "0"},
    ),
    Row("GET /api/forms/conflicts", "forms/conflicts", **_DECIDE_FACTS, answers=READ),
    *(
        # whose it is is looked at upon one that there is: tests/functions/test_facts.py
        Row(
            f"POST /api/forms/conflicts/{{conflict}}/{deed}",
            "forms/conflicts",
            **_DECIDE_FACTS,
            about={"conflict": "0" * 24},
            fields={"version": "1"},
            answers=frozenset({NOT_THERE}),
        )
        for deed in FACT_DEEDS
    ),
)
"""What is known of people, and what departments decide about it."""
_MAKE_FORMS: dict[str, Any] = {"own": ("department-officer",), "any": ("administrator",), "department": "finance"}
_FORM: dict[str, Any] = {"form": "stipend-account"}
_DESK_OF_FORMS = "/api/forms/desk"
ROWS_OF_MAKING: tuple[Row, ...] = (
    # whoever may make forms begins one of their own office
    Row(f"GET {_DESK_OF_FORMS}", "forms/author", any=("department-officer", "administrator"), answers=READ),
    Row(f"POST {_DESK_OF_FORMS}", "forms/author", any=("department-officer", "administrator")),
    Row(f"POST {_DESK_OF_FORMS}/import", "forms/import_form", any=("department-officer", "administrator")),
    Row(f"GET {_DESK_OF_FORMS}/{{form}}", "forms/author", **_MAKE_FORMS, about=_FORM, answers=READ),
    Row(
        f"POST {_DESK_OF_FORMS}/{{form}}/edit/{{change}}",
        "forms/author",
        **_MAKE_FORMS,
        about=_FORM | {"change": "page-add"},
        fields={"version": "0"},
    ),
    *(
        Row(
            f"POST {_DESK_OF_FORMS}/{{form}}/{what}",
            "forms/author",
            **_MAKE_FORMS,
            about=_FORM,
            fields={"version": "0"},
        )
        for what in ("documents", *FORM_DEEDS)
    ),
)
"""What offices do to their forms."""
_A_FORM, _SENT = {"form": "alumni-registration"}, {"submission": "0" * 24}
ROWS_OF_FILLING: tuple[Row, ...] = (
    # everybody fills forms, of themselves: those that are meant for them
    Row("GET /api/forms", "forms/library", any=ROLES, answers=READ),
    Row("GET /api/forms/f/{form}", "forms/library", any=("student",), about=_A_FORM, answers=READ),
    *(
        Row(f"POST /api/forms/f/{{form}}/{deed}", "forms/fill", any=("student",), about=_A_FORM)
        for deed in ("save", "submit", "give-up")
    ),
    Row(
        "POST /api/forms/f/{form}/documents",
        "forms/document",
        any=("student",),
        about=_A_FORM,
        fields={"field": "name"},
        answers=frozenset({NOT_THERE}),
    ),
    *(
        Row(
            f"GET /api/forms/f/{{form}}/documents/{{id}}{part}",
            "forms/document",
            any=ROLES,
            about=_A_FORM | {"id": NO_DOCUMENT},
            answers=frozenset({NOT_THERE}),
        )
        for part in ("", "/file", "/thumbnail")
    ),
    # who may is looked at upon what somebody sent: tests/functions/test_forms_filling.py; of nobody's, nobody may
    Row("GET /api/forms/s/{submission}", "forms/submission", about=_SENT),
    *(
        Row(f"POST /api/forms/s/{{submission}}/{deed}", "forms/submission", about=_SENT)
        for deed in ("withdraw", "correct")
    ),
    *(
        Row(
            f"GET /api/forms/s/{{submission}}/documents/{{id}}/{part}",
            "forms/document",
            about=_SENT | {"id": NO_DOCUMENT},
        )
        for part in ("file", "thumbnail")
    ),
)
"""What people fill, send and hand in."""
_OF_AID: dict[str, Any] = {"department": "student-affairs", "about": {"submission": AID.id, "form": AID.form}}
_TAKES_OUT: dict[str, Any] = {"own": ("department-officer",), "any": ("administrator",), **_OF_AID}
_SEES_REPEATS: dict[str, Any] = {"any": ("department-officer", *CENTRE), "answers": READ}
ROWS_OF_FORMS_OUT: tuple[Row, ...] = (
    Row("GET /api/forms/queue", "forms/decide", any=OFFICES, answers=READ),
    Row("GET /api/forms/queue/{submission}", "forms/decide", own=OFFICES, **_OF_AID, answers=READ),
    Row(
        "POST /api/forms/queue/{submission}/sealed/{question}",
        "forms/decide",
        own=("department-officer",),
        department="student-affairs",
        about={"submission": AID.id, "question": "bank_card"},
        answers=READ,
    ),
    Row("GET /api/forms/s/{submission}/form.pdf", "forms/pdf", own=("student", *OFFICES), **_OF_AID, answers=READ),
    *(
        # the school's turn comes first
        Row(
            f"POST /api/forms/s/{{submission}}/{verdict}",
            "forms/decide",
            own=SCHOOL,
            **_OF_AID,
            fields={"version": "1", "reason": "缺少材料"},
        )
        for verdict in VERDICTS
    ),
    Row("GET /api/forms/desk/{form}/preview.pdf", "forms/pdf", **_TAKES_OUT, answers=READ),
    Row("GET /api/forms/desk/{form}/answers.csv", "forms/answers", **_TAKES_OUT, answers=READ),
    Row("GET /api/forms/desk/{form}/answers.xlsx", "forms/answers", **_TAKES_OUT, answers=READ),
    Row("POST /api/forms/desk/{form}/connect", "forms/connect", **_TAKES_OUT, fields={"url": ""}, answers=READ),
    *(
        Row(
            f"GET /api/forms/figures/{{calendar_year}}{more}",
            "forms/figures",
            **_SEES_REPEATS,
            about={"calendar_year": "2026", **about},
        )
        for more, about in (("", {}), ("/{file}", {"file": "report.csv"}))
    ),
)
"""What offices decide of what people sent, and what comes of forms."""
ROWS_OF_ASKING: tuple[Row, ...] = (
    Row(
        "POST /api/visits/desk/ask",
        "visits/ask",
        own=("department-officer",),
        any=("community-worker", "administrator"),
        department="network-centre",
    ),
)
"""Visits that the community's office asks for."""
ROWS_OF_ROUNDS: tuple[Row, ...] = (
    *(
        # whose visit it is is looked at upon one that there is: tests/functions/test_visits_round.py
        Row(
            f"POST /api/visits/round/{{visit}}/{deed}",
            "visits/record",
            any=("technician",),
            about={"visit": "0" * 24},
            fields={"version": "1", "minutes": "5", "solved": "yes", "day": "2026-12-02"},
            answers=frozenset({NOT_THERE}),
        )
        for deed in ROUND_DEEDS
    ),
    Row(
        "GET /api/visits/round/{day}/sheet.pdf",
        "visits/sheet",
        own=("department-officer",),
        any=("technician", "community-worker", "administrator"),
        department="network-centre",
        about={"day": "2026-12-02"},
        answers=frozenset({NOT_THERE}),
    ),
    Row("POST /api/visits/calendar", "visits/round_calendar", any=("technician",), fields={"turn": "0"}),
)
"""What technicians do on a day of the service."""


def _many(step: str) -> str:
    return f"POST {API}/steps/{step}/{{action}}"


def rows_of_steps() -> Iterator[Row]:
    """Each action of each step on one case, and in bulk; each decision about a feed."""
    for step in definition.steps().values():
        folder = f"clearance/steps/{step.module}"
        for action in step.actions.values():
            told = {
                "own": _actors(step, action),
                "department": step.department,
                "about": {"action": action.id},
                "fields": _answers(action),
            }
            yield Row(f"POST {API}/cases/{{student}}/steps/{step.id}/{{action}}", folder, **told)
            if action.bulk:
                yield Row(_many(step.id), folder, **told, bulk=True)
        for decision in ("confirm", "discard") if step.feed else ():
            yield Row(
                f"POST {API}/steps/{step.id}/feed/{{decision}}",
                folder,
                own=("department-officer",),
                any=("administrator",),
                department=step.department,
                about={"decision": decision},
            )


def rows_of_arrangements() -> Iterator[Row]:
    for name, form in arrangements.forms().items():
        yield Row(
            f"POST {API}/cases/{{student}}/arrangements/{{arrangement}}",
            "clearance/arrange",
            **ARRANGEMENTS[arrangements.PERMISSIONS[name]],
            department=arrangements.OFFICE,
            about={"arrangement": name},
            fields=_answers(form),
        )


def rows_of_appointments() -> Iterator[Row]:
    for step in definition.steps().values():
        if step.appointments:
            route, told = f"{API}/steps/{step.id}/slots", {"department": step.department}
            yield Row(f"GET {route}", "clearance/slots", any=SEE_SLOTS, **told)
            yield Row(f"POST {route}", "clearance/slots", own=("department-officer",), **told)


def _actors(step: StepDefinition, action: Action) -> tuple[str, ...]:
    if action.by == "student":
        return ("student",)
    if step.department == "school":
        return (*SCHOOL, "supervisor") if step.signer else SCHOOL
    return ("department-officer",)


def _answers(action: Action) -> dict[str, str]:
    """Acceptable answers; none where more than words are asked for, which is refused as a form and not for who asks."""
    asked = [{"name": one.name, "required": one.required, "schema": one.schema} for one in action.fields]
    try:
        return answers(asked, Random(action.id), clock.today(), "zh", {})
    except ValueError:
        return {}


HERE = (
    *ROWS,
    *ROWS_OF_TRIAGE,
    *CERTIFYING,
    *ROWS_OF_EDITIONS,
    *ROWS_OF_REPAIR_WORK,
    *ROWS_OF_DESK,
    *ROWS_OF_FACTS,
    *ROWS_OF_MAKING,
    *ROWS_OF_FILLING,
    *ROWS_OF_FORMS_OUT,
    *ROWS_OF_ASKING,
    *ROWS_OF_ROUNDS,
    *rows_of_arrangements(),
    *rows_of_appointments(),
)
EVERY = (*HERE, *rows_of_steps())


# --- who comes -----------------------------------------------------------------------------------------------


def session(role: Role, department: str, mine: bool) -> Session:
    """Somebody in `role` to whom LIN, S01 and `department` are their own, or are not."""
    if role == "student":
        return Session(LIN.student if mine else FOREIGN, role, "x")
    if role == "supervisor":
        return Session(SUPERVISOR if mine else "T0702", role, "x")
    if role in SCHOOL:
        return Session("T0001" if mine else "T0002", role, "x", school="S01" if mine else "S02")
    other = ELSEWHERE.get(department, "library")
    return Session("D0001", role, "x", department=department if mine else other) if role in OFFICES else _centre(role)


def _centre(role: Role) -> Session:
    """Whom nothing belongs to. A role nobody thought of here is told by `own` and `any` of no row, and so refused."""
    return Session(role, role, "x")


def send(cloud: Cloud, row: Row, who: Session | None, student: str = LIN.student, school: str = "S01") -> Any:
    """The answer to `row`'s request as {status, json}; of a bulk request, that of its one case."""
    places = {"student": student, "school": school, **row.about}
    method, _, route = row.route.partition(" ")
    path = route.format_map(places) + (f"?{row.query.format_map(places)}" if row.query else "")
    if method == "GET":
        return cloud.call(row.folder, who, method, path)
    step = path.split("/steps/")[-1].split("/")[0]
    case = cloud.case(student)
    record = case.steps.get(step) if case else None
    version = record.version if record else 0
    body: dict[str, Any] = {"idempotency_key": uuid.uuid4().hex, **row.fields}
    if not row.bulk:
        seen = {"step_version": version} if "/steps/" in path else {}
        return cloud.call(row.folder, who, method, path, body | seen)
    told = cloud.call(row.folder, who, method, path, body | {"cases": [{"student": student, "step_version": version}]})
    if told.status != 200:
        return told
    [outcome] = told.json["outcomes"]
    status = 200 if outcome["ok"] else problem.catalogue()[outcome["code"]]["status"]
    return SimpleNamespace(status=status, json=outcome)


def let_in(row: Row, answer: Any) -> bool:
    """Whether whoever asked got past the door. That a step is no part of this graduate's flow is said behind it."""
    return answer.status in row.answers or (answer.json or {}).get("code") == "not-applicable"


@pytest.fixture
def opened(cloud: Cloud) -> Cloud:
    cloud.open(MINE, graduate(3, school="S02"))
    keep()
    Catalogue().put(activity(begins_at=clock.now() + timedelta(minutes=10)))
    Archive().enrol([SU, Student(FOREIGN, "x", "S02", "2022", "undergraduate")])
    for role in ROLES[1:]:  # the register knows everybody who comes but the students
        for mine in (True, False):
            who = session(role, "library", mine)
            People().grant(who.sub, Grant(role, who.school, who.department))
    return cloud


def test_every_route_of_the_template_has_its_row(local: Synthesis) -> None:
    routes = {
        route.properties["RouteKey"]
        for route in local.of_type("AWS::ApiGatewayV2::Route")
        if route.properties["RouteKey"] != "$default"
    }
    rows = {row.route for row in EVERY} | {_many(step) for step in definition.steps()}
    assert routes - OPEN.keys() == rows
    assert OPEN.keys() <= routes


@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_let_in_where_its_row_says_and_nowhere_else(opened: Cloud, role: Role) -> None:
    wrong: list[tuple[Any, ...]] = []
    # what is asked about steps is asked for every step, flow and form in test_roles.py
    for row in HERE:
        mine = send(opened, row, session(role, row.department, mine=True))
        if not (let_in(row, mine) if role in (*row.own, *row.any) else mine.status == REFUSED):
            wrong.append((row.route, dict(row.about), "own", mine.json))
        theirs = send(opened, row, session(role, row.department, mine=False))
        if not (let_in(row, theirs) if role in row.any else theirs.status == REFUSED):
            wrong.append((row.route, dict(row.about), "not own", theirs.json))
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
def test_what_is_not_theirs_and_what_is_not_there_are_told_alike(opened: Cloud, role: Role) -> None:
    """Who may see some learns nothing of others; who may see any is told that there is none."""
    for row in [row for row in EVERY if row.of_a_student or row.of_a_school]:
        who = session(role, row.department, mine=True)
        foreign = send(opened, row, who, FOREIGN, "S02")
        unknown = send(opened, row, who, NOBODY, "S99")
        if role in SEES_ANY:  # who may see every case anyway learns nothing of it
            assert unknown.status in (REFUSED, NOT_THERE, *_forms(row)), (row.route, row.about, unknown.json)
            continue
        assert foreign.status == REFUSED, (row.route, row.about)
        told = [str(answer.json).replace(FOREIGN, "").replace(NOBODY, "") for answer in (foreign, unknown)]
        assert unknown.status == REFUSED and told[0] == told[1], (row.route, row.about, unknown.json)


def _forms(row: Row) -> Iterable[int]:
    """A form that could not be filled in is refused as such before anything is looked up."""
    return () if row.fields or row.route.startswith("GET") or not _asks(row) else (422,)


def _asks(row: Row) -> bool:
    step = row.route.split("/steps/")[-1].split("/")[0]
    action = definition.steps()[step].actions.get(row.about.get("action", "")) if step in definition.steps() else None
    return bool(action and any(one.required for one in action.fields))


def test_nobody_is_let_in_without_a_session(opened: Cloud) -> None:
    assert [row.route for row in EVERY if send(opened, row, None).status != SIGNED_OUT] == []


def test_an_action_that_there_is_not_is_not_there_for_anybody(opened: Cloud) -> None:
    for step in definition.steps().values():
        row = Row(
            f"POST {API}/cases/{{student}}/steps/{step.id}/{{action}}",
            f"clearance/steps/{step.module}",
            about={"action": "sign-everything"},
        )
        for role in ROLES:
            assert send(opened, row, session(role, step.department, mine=True)).status == NOT_THERE
            assert send(opened, replace(row, about={"action": "x"}), None).status == SIGNED_OUT


def test_what_is_not_for_many_is_there_for_nobody(opened: Cloud) -> None:
    for step in definition.steps().values():
        for action in [action for action in step.actions.values() if not action.bulk]:
            folder, fields = f"clearance/steps/{step.module}", _answers(action)
            row = Row(_many(step.id), folder, about={"action": action.id}, fields=fields, bulk=True)
            for role in ROLES:
                assert send(opened, row, session(role, step.department, mine=True)).status == NOT_THERE, row


# --- pages ---------------------------------------------------------------------------------------------------


def test_every_page_has_its_row() -> None:
    routes = set(portal.module().app.routes)
    assert pages.unvisited(routes) == set()
    assert {page.route for page in pages.PAGES} | pages.NOT_PAGES.keys() <= routes


@pytest.mark.parametrize("role", ROLES)
def test_each_page_is_for_whom_its_row_says(cloud: Cloud, role: Role) -> None:
    code = certified(cloud)
    led = graduate(4, supervisor=SUPERVISOR)
    Catalogue().put(activity(begins_at=clock.now() + timedelta(minutes=10)))
    cloud.open(graduate(3, school="S02"), led)
    with_archive(LIN, graduate(3, school="S02"), led)
    Archive().enrol([SU, Student(FOREIGN, "x", "S02", "2022", "undergraduate")])
    places = {
        "student": led.student if role == "supervisor" else LIN.student,
        "school": "S01",
        "batch": BATCH.id,
        "code": code,
        "activity": "A1",
    }
    for page in pages.PAGES:
        for path in [path.format_map(places) for path in page.paths]:
            mine = portal.visit(path, session(role, page.department, mine=True)).status
            theirs = portal.visit(path, session(role, page.department, mine=False)).status
            nobody = portal.visit(path)
            if page.open:
                assert mine == theirs == nobody.status and mine in (200, NOT_THERE), (path, mine)
                continue
            assert nobody.status == 303 and nobody.location.startswith("/sign-in?next="), path
            assert mine == (200 if role in (*page.own, *page.any) else REFUSED), (path, mine)
            # a page without a place in its address is always one's own
            own = role in page.any or (role in page.own and path.startswith(OWN_PAGES))
            assert theirs == (200 if own else REFUSED) or (theirs == NOT_THERE and path.startswith(OWN_PAGES)), (
                path,
                theirs,
            )
