"""A row for every route of the template: what neither the template nor a definition tells of it.

A row's key is the route as the template has it. A row that holds rows tells each value of the route's last place apart:
`.../{deed}` is `close` and `carry-over`. Whoever adds a route adds its row here; tests/infra/test_openapi.py says which
one is missing, and tests/fuzz whether what it tells is so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from yinji.clearance import arrangements, definition, selection
from yinji.clearance.arrangements import PERMISSIONS
from yinji.clearance.case import STATES
from yinji.clearance.definition import Action, StepDefinition
from yinji.clearance.exports import KINDS, PERSONAL
from yinji.messages.model import Topic
from yinji.platform.sheets import CSV, XLSX

from infra.openapi import (
    archive_activities,
    archive_certify,
    archive_editions,
    archive_groups,
    archive_proof,
    archive_readers,
    forms_author,
    forms_facts,
    forms_fill,
    forms_out,
    repair_learn,
    repair_open311,
    repair_places,
    repair_report,
    repair_triage,
    repair_work,
    shapes,
    visits_ask,
    visits_desk,
    visits_round,
)
from infra.openapi.shapes import COUNT, DAY, MOMENT, SLOT, STUDENT, TEXT, Schema, choice, many, maybe, obj, ref
from infra.openapi.told import ANYTHING_KEPT, JSON, Answer, Told, file, json, leads

Row = Told | Mapping[str, Told]
API = "/api/clearance"
CASE = f"{API}/cases/{{student}}"
SIGN_IN = "signing in and out"
CASES, STEPS, OFFICES, LISTS = "cases", "steps", "offices", "lists"
BATCHES, ACCOUNTS, PEOPLE, MESSAGES, GUIDES = "batches", "accounts", "people", "messages", "guides"
SEEN = ("forbidden", "not-in-season")
LOOKED = (*SEEN, "look-not-noted")
"""Codes of what shows a student's data: who looked is written down first."""
LOCAL = "/api/sign-in/demo"
"""What begins like this is there in local deployments only."""

PLACES: Mapping[str, Schema] = {
    "student": STUDENT,
    "school": shapes.SCHOOL,
    "step": shapes.STEP,
    "batch": shapes.BATCH,
    "flow": shapes.FLOW,
    "id": shapes.UPLOAD,
    "staff": shapes.STAFF,
    "field": choice(*sorted({field for step in definition.steps().values() for field in step.sealed})),
    "token": {"type": "string", "minLength": 1, "maxLength": 300, "pattern": "^[A-Za-z0-9._-]+$"},
    "file": choice("zh.pdf", "en.pdf"),
    "action": {"type": "string", "pattern": "^[a-z-]{1,40}$"},
    **archive_groups.PLACES,
    "activity": archive_activities.NUMBER_OF,
    "device": archive_readers.NAME,
    **archive_certify.PLACES,
    **archive_editions.PLACES,
    **repair_open311.PLACES,
    **repair_report.PLACES,
    **repair_places.PLACES,
    **repair_triage.PLACES,
    "number": archive_proof.NUMBER,
    **repair_work.PLACES,
    **visits_desk.PLACES,
    **forms_facts.PLACES,
    **forms_author.PLACES,
    **forms_fill.PLACES,
    **forms_out.PLACES,
    **visits_ask.PLACES,
    **visits_round.PLACES,
}
"""What stands in the places of paths."""

# --- signing in and out --------------------------------------------------------------------------------------
OWN_PATH: Schema = {"type": "string", "description": "A page of our own to go on to: /me. Anything else is disregarded"}
_AWAY = Told(
    SIGN_IN,
    "Leave for the university's sign-in",
    leads("To the university's sign-in; to /sign-in with `problem` when it does not answer."),
    query={"next": OWN_PATH, "again": choice("1")},
)
_BACK = Told(
    SIGN_IN,
    "Come back from the university's sign-in",
    leads("Signed in, to the page that was asked for; to /sign-in with `problem` otherwise."),
    query={"state": TEXT},
)
_LEAVE = Told(SIGN_IN, "Leave the university's sign-in as well", leads("To the university's sign-out."))
_OUT = Told(
    SIGN_IN,
    "Sign out in this browser",
    leads("To /sign-in, whether or not anybody was signed in; `problem` says that the session could not be ended."),
    problems=["cross-site"],
    sends=False,
)
_SIGN_IN: Mapping[str, Row] = {
    "GET /api/sign-in/oidc": _AWAY,
    "GET /api/sign-in/oidc/back": replace(_BACK, query={"state": TEXT, "code": TEXT, "error": TEXT}),
    "GET /api/sign-in/oidc/leave": _LEAVE,
    "GET /api/sign-in/cas": _AWAY,
    "GET /api/sign-in/cas/back": replace(_BACK, query={"state": TEXT, "ticket": TEXT}),
    "GET /api/sign-in/cas/leave": _LEAVE,
    "POST /api/sign-out": _OUT,
    "POST /api/sign-out/everywhere": replace(_OUT, summary="End every session of whoever asks"),
    "GET /api/sign-in/demo": Told(
        SIGN_IN,
        "Choose who to be",
        {200: Answer({"text/html; charset=utf-8": TEXT}, description="A page.")},
        problems=["not-found"],
        query={"next": OWN_PATH, "as": TEXT},
    ),
    "GET /api/sign-in/demo/personas": Told(SIGN_IN, "Who one can be", json(shapes.PERSONAS), problems=["not-found"]),
    "POST /api/sign-in/demo": Told(
        SIGN_IN,
        "Be somebody",
        leads("Signed in, to the page that was asked for."),
        problems=["not-found"],
        fields={"persona": {**TEXT, "description": "student:2022S01001, counsellor:S01, administrator:admin, ..."}},
        required=["persona"],
    ),
}

# --- cases ---------------------------------------------------------------------------------------------------
_CASES: Mapping[str, Row] = {
    f"GET {CASE}": Told(CASES, "One case, as whoever asks may see it", json(ref("Case")), problems=LOOKED),
    f"GET {CASE}/certificate": Told(
        CASES,
        "The certificate of a finished case",
        {200: file("application/pdf", "The certificate.")},
        problems=[*LOOKED, "not-found"],
    ),
    f"GET {CASE}/audit.json": Told(
        CASES,
        "The history of a case, with what proves that it was not changed",
        {200: file("application/json; charset=utf-8", "The history.", ref("History"))},
        problems=[*LOOKED, "too-often"],
    ),
    f"GET {CASE}/steps/{{step}}/appointment.ics": Told(
        CASES,
        "A booked appointment as a file for calendars",
        {200: file("text/calendar; charset=utf-8", "The appointment (RFC 5545).")},
        problems=[*LOOKED, "not-found"],
    ),
    f"POST {CASE}/evidence": Told(
        CASES,
        "Ask to upload a document",
        json(shapes.UPLOAD_BEGUN, "Where a browser posts the file, within a quarter of an hour."),
        problems=[
            *SEEN,
            *("not-found", "not-applicable", "case-closed", "case-withdrawn", "not-open-yet", "not-possible-now"),
            *("upload-type", "upload-too-large", "too-many-uploads"),
        ],
        fields={
            "step": shapes.STEP,
            "action": TEXT,
            "field": TEXT,
            "type": choice(*shapes.MEDIA_TYPES.values()),
            "size": {"type": "integer", "minimum": 0},
        },
        required=["step", "action", "field", "type", "size"],
        back=False,
    ),
    f"GET {CASE}/evidence/{{id}}": Told(
        CASES, "What became of an upload", json(shapes.UPLOAD_STANDS), problems=["forbidden", "not-found"]
    ),
    f"GET {CASE}/evidence/{{id}}/file": Told(
        CASES,
        "A document that was handed in",
        leads("To S3, by an address that is good for a minute."),
        problems=[*LOOKED, "not-found"],
    ),
    f"GET {CASE}/evidence/{{id}}/thumbnail": Told(
        CASES,
        "Its first page as a small picture",
        {200: Answer({"image/jpeg": {"type": "string", "contentMediaType": "image/jpeg"}}, description="A picture.")},
        problems=[*LOOKED, "not-found"],
    ),
    f"POST {CASE}/sealed/{{step}}/{{field}}": Told(
        CASES,
        "An account number that is kept sealed, whole; to a form as a bare text",
        {
            200: Answer(
                {
                    JSON: obj({"student": STUDENT, "step": shapes.STEP, "field": TEXT, "value": TEXT}),
                    "text/plain; charset=utf-8": TEXT,
                },
                {"Cache-Control": "no-store"},
                "The number.",
            )
        },
        problems=[*LOOKED, "not-found", "sealed-for-good"],
        back=False,
        sends=False,
    ),
    f"GET {CASE}/seen": Told(
        CASES,
        "Who looked at what is kept about a graduate, by person",
        json(obj({"student": STUDENT, "seen": many(shapes.LOOK)})),
        problems=LOOKED,
    ),
    f"POST {CASE}/remind": Told(
        CASES,
        "Remind a student of what is theirs",
        json(obj({"reminded": many(shapes.STEP)})),
        problems=[*SEEN, "nothing-to-remind", "reminded-already", "too-busy"],
        keyed=True,
    ),
}


def _form(action: Action) -> Mapping[str, Schema]:
    """The questions of a form."""
    return {
        one.name: {**(SLOT if one.schema.get("format") == "slot" else one.schema), "description": one.title["en"]}
        for one in action.fields
    }


def _asked(action: Action) -> list[str]:
    return [one.name for one in action.fields if one.required]


def _arrangement(name: str, form: Action) -> Told:
    return Told(
        CASES,
        form.title["en"],
        json(obj({"student": STUDENT, "arrangement": {"const": name}, "repeated": shapes.TRUTH})),
        problems=[
            *SEEN,
            *("invalid-form", "not-possible-now", *ANYTHING_KEPT),
            *(["prove-again"] if form.proved else []),
            *(["date-not-possible"] if name == "extend" else []),
        ],
        fields=_form(form),
        required=_asked(form),
        closed=True,
        keyed=True,
    )


_ARRANGEMENTS: Mapping[str, Row] = {
    f"POST {CASE}/arrangements/{{arrangement}}": {
        name: _arrangement(name, form) for name, form in arrangements.forms().items() if name in PERMISSIONS
    }
}

# --- steps ---------------------------------------------------------------------------------------------------
OWN_CHECKS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("residence-permit", "send-permit"): ("date-past",),
    ("residence-permit", "send-record"): ("date-ahead",),
    ("diploma", "hand-to-proxy"): ("code-wrong", "code-locked"),
}
"""What the checks of a step's own handler refuse, by step and action."""
_SNAPSHOT: Mapping[str, Schema] = {
    "snapshot": {**TEXT, "description": "The one that was looked at; another one is not decided about then."}
}


def _act(step: StepDefinition, action: Action) -> Told:
    """One action on one case."""
    slot = any(one.schema.get("format") == "slot" for one in action.fields)
    return Told(
        STEPS,
        f"{step.title['en']}: {action.title['en']}",
        json(
            obj(
                {
                    "student": STUDENT,
                    "step": {"const": step.id},
                    "state": shapes.STATE,
                    "version": COUNT,
                    "repeated": shapes.TRUTH,
                }
            )
        ),
        problems=[
            "forbidden",
            # whose steps belong to schools must not tell who there is in others
            *([] if step.department == "school" else ["not-in-season"]),
            *("invalid-form", "not-applicable", "case-closed", "case-withdrawn", "not-possible-now"),
            *("already-done", "changed-meanwhile", *ANYTHING_KEPT),
            *(["not-open-yet"] if action.by == "student" else []),
            *(["prove-again"] if action.proved else []),
            *(["nothing-to-reopen"] if action.id == "reopen" else []),
            *(["slot-not-possible", "slot-full"] if slot else []),
            *OWN_CHECKS.get((step.id, action.id), ()),
        ],
        fields={
            "step_version": {"type": "integer", "minimum": 0, "description": "The step's as it was seen"},
            **_form(action),
        },
        required=["step_version", *_asked(action)],
        closed=True,
        keyed=True,
    )


def _act_on_many(step: StepDefinition, action: Action) -> Told:
    return Told(
        STEPS,
        f"{step.title['en']}: {action.title['en']}, for many at once",
        json(ref("Outcomes"), "What came of it for each case."),
        problems=["forbidden", "invalid-form", "prove-again", "too-many", "key-reused"],
        fields=_form(action),
        required=_asked(action),
        closed=True,
        many=True,
        keyed=True,
        leads=True,
    )


NOTHING_FOR_MANY = Told(
    STEPS, "Nothing can be done to this step for many at once", {}, problems=["not-found"], back=False
)


def _steps() -> Iterator[tuple[str, Row]]:
    """The routes of each step; one that nothing can be done to for many has its route nevertheless."""
    for step in definition.steps().values():
        actions = step.actions.values()
        yield f"POST {CASE}/steps/{step.id}/{{action}}", {one.id: _act(step, one) for one in actions}
        route = f"POST {API}/steps/{step.id}/{{action}}"
        # a step has this route even if nothing can be done to it for many at once
        yield route, {one.id: _act_on_many(step, one) for one in actions if one.bulk} or NOTHING_FOR_MANY
        if step.feed:
            yield f"POST {API}/steps/{step.id}/feed/{{decision}}", _feed(step)
        if step.appointments:
            yield from _slots(step)


def _feed(step: StepDefinition) -> Mapping[str, Told]:
    def decide(decision: str, summary: str, *asked: str) -> Told:
        return Told(
            OFFICES,
            f"{step.title['en']}: {summary}",
            json(obj({"step": {"const": step.id}, "feed": {"const": decision}})),
            problems=["forbidden", "feed-not-held", "changed-meanwhile", "feed-busy", *asked],
            fields=_SNAPSHOT,
        )

    return {
        "confirm": decide("confirm", "let the held delivery through", "prove-again"),
        "discard": decide("discard", "discard the held delivery"),
        "preview": Told(
            OFFICES,
            f"{step.title['en']}: look at what a file would change",
            json(ref("Preview"), "What was found; nothing is changed yet."),
            problems=["forbidden", "file-missing", "file-too-large"],
            fields={"file": TEXT},
            required=["file"],
            files=["file"],
        ),
        "use": Told(
            OFFICES,
            f"{step.title['en']}: deliver the file that was looked at",
            json(obj({"step": {"const": step.id}, "feed": {"const": "use"}, "key": TEXT})),
            problems=["forbidden", "not-found"],
            fields={"preview": {"type": "string", "pattern": "^[0-9a-f]{24}$"}},
            required=["preview"],
        ),
    }


def _slots(step: StepDefinition) -> Iterator[tuple[str, Row]]:
    route, found = f"{API}/steps/{step.id}/slots", {"step": {"const": step.id}}
    offered = obj({"slot": SLOT, "end": MOMENT, "free": COUNT})
    yield (
        f"GET {route}",
        Told(
            STEPS,
            f"{step.title['en']}: which times are free",
            json(obj({**found, "slots": many(offered)})),
            problems=["forbidden"],
        ),
    )
    yield (
        f"POST {route}",
        Told(
            OFFICES,
            f"{step.title['en']}: close, open or resize times",
            json(obj({**found, "slots": many(SLOT)})),
            problems=["forbidden", "invalid-form"],
            fields={
                "do": choice("close", "open", "capacity"),
                "day": DAY,
                "slot": SLOT,
                "capacity": {"type": "integer", "minimum": 0, "maximum": 9999},
            },
            required=["do", "day"],
        ),
    )


# --- offices -------------------------------------------------------------------------------------------------
_OFFICES: Mapping[str, Row] = {
    f"GET {API}/schools/{{school}}": Told(
        OFFICES,
        "Every graduate of a school",
        json(obj({"school": shapes.SCHOOL, "cases": many(shapes.ROW)})),
        problems=["forbidden", "not-found"],
    ),
    f"GET {API}/steps/{{step}}/queue": Told(
        OFFICES,
        "Who waits for an office at a step, oldest first",
        json(obj({"step": shapes.STEP, "items": many(shapes.WAITING), "next": maybe(TEXT)})),
        problems=["forbidden", "not-found", "malformed-request"],
        query={
            "school": shapes.SCHOOL,
            "next": {**TEXT, "description": "What the page before told as `next`"},
        },
    ),
    f"POST {API}/practice": Told(
        OFFICES,
        "Begin an office's practice cases anew",
        json(obj({"office": TEXT, "cases": many(STUDENT)})),
        problems=["forbidden", "too-busy"],
        keyed=True,
    ),
}

# --- lists and histories -------------------------------------------------------------------------------------
_BATCH_AND_FLOW: Mapping[str, Schema] = {"batch": shapes.BATCH, "flow": shapes.FLOW}
_FILTERS: Mapping[str, Mapping[str, Schema]] = {
    "matrix": {
        "school": shapes.SCHOOL,
        "late": choice(*selection.LATE),
        "turn": choice(*selection.TURNS),
        "show": choice(*selection.SHOWN),
        "class": TEXT,
        "counsellor": TEXT,
        "step": shapes.STEP,
        "state": choice(*STATES),
        "sort": choice(*selection.SORTS, *definition.steps()),
        "q": TEXT,
        **_BATCH_AND_FLOW,
    },
    "queue": {
        "step": shapes.STEP,
        "school": shapes.SCHOOL,
        "of": shapes.SCHOOL,
        "flow": shapes.FLOW,
        "age": choice("new", *selection.AGES),
        "q": TEXT,
    },
    "season": _BATCH_AND_FLOW,
    "burn-down": {"school": shapes.SCHOOL, **_BATCH_AND_FLOW},
    "cases": _BATCH_AND_FLOW,
}
_WHOLE: Mapping[str, Schema] = {
    "whole": {**choice("1"), "description": "Account numbers whole, for the office that pays"}
}
_MEDIA = {"csv": CSV, "xlsx": XLSX}
_LISTED = {
    "matrix": "The graduates of a school",
    "queue": "Who waits for an office",
    "season": "Every school in numbers",
    "burn-down": "How many were unfinished on each day",
    "cases": "Every graduate of the season",
}
_LISTS: Mapping[str, Row] = {
    f"GET {API}/exports/{{file}}": {
        f"{what}.{kind}": Told(
            LISTS,
            f"{summary}, as a file for spreadsheets",
            {200: file(_MEDIA[kind], "The list, in the reader's language.")},
            problems=[
                *("forbidden", "not-found", "too-often"),
                *(["look-not-noted"] if what in PERSONAL else []),
                *(["prove-again"] if f"{what}.{kind}" == "queue.xlsx" else []),
            ],
            query=_FILTERS[what] | (_WHOLE if f"{what}.{kind}" == "queue.xlsx" else {}),
        )
        for what, summary in _LISTED.items()
        for kind in KINDS
    },
    f"GET {API}/schools/{{school}}/audit.ndjson": Told(
        LISTS,
        "The histories of a school, one a line; a last line tells where to go on",
        {200: file("application/x-ndjson; charset=utf-8", "Lines of JSON.", TEXT)},
        problems=["forbidden", "not-found", "too-often", "look-not-noted"],
        query={"batch": shapes.BATCH, "after": STUDENT},
    ),
    f"GET {API}/anchors.json": Told(
        LISTS,
        "The daily anchors over all histories",
        {
            200: file(
                "application/json; charset=utf-8",
                "The anchors.",
                obj({"format": {"const": shapes.chain.ANCHORS}, "anchors": many(ref("Anchor"))}),
            )
        },
        problems=["forbidden", "too-often"],
    ),
}

# --- batches -------------------------------------------------------------------------------------------------
_DECLARED = obj(shapes.BATCH_TOLD)
_REPORT = obj(shapes.REPORT)
_CLOSING = obj({"at": MOMENT, **shapes.REPORT})


def _deed(deed: str, summary: str, problem: str, fields: Mapping[str, Schema]) -> Told:
    return Told(
        BATCHES,
        summary,
        json(obj({"batch": shapes.BATCH, "deed": {"const": deed}})),
        problems=["forbidden", "not-found", problem],
        fields=fields,
        required=list(fields),
    )


_BATCHES: Mapping[str, Row] = {
    f"GET {API}/batches": Told(BATCHES, "Every batch", json(obj({"batches": many(_DECLARED)})), problems=["forbidden"]),
    f"GET {API}/batches/{{batch}}": Told(
        BATCHES,
        "A batch, how it stands, and how it stood when it was closed",
        json(obj({**shapes.BATCH_TOLD, "now": _REPORT, "closing": maybe(_CLOSING)})),
        problems=["forbidden", "not-found"],
    ),
    f"POST {API}/batches": Told(
        BATCHES,
        "Declare a batch, or change one",
        json(_DECLARED, "It will be in force in a moment."),
        problems=["forbidden", "batch-not-possible"],
        fields={"batch": shapes.BATCH, "title_zh": TEXT, "title_en": TEXT, "opens_on": DAY, "deadline": DAY},
        required=["batch", "title_zh", "title_en", "opens_on", "deadline"],
    ),
    f"POST {API}/batches/{{batch}}/{{deed}}": {
        "close": _deed("close", "Close a batch and keep its report", "batch-closed-already", {}),
        "carry-over": _deed(
            "carry-over", "Take unfinished cases into another batch", "batch-not-possible", {"into": shapes.BATCH}
        ),
    },
    f"POST {API}/flows/{{flow}}/migrate": Told(
        BATCHES,
        "Bring every open case of a flow to its newest version",
        json(obj({"flow": shapes.FLOW, "version": COUNT})),
        problems=["forbidden", "not-found", "changed-meanwhile"],
        fields={"version": {"type": "integer", "minimum": 1, "description": "The one that was looked at"}},
        required=["version"],
    ),
}

# --- people and their boxes ----------------------------------------------------------------------------------
_ROLE_KEY: Schema = {**TEXT, "description": "role, role#place, or role#place#whose it is"}
_PEOPLE: Mapping[str, Row] = {
    "GET /api/account": Told(
        ACCOUNTS, "Who one is, in which roles, signed in where, and what one lends", json(ref("Account"))
    ),
    "GET /api/account/seen": Told(
        ACCOUNTS,
        "Who looked at what is kept about oneself, by office",
        json(obj({"student": TEXT, "seen": many(shapes.LOOK)})),
        problems=["forbidden"],
    ),
    "GET /api/account/export.json": Told(
        ACCOUNTS,
        "Everything that is kept about oneself: docs/my-data.md tells its parts",
        {200: file("application/json; charset=utf-8", "Everything.", shapes.MY_DATA)},
        problems=["prove-again"],
    ),
    "POST /api/account/role": Told(
        ACCOUNTS,
        "Go on in another role of one's own",
        {200: Answer({JSON: obj({"role": choice(*shapes.ROLES)})}, {"Set-Cookie": "the session in it"})},
        problems=["forbidden", "signed-out"],
        fields={"key": {**_ROLE_KEY, "description": "The role's key; empty for the student that one also is"}},
        leads=True,
    ),
    "POST /api/account/lent": Told(
        ACCOUNTS,
        "Let a colleague act in the role one is in, until a day",
        json(obj({"to": TEXT, "key": TEXT})),
        problems=[
            *("forbidden", "invalid-form", "no-such-colleague", "delegation-days", "delegations-full", "prove-again"),
        ],
        fields={"to": shapes.STAFF, "ends_on": DAY, "reason": {"type": "string", "maxLength": 200}},
        required=["to", "ends_on"],
    ),
    "POST /api/account/lent/take-back": Told(
        ACCOUNTS,
        "Take back what one lent",
        json(obj({"to": TEXT, "key": TEXT})),
        problems=["not-found"],
        fields={"to": shapes.STAFF, "key": _ROLE_KEY},
        required=["to", "key"],
    ),
    "GET /api/people/{staff}": Told(PEOPLE, "Somebody's roles", json(shapes.PERSON), problems=["forbidden"]),
    "POST /api/people": Told(
        PEOPLE,
        "Take over the staff register",
        json(
            obj(
                {
                    "rows": COUNT,
                    "changed": COUNT,
                    "refused": COUNT,
                    "rejected": many(obj({"line": COUNT, "code": TEXT, "field": TEXT})),
                }
            )
        ),
        problems=["forbidden", "prove-again", "file-missing", "file-too-large", "register-refused"],
        fields={"file": TEXT},
        required=["file"],
        files=["file"],
    ),
    "POST /api/people/{staff}/grants": Told(
        PEOPLE,
        "Grant a role",
        json(obj({"staff": shapes.STAFF, "key": TEXT})),
        problems=["forbidden", "prove-again", "no-such-role"],
        fields={
            "name": {"type": "string", "minLength": 1, "maxLength": 200},
            "role": choice(*shapes.ROLES[1:]),
            "school": shapes.SCHOOL,
            "department": choice(*shapes.university.departments()),
            "ends_on": DAY,
        },
        required=["name", "role"],
    ),
    "POST /api/people/{staff}/grants/end": Told(
        PEOPLE,
        "End a role",
        json(obj({"staff": TEXT, "key": TEXT})),
        problems=["forbidden", "prove-again", "not-found"],
        fields={"key": _ROLE_KEY},
        required=["key"],
    ),
    "GET /api/messages": Told(
        MESSAGES,
        "The newest messages of one's own box",
        json(obj({"messages": many(shapes.MESSAGE)})),
        problems=["forbidden"],
    ),
    "POST /api/messages/read": Told(
        MESSAGES,
        "Note up to where the box was read",
        json(obj({"unread": COUNT})),
        problems=["forbidden"],
        fields={"upto": {"type": "string", "pattern": "^MESSAGE#[ -~]{0,180}$"}},
        required=["upto"],
    ),
    "GET /api/messages/preferences": Told(
        MESSAGES, "What one is mailed, and in which language", json(shapes.CHOSEN), problems=["forbidden"]
    ),
    "POST /api/messages/preferences": Told(
        MESSAGES,
        "Choose what one is mailed",
        json(shapes.CHOSEN),
        problems=["forbidden"],
        fields={"language": choice("", "zh", "en")}
        | {f"mail-{topic}": {**TEXT, "description": "yes: it is mailed"} for topic in Topic.__args__},
    ),
    "GET /api/messages/stop/{token}": Told(
        MESSAGES, "Ask before a kind of mail is stopped", leads("To the page that asks.")
    ),
    "POST /api/messages/stop/{token}": Told(
        MESSAGES,
        "Stop a kind of mail, by one click in a mail program (RFC 8058)",
        json(obj({"stopped": shapes.TOPIC})),
        problems=["not-found"],
        from_anywhere=True,
    ),
}

# --- for everybody -------------------------------------------------------------------------------------------
_GUIDES: Mapping[str, Row] = {
    f"GET {API}/guides/{{flow}}/{{file}}": Told(
        GUIDES,
        "The guide of a flow on paper",
        {
            200: Answer(
                {"application/pdf": {"type": "string", "contentMediaType": "application/pdf"}},
                {"ETag": "what it says", "Content-Disposition": "how to keep it"},
                "The guide.",
            ),
            304: Answer({}, {"ETag": "what it says"}, "It says what it said."),
        },
        problems=["not-found"],
        headers={"If-None-Match": TEXT},
    ),
}

ROUTES: Mapping[str, Row] = {
    **_SIGN_IN,
    **_CASES,
    **_ARRANGEMENTS,
    **dict(_steps()),
    **_OFFICES,
    **_LISTS,
    **_BATCHES,
    **_PEOPLE,
    **_GUIDES,
    **archive_groups.ROUTES,
    **archive_activities.ROWS,
    **archive_readers.ROWS,
    **archive_certify.ROUTES,
    **archive_proof.ROWS,
    **archive_editions.ROUTES,
    **repair_learn.ROUTES,
    **repair_open311.ROUTES,
    **repair_report.ROWS,
    **repair_places.ROUTES,
    **repair_work.ROUTES,
    **repair_triage.ROUTES,
    **visits_ask.ROWS,
    **visits_desk.ROUTES,
    **forms_facts.ROUTES,
    **forms_author.ROUTES,
    **forms_fill.ROUTES,
    **forms_out.ROUTES,
    **visits_round.ROUTES,
}
