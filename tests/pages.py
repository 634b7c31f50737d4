"""Every page of the portal: what is looked at, by whom, and who may. One row a page; tests take it from here.

A route of functions/portal/app.py without a row fails tests/functions/test_every_route.py; with a row it is visited in
the pseudo-language (tests/functions/test_pseudo_language.py) and by axe (tests/journeys/test_every_page.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yinji.clearance import flow
from yinji.identity.session import ROLES

STUDENT = ("student",)
SCHOOL = ("counsellor", "school-officer")
OFFICES = (*SCHOOL, "department-officer")
STUDENT_AFFAIRS = ("department-officer",)
SUPERVISOR = ("supervisor",)
CENTRE = ("administrator", "auditor")
EVERYBODY = ("",)
"""Nobody need be signed in."""


@dataclass(frozen=True)
class Page:
    """A route, and the `paths` of it that are looked at, with {student}, {school}, {batch} and {code} to be filled in.

    `own` are the roles that may see it of what is theirs (their case, school, office), `any` those that may of whatever
    there is. It is looked at as every role in `seen_by`. `department` is the office of a department officer who does.
    `text` says that it is read rather than scanned: it fits 320 px.
    """

    route: str
    paths: tuple[str, ...]
    own: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    seen_by: tuple[str, ...] = ()
    department: str = "library"
    text: bool = True

    @property
    def open(self) -> bool:
        return self.any == EVERYBODY


_SEE_ACTIVITIES = (*STUDENT, *OFFICES, *CENTRE)

PAGES: tuple[Page, ...] = (
    Page(
        "/archive/devices",
        ("/archive/devices",),
        own=("department-officer",),
        any=CENTRE,
        seen_by=("administrator",),
        department="student-affairs",
    ),
    *(
        Page(
            route,
            (path,),
            own=("department-officer",),
            any=("technician", "community-worker", "administrator"),
            seen_by=("technician", "department-officer"),
            department="network-centre",
        )
        for route, path in (("/visits/round", "/visits/round"), ("/visits/round/{day}", "/visits/round/2026-12-02"))
    ),
    Page(
        "/archive/activities",
        ("/archive/activities", "/archive/activities?kind=lecture&problem=invalid-form&fields=minutes"),
        any=_SEE_ACTIVITIES,
        seen_by=("student", "school-officer"),
    ),
    Page(
        "/archive/activities/{id}",
        ("/archive/activities/{activity}",),
        any=_SEE_ACTIVITIES,
        seen_by=("student", "school-officer"),
    ),
    Page(
        "/archive/activities/{id}/screen",
        ("/archive/activities/{activity}/screen",),
        own=OFFICES,
        any=("administrator",),
        seen_by=("counsellor",),
        department="student-affairs",
        text=False,
    ),
    Page("/sign-in", ("/sign-in", "/sign-in?as=student"), any=EVERYBODY),
    Page("/verify", ("/verify", "/verify?code=short"), any=EVERYBODY),
    Page("/account", ("/account", "/account?problem=no-such-colleague"), any=ROLES, seen_by=("student", "counsellor")),
    Page("/account/seen", ("/account/seen",), any=STUDENT, seen_by=STUDENT),
    Page(
        "/people",
        ("/people", "/people?staff=T0001", "/people?done=people.register&rows=3&changed=1&rejected=4:school"),
        any=CENTRE,
        seen_by=CENTRE,
    ),
    Page("/verify/{code}", ("/verify/{code}", "/verify/0000-1111-2222-3333"), any=EVERYBODY),
    Page("/guide", ("/guide",), any=EVERYBODY),
    Page("/privacy", ("/privacy",), any=EVERYBODY),
    Page("/guide/{flow}", tuple(f"/guide/{id}" for id in flow.TITLES), any=EVERYBODY),
    Page(
        "/me",
        (
            "/me",
            "/me?at=exit-survey.answer&problem=invalid-form&fields=teaching",
            "/me?at=exit-survey.answer&done=exit-survey.answer",
        ),
        own=STUDENT,
        seen_by=STUDENT,
    ),
    Page("/me/history", ("/me/history",), own=STUDENT, seen_by=STUDENT),
    Page(
        "/cases/{student}",
        ("/cases/{student}",),
        own=(*STUDENT, *SCHOOL, *SUPERVISOR),
        any=("department-officer", *CENTRE),
        seen_by=("counsellor", "department-officer", "auditor"),
    ),
    Page(
        "/cases/{student}/history",
        ("/cases/{student}/history",),
        own=(*STUDENT, *SCHOOL, *SUPERVISOR),
        any=("department-officer", *CENTRE),
        seen_by=("counsellor",),
    ),
    Page("/cases/{student}/seen", ("/cases/{student}/seen",), own=STUDENT, any=CENTRE, seen_by=("auditor",)),
    Page(
        "/schools/{school}",
        ("/schools/{school}", "/schools/{school}?show=stuck&step=library-loans&sort=left"),
        own=SCHOOL,
        any=CENTRE,
        seen_by=("counsellor", "administrator"),
        text=False,
    ),
    Page(
        "/queues",
        ("/queues",),
        any=(*SCHOOL, "department-officer", *SUPERVISOR, *CENTRE),
        seen_by=("counsellor", "department-officer", *SUPERVISOR, "administrator"),
    ),
    Page(
        "/queues/{step}",
        ("/queues/dormitory", "/queues/dormitory?do=send-back"),
        own=("department-officer",),
        any=CENTRE,
        seen_by=("department-officer", "auditor"),
        department="housing",
    ),
    Page(
        "/queues/{step}",
        ("/queues/school-approval?school={school}",),
        own=SCHOOL,
        any=CENTRE,
        seen_by=("counsellor",),
    ),
    Page(
        "/appointments/{step}",
        ("/appointments/dormitory",),
        own=("department-officer",),
        any=CENTRE,
        seen_by=("department-officer", "administrator"),
        department="housing",
    ),
    Page(
        "/queues/{step}/confirm",
        ("/queues/dormitory/confirm?do=sign-off",),
        own=("department-officer",),
        seen_by=("department-officer",),
        department="housing",
    ),
    Page(
        "/schools/{school}/progress",
        ("/schools/{school}/progress",),
        own=SCHOOL,
        any=CENTRE,
        seen_by=CENTRE,
        text=False,
    ),
    Page("/season", ("/season",), any=CENTRE, seen_by=CENTRE, text=False),
    Page("/batches", ("/batches",), any=CENTRE, seen_by=CENTRE, text=False),
    Page("/batches/{batch}", ("/batches/{batch}",), any=CENTRE, seen_by=CENTRE, text=False),
    Page("/flows", ("/flows",), any=CENTRE, seen_by=CENTRE, text=False),
    Page("/practice", ("/practice",), any=OFFICES, seen_by=OFFICES, text=False),
    Page("/practice/tour", ("/practice/tour",), any=OFFICES, seen_by=OFFICES),
    Page("/feeds", ("/feeds",), any=("department-officer", *CENTRE), seen_by=("department-officer", "auditor")),
    Page(
        "/feeds/{step}",
        ("/feeds/library-loans",),
        own=("department-officer",),
        any=CENTRE,
        seen_by=("department-officer", "auditor"),
    ),
    Page(
        "/archive/groups",
        ("/archive/groups",),
        own=("department-officer",),
        any=CENTRE,
        seen_by=("department-officer", "auditor"),
        department="student-affairs",
        text=False,
    ),
    *(
        Page(
            route,
            (path,),
            own=(*SCHOOL, "department-officer"),
            any=CENTRE,
            seen_by=("counsellor", "department-officer"),
            department="student-affairs",
            text=text,
        )
        for route, path, text in (
            ("/archive/groups/{school}", "/archive/groups/{school}", False),
            ("/archive/quiet", "/archive/quiet?school={school}", True),
        )
    ),
    Page(
        "/archive/selections",
        ("/archive/selections", "/archive/selections?at=selection.drafted&problem=selection-empty"),
        own=("department-officer",),
        any=("administrator",),
        seen_by=("department-officer", "administrator"),
        department="student-affairs",
    ),
    Page("/messages", ("/messages",), any=(*STUDENT, *OFFICES), seen_by=(*STUDENT, "counsellor")),
    Page(
        "/messages/preferences", ("/messages/preferences",), any=(*STUDENT, *OFFICES), seen_by=(*STUDENT, "counsellor")
    ),
    Page("/messages/stop/{token}", ("/messages/stop/not-one-of-ours",), any=EVERYBODY),
    Page("/archive", ("/archive", "/archive?year=2024-2025"), any=STUDENT, seen_by=STUDENT),
    Page("/archive/portrait", ("/archive/portrait",), any=STUDENT, seen_by=STUDENT),
    Page("/archive/records", ("/archive/records?state=certified&kind=book",), any=STUDENT, seen_by=STUDENT),
    Page(
        "/archive/records/{key}",
        ("/archive/records/library-loans:L1", "/archive/records/library-loans:L1?problem=invalid-form"),
        any=STUDENT,
        seen_by=STUDENT,
    ),
    Page(
        "/archive/students",
        ("/archive/students?school={school}",),
        own=STUDENT_AFFAIRS,
        any=(*SCHOOL, *CENTRE),
        seen_by=("counsellor", *STUDENT_AFFAIRS, "auditor"),
        department="student-affairs",
        text=False,
    ),
    *(
        Page(
            f"/archive/students/{{student}}{more}",
            (f"/archive/students/{{student}}{path}",),
            own=(*STUDENT, *SCHOOL, *STUDENT_AFFAIRS),
            any=CENTRE,
            seen_by=("counsellor", *STUDENT_AFFAIRS),
            department="student-affairs",
        )
        for more, path in (
            ("", ""),
            ("/years", "/years"),
            ("/records", "/records"),
            ("/records/{key}", "/records/library-loans:L1"),
        )
    ),
    Page(
        "/archive/deliveries",
        ("/archive/deliveries",),
        own=STUDENT_AFFAIRS,
        any=CENTRE,
        seen_by=(*STUDENT_AFFAIRS, "administrator"),
        department="student-affairs",
    ),
    Page(
        "/archive/claim",
        ("/archive/claim", "/archive/claim?at=claim.make&problem=invalid-form&fields=title"),
        own=STUDENT,
        seen_by=STUDENT,
    ),
    Page("/archive/certify", ("/archive/certify", "/archive/certify?kind=award"), any=SCHOOL, seen_by=SCHOOL),
    Page(
        "/archive/certify/rounds",
        ("/archive/certify/rounds?school={school}",),
        own=(*SCHOOL, "department-officer"),
        any=CENTRE,
        seen_by=("counsellor", "auditor"),
        department="student-affairs",
    ),
    Page("/archive/transcript", ("/archive/transcript",), own=STUDENT, seen_by=STUDENT),
    Page(
        "/archive/students/{student}/transcript",
        ("/archive/students/{student}/transcript",),
        own=(*STUDENT, *SCHOOL, "department-officer"),
        any=CENTRE,
        seen_by=("counsellor", "department-officer", "auditor"),
        department="student-affairs",
    ),
    Page(
        "/archive/editions",
        ("/archive/editions", "/archive/editions?at=edition.requested&done=edition.requested"),
        any=STUDENT,
        seen_by=STUDENT,
    ),
    Page(
        "/archive/students/{student}/editions",
        ("/archive/students/{student}/editions",),
        own=(*STUDENT, *SCHOOL, *STUDENT_AFFAIRS),
        any=CENTRE,
        seen_by=("counsellor", *STUDENT_AFFAIRS),
        department="student-affairs",
    ),
    Page(
        "/archive/shares",
        ("/archive/shares", "/archive/shares?at=share.made&problem=invalid-form&fields=to"),
        any=STUDENT,
        seen_by=STUDENT,
    ),
    Page(
        "/archive/runs",
        ("/archive/runs", "/archive/runs?problem=selection-not-in-force"),
        own=STUDENT_AFFAIRS,
        any=("administrator",),
        seen_by=(*STUDENT_AFFAIRS, "administrator"),
        department="student-affairs",
    ),
    Page("/r", ("/r", "/r?code=short"), any=EVERYBODY),
    Page("/r/offline", ("/r/offline",), any=EVERYBODY),
    Page("/r/{code}", ("/r/made-up-code",), any=EVERYBODY),
    Page(
        "/repair/learn",
        ("/repair/learn", "/repair/learn?month=2026-05"),
        own=("department-officer",),
        any=("technician", *CENTRE),
        seen_by=("technician", "auditor"),
        department="network-centre",
        text=False,
    ),
    Page(
        "/repair/places",
        ("/repair/places", "/repair/places?find=nothing"),
        own=("department-officer",),
        any=("technician", *CENTRE),
        seen_by=("technician", "department-officer", "auditor"),
        department="network-centre",
    ),
    Page(
        "/repair",
        ("/repair", "/repair?done=repair-work.fix"),
        own=("department-officer",),
        any=("technician", *CENTRE),
        seen_by=("technician", "department-officer"),
        department="network-centre",
    ),
    Page(
        "/repair/board",
        ("/repair/board",),
        own=("department-officer",),
        any=("technician", *CENTRE),
        seen_by=("technician",),
        department="network-centre",
    ),
    Page(
        "/repair/rota",
        ("/repair/rota", "/repair/rota?problem=invalid-form&fields=areas"),
        own=("department-officer",),
        any=("technician", *CENTRE),
        seen_by=("technician", "department-officer"),
        department="network-centre",
        text=False,
    ),
    # repair: outages and notices
    Page("/repair/outages", ("/repair/outages",), any=EVERYBODY),
    Page(
        "/repair/notices",
        ("/repair/notices", "/repair/notices?at=repair-triage.notice-made&problem=invalid-form&fields=until,cause"),
        own=("department-officer",),
        any=("administrator",),
        seen_by=("department-officer", "administrator"),
        department="network-centre",
    ),
    # visits: the desk
    *(
        Page(
            path,
            (path, f"{path}?problem=visit-moved-on"),
            own=("department-officer",),
            any=("community-worker", "administrator"),
            seen_by=("community-worker", "department-officer"),
            department="network-centre",
            text=False,
        )
        for path in ("/visits/desk", "/visits/desk/plans")
    ),
    Page(
        "/visits/year",
        ("/visits/year",),
        own=("department-officer",),
        any=("community-worker", *CENTRE),
        seen_by=("community-worker", "auditor"),
        department="network-centre",
        text=False,
    ),
    # one-form: facts
    Page(
        "/forms/facts",
        ("/forms/facts", "/forms/facts?at=forms-facts.phone&problem=invalid-form&fields=value"),
        any=ROLES,
        seen_by=("student", "technician"),
    ),
    Page(
        "/forms/conflicts",
        ("/forms/conflicts", "/forms/conflicts?problem=changed-meanwhile"),
        own=("department-officer",),
        any=("administrator",),
        seen_by=("department-officer",),
        department="finance",
    ),
    # one-form: making forms
    Page(
        "/forms/desk",
        ("/forms/desk",),
        any=("department-officer", "administrator"),
        seen_by=("department-officer", "administrator"),
        text=False,
    ),
    Page(
        "/forms/desk/import",
        ("/forms/desk/import", "/forms/desk/import?problem=form-file-old"),
        any=("department-officer", "administrator"),
        seen_by=("department-officer",),
        department="finance",
    ),
    Page(
        "/forms/desk/{form}",
        (
            "/forms/desk/stipend-account",
            "/forms/desk/stipend-account?field=name",
            "/forms/desk/stipend-account?problem=form-unfit&fields=name%2Fwords",
        ),
        own=("department-officer",),
        any=("administrator",),
        seen_by=("department-officer",),
        department="finance",
    ),
    # one-form: filling
    Page(
        "/forms",
        ("/forms", "/forms?q=visa", "/forms?q=nothing-is-called-so", "/forms?done=forms-fill.saved"),
        any=ROLES,
        seen_by=("student", "department-officer"),
    ),
    Page(
        "/forms/f/{form}",
        (
            "/forms/f/alumni-registration",
            "/forms/f/alumni-registration?page=2",
            "/forms/f/alumni-registration?page=review",
            "/forms/f/hardship-aid?page=2&problem=invalid-form&fields=situation,family/0/income",
            "/forms/f/hardship-aid?page=3",
            "/forms/f/leave-of-absence?page=2",
        ),
        any=STUDENT,
        seen_by=STUDENT,
    ),
    # visits: asking
    Page(
        "/visits",
        ("/visits", "/visits?problem=invalid-form&fields=name,phone,consent,words", "/visits?step=day"),
        any=EVERYBODY,
    ),
    Page(
        "/visits/desk/ask",
        ("/visits/desk/ask",),
        own=("department-officer",),
        any=("community-worker", "administrator"),
        seen_by=("community-worker",),
        department="network-centre",
    ),
    # one-form: what waits for offices, and what is asked again
    Page("/forms/queue", ("/forms/queue",), any=OFFICES, seen_by=("counsellor", "department-officer")),
    Page(
        "/forms/report",
        ("/forms/report",),
        any=("department-officer", "administrator", "auditor"),
        seen_by=("department-officer", "auditor"),
        text=False,
    ),
    Page("/{part0}", ("/nowhere",), any=EVERYBODY),
)

NOT_PAGES: Mapping[str, str] = {
    "/repair/places/{id}": "of a place that there is: test_repair_place_pages.py looks at it",
    "/repair/sheets/{sheet}": "of a sheet that was printed: test_repair_place_pages.py looks at it",
    "/": "leads to the first page of whoever comes",
    "/language/{language}": "leads back in another language",
    "/static/{version}/{name}": "files",
    "/feeds/{step}/example": "a file",
    "/messages/unread": "a number in the navigation of every page",
    "/archive/selections/{id}": "of one that was begun: tests/functions/test_archive_selections.py looks at it",
    "/archive/runs/{id}": "of one that was begun: tests/functions/test_archive_runs.py looks at it",
    "/shared/{token}": "of a link that there is: tests/functions/test_archive_shares.py looks at it",
    "/archive/check-in/{token}": "for whoever scanned a code: tests/functions/test_archive_pages.py looks at it",
    "/archive/certify/rounds/{id}": "of a round that there is: test_archive_certify_pages.py looks at it",
    "/repair/incidents/{incident}": "of one that there is: tests/functions/test_repair_work_pages.py looks at it",
    "/forms/s/{submission}": "of one that there is: tests/functions/test_forms_pages.py looks at it",
    "/visits/round/v/{id}": "of one that there is: tests/functions/test_visits_round.py looks at it",
    "/repair/board/{building}": "of one that there is: tests/functions/test_repair_work_pages.py looks at it",
    "/visits/desk/{community}/{day}": "of a day that there is: tests/functions/test_visits_desk_pages.py looks at it",
    "/forms/desk/{form}/outputs": "of a form that there is: tests/functions/test_forms_connect.py looks at it",
    "/forms/queue/{id}": "of one that there is: tests/functions/test_forms_decide.py looks at it",
    "/outcomes/{id}": "for whoever sent the request: tests/functions/test_rounds.py looks at it",
    "/r/sw.js": "a file",
    "/visits/v/{link}": "of a visit that there is: tests/functions/test_visits_ask_pages.py looks at it",
    "/r/follow/{link}": "of a report that there is: tests/functions/test_repair_report_pages.py looks at it",
    "/{part0}/{part1}": "as /{part0}",
    "/{part0}/{part1}/{part2}": "as /{part0}",
    "/{part0}/{part1}/{part2}/{part3}": "as /{part0}",
}
"""Routes that show nothing of their own, and why."""


def unvisited(routes: set[str]) -> set[str]:
    """Those of the portal's `routes` that no row tells of."""
    return routes - {page.route for page in PAGES} - NOT_PAGES.keys()
