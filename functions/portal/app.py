"""portal: the pages people see, on phones first. The Chalice app behind everything that is not /api.

Trigger: GET on the REST API. Reads: the table, the index by school, archives, groups and the catalogue, the boxes of
messages, places, labels, reports, incidents, notices and the rota of repair, visits and their days, facts, forms and
what was sent of them, the access log, the signing keys and those of labels and visits; of the documents bucket
reports/feeds/ and previews/, of the archive's and of repair's reports/. Writes: how often certificates, labels and
visits were looked up, and nothing else: every form of a page is sent to the functions below /api. Emits: who looks at
whose case, archive or filled form, to the queue of looks.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from chalice.app import Chalice, Response
from chalicelib import (
    accounts,
    appointments,
    archive_activities,
    archive_certify,
    archive_deliveries,
    archive_editions,
    archive_groups,
    archive_portrait,
    archive_readers,
    archive_selections,
    archive_shares,
    archive_story,
    archive_students,
    batches,
    forms_author,
    forms_facts,
    forms_fill,
    forms_outputs,
    forms_queue,
    forms_report,
    graduate,
    messages,
    office,
    page,
    practice,
    public,
    repair_learn,
    repair_places,
    repair_scan,
    repair_triage,
    repair_work,
    visits_ask,
    visits_desk,
    visits_round,
)
from chalicelib import feeds as deliveries
from chalicelib.visit import Visit
from chalicelib.words import LANGUAGES
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.cohorts import Cohorts
from yinji.archive.deliveries import Deliveries
from yinji.archive.groups_store import Groups
from yinji.archive.readers_store import Readers
from yinji.archive.selection_store import Selections
from yinji.archive.store import Archive
from yinji.clearance import codes
from yinji.clearance.store import Store
from yinji.editions.runs import Runs
from yinji.editions.share_store import Shares
from yinji.editions.store import Editions
from yinji.forms.facts_store import Facts
from yinji.forms.sending import Desk
from yinji.forms.store import Forms
from yinji.identity.access_log import AccessLog
from yinji.identity.store import People
from yinji.messages.store import Outbox
from yinji.platform.observability import logger
from yinji.platform.problem import Problem
from yinji.repair.incidents_store import Incidents
from yinji.repair.labels_store import Labels
from yinji.repair.notices_store import Notices
from yinji.repair.outages_store import Outages
from yinji.repair.places_store import Places
from yinji.repair.reports_store import Reports
from yinji.repair.rota_store import Rota
from yinji.visits.store import Visits

app = Chalice(app_name="portal")
store = Store()
people = People()
outbox = Outbox()
access_log = AccessLog()
archives = Archive()
groups = Groups(archives)
selections = Selections()
cohorts = Cohorts()
archive_delivered = Deliveries()
catalogue = Catalogue()
readers = Readers(archives, catalogue)
made = Editions()
runs = Runs()
shares = Shares()
network = Places()
faults = Incidents()
fault_reports = Reports()
rota = Rota()
labels = Labels()
outages = Outages()
notices = Notices()
home_visits = Visits()
forms = Forms()
facts = Facts()
filling = Desk(forms, facts, store)
View = Callable[..., Response]


def at(path: str) -> Callable[[View], View]:
    """Let the view below answer GET `path`. Its problems become pages; whatever else it raises is logged as well."""

    def register(view: View) -> View:
        @app.route(path, methods=["GET"], name=path)
        @functools.wraps(view)
        def answer(**places: str) -> Response:
            request = app.current_request
            assert request  # noqa: S101 - Chalice sets it before it calls a view
            visit = Visit(request, people)
            try:
                return visit.renewed(view(visit, **places))
            except Problem as problem:
                return page.of_problem(visit, problem)
            except Exception as error:
                # the route, never the path: paths hold student numbers
                logger.error("page failed", exc_info=error, extra={"route": path})
                visit.unknown()
                return page.of_problem(visit, Problem("internal"))

        return view

    return register


# --- for everybody --------------------------------------------------------------------------------------------


@at("/")
def home(visit: Visit) -> Response:
    return page.go(public.home(visit.session, store))


@at("/sign-in")
def sign_in(visit: Visit) -> Response:
    shown = public.sign_in(visit)
    only = shown["ways"][0][1] if len(shown["ways"]) == 1 else ""
    # nothing to choose and nothing to say: straight on
    return page.go(only) if only and not visit.told else page.draw(visit, "sign-in.html", **shown)


@at("/verify")
def verify(visit: Visit) -> Response:
    typed = visit.query.get("code", "").strip()
    code = codes.normal(typed)
    return page.go(f"/verify/{code}") if code else page.draw(visit, "verify.html", **public.no_code(typed))


@at("/verify/{code}")
def verified(visit: Visit, code: str) -> Response:
    found = public.certificate(visit, store, code)
    edition = made.by_code(codes.normal(code)) if found["asked"] == "unknown" else None
    if edition and edition.standing != "none":
        return page.draw(visit, "archive-verified.html", **archive_shares.verified(archives, edition, made))
    return page.draw(visit, "verify.html", status=200 if found["record"] else 404, **found)


@at("/shared/{token}")
def shared(visit: Visit, token: str) -> Response:
    shown = archive_shares.shared(visit, archives, made, shares, token)
    answer = page.draw(visit, "shared.html", status=200 if shown["open"] else 410, **shown)
    answer.headers["Referrer-Policy"] = "no-referrer"  # whoever has the address of this page sees it
    return answer


@at("/guide")
def guides(visit: Visit) -> Response:
    return page.draw(visit, "guides.html")


@at("/guide/{flow}")
def guide(visit: Visit, flow: str) -> Response:
    return page.draw(visit, "guide.html", **public.guide(flow, visit.language))


@at("/privacy")
def privacy(visit: Visit) -> Response:
    return page.draw(visit, "privacy.html", **public.privacy())


@at("/language/{language}")
def language(visit: Visit, language: str) -> Response:
    if language not in LANGUAGES:
        raise Problem("not-found")
    return page.in_language(language, visit.wanted)


@at("/static/{version}/{name}")
def static(visit: Visit, version: str, name: str) -> Response:
    return page.of_static(version, name)


# --- whoever is signed in -------------------------------------------------------------------------------------


@at("/account")
def account(visit: Visit) -> Response:
    return page.draw(visit, "account.html", **accounts.mine(visit, people, store, archives))


@at("/account/seen")
def seen(visit: Visit) -> Response:
    return page.draw(visit, "seen.html", **accounts.seen_of_me(visit, access_log))


@at("/people")
def colleagues(visit: Visit) -> Response:
    return page.draw(visit, "people.html", **accounts.colleagues(visit, people))


# --- graduates, and whoever helps them ------------------------------------------------------------------------


@at("/me")
def me(visit: Visit) -> Response:
    return _of_case(lambda: page.draw(visit, "me.html", **graduate.me(visit, store, facts)))


@at("/me/history")
def my_history(visit: Visit) -> Response:
    return _of_case(lambda: page.draw(visit, "history.html", **graduate.history(visit, store, graduate.own(visit))))


def _of_case(drawn: Callable[[], Response]) -> Response:
    """A page of the visitor's own case; who has none, for they are not leaving yet, is led to their archive."""
    try:
        return drawn()
    except Problem as problem:
        if problem.code != "not-in-season":
            raise
        return page.go(f"{public.ARCHIVE}?done=clearance.later")


@at("/cases/{student}")
def case(visit: Visit, student: str) -> Response:
    return page.draw(visit, "case.html", **graduate.case(visit, store, student))


@at("/cases/{student}/history")
def history(visit: Visit, student: str) -> Response:
    return page.draw(visit, "history.html", **graduate.history(visit, store, student))


@at("/cases/{student}/seen")
def seen_of(visit: Visit, student: str) -> Response:
    return page.draw(visit, "seen.html", **graduate.seen_by(visit, store, access_log, student))


# --- offices --------------------------------------------------------------------------------------------------


@at("/schools/{school}")
def school(visit: Visit, school: str) -> Response:
    return page.draw(visit, "school.html", **office.school(visit, store, school))


@at("/queues")
def queues(visit: Visit) -> Response:
    return page.draw(visit, "queues.html", **office.queues(visit, store))


@at("/queues/{step}")
def queue(visit: Visit, step: str) -> Response:
    return page.draw(visit, "queue.html", **office.queue(visit, store, step))


@at("/appointments/{step}")
def appointments_of(visit: Visit, step: str) -> Response:
    return page.draw(visit, "appointments.html", **appointments.of_office(visit, store, step))


@at("/queues/{step}/confirm")
def confirm(visit: Visit, step: str) -> Response:
    return page.draw(visit, "confirm.html", **office.confirm(visit, store, step))


@at("/outcomes/{id}")
def outcome(visit: Visit, id: str) -> Response:
    return page.draw(visit, "outcome.html", **office.outcome(visit, store, id))


@at("/schools/{school}/progress")
def progress(visit: Visit, school: str) -> Response:
    return page.draw(visit, "progress.html", **office.progress(visit, store, school))


@at("/season")
def season(visit: Visit) -> Response:
    return page.draw(visit, "season.html", **office.season(visit, store))


@at("/practice")
def practice_cases(visit: Visit) -> Response:
    return page.draw(visit, "practice.html", **practice.cases(visit, store))


@at("/practice/tour")
def practice_tour(visit: Visit) -> Response:
    return page.draw(visit, "tour.html", **practice.tour(visit, store))


@at("/feeds")
def feeds(visit: Visit) -> Response:
    return page.draw(visit, "feeds.html", **deliveries.feeds(visit, store))


@at("/feeds/{step}")
def feed(visit: Visit, step: str) -> Response:
    return page.draw(visit, "feed.html", **deliveries.feed(visit, store, step))


@at("/feeds/{step}/example")
def feed_example(visit: Visit, step: str) -> Response:
    return deliveries.example(visit, step)


# --- administrators -------------------------------------------------------------------------------------------


@at("/batches")
def every_batch(visit: Visit) -> Response:
    return page.draw(visit, "batches.html", **batches.batches(visit, store))


@at("/batches/{batch}")
def batch(visit: Visit, batch: str) -> Response:
    return page.draw(visit, "batch.html", **batches.batch(visit, store, batch))


@at("/flows")
def flows(visit: Visit) -> Response:
    return page.draw(visit, "flows.html", **batches.flows_(visit, store))


# --- messages -------------------------------------------------------------------------------------------------


@at("/messages")
def inbox(visit: Visit) -> Response:
    return page.draw(visit, "messages.html", **messages.inbox(visit, outbox))


@at("/messages/preferences")
def preferences(visit: Visit) -> Response:
    return page.draw(visit, "preferences.html", **messages.preferences(visit, outbox))


@at("/messages/unread")
def unread(visit: Visit) -> Response:
    """A piece of the navigation, which every page asks for once it is there."""
    number = messages.unread(visit, outbox)
    return page.draw(visit, "unread.html", number=number) if number else page.nothing()


@at("/messages/stop/{token}")
def stopping(visit: Visit, token: str) -> Response:
    return page.draw(visit, "stop.html", **messages.stopping(visit, outbox, token))


# --- groups of students, and who gets an archive ------------------------------------------------------------


@at("/archive/groups")
def archive_schools(visit: Visit) -> Response:
    return page.draw(visit, "archive-groups.html", **archive_groups.schools(visit, groups))


@at("/archive/groups/{school}")
def archive_school(visit: Visit, school: str) -> Response:
    return page.draw(visit, "archive-group.html", **archive_groups.school(visit, groups, school))


@at("/archive/quiet")
def archive_quiet(visit: Visit) -> Response:
    return page.draw(visit, "archive-quiet.html", **archive_groups.quiet(visit, groups))


@at("/archive/selections")
def archive_selections_(visit: Visit) -> Response:
    return page.draw(visit, "archive-selections.html", **archive_selections.selections(visit, selections))


@at("/archive/selections/{id}")
def archive_selection(visit: Visit, id: str) -> Response:
    return page.draw(visit, "archive-selection.html", **archive_selections.selection(visit, selections, id))


# --- growth archives --------------------------------------------------------------------------------------------


@at("/archive")
def archive(visit: Visit) -> Response:
    shown = archive_story.timeline(visit, archives, archive_story.own(visit))
    return page.draw(visit, "archive-timeline.html", **shown)


@at("/archive/portrait")
def archive_own_portrait(visit: Visit) -> Response:
    student = archive_story.own(visit)
    return page.draw(visit, "archive-portrait.html", **archive_portrait.portrait(visit, archives, groups, student))


@at("/archive/records")
def archive_own_records(visit: Visit) -> Response:
    shown = archive_story.records(visit, archives, archive_story.own(visit))
    return page.draw(visit, "archive-records.html", **shown)


@at("/archive/records/{key}")
def archive_own_record(visit: Visit, key: str) -> Response:
    shown = archive_story.one_record(visit, archives, catalogue, archive_story.own(visit), key)
    return page.draw(visit, "archive-record.html", **shown)


@at("/archive/students")
def archive_students_of(visit: Visit) -> Response:
    return page.draw(visit, "archive-students.html", **archive_students.students(visit, archives, cohorts))


@at("/archive/students/{student}")
def archive_portrait_of(visit: Visit, student: str) -> Response:
    return page.draw(visit, "archive-portrait.html", **archive_portrait.portrait(visit, archives, groups, student))


@at("/archive/students/{student}/years")
def archive_years_of(visit: Visit, student: str) -> Response:
    return page.draw(visit, "archive-timeline.html", **archive_story.timeline(visit, archives, student))


@at("/archive/students/{student}/records")
def archive_records_of(visit: Visit, student: str) -> Response:
    return page.draw(visit, "archive-records.html", **archive_story.records(visit, archives, student))


@at("/archive/students/{student}/records/{key}")
def archive_record_of(visit: Visit, student: str, key: str) -> Response:
    shown = archive_story.one_record(visit, archives, catalogue, student, key)
    return page.draw(visit, "archive-record.html", **shown)


@at("/archive/editions")
def archive_own_editions(visit: Visit) -> Response:
    shown = archive_editions.editions(visit, archives, made, archive_story.own(visit))
    return page.draw(visit, "archive-editions.html", **shown)


@at("/archive/students/{student}/editions")
def archive_editions_of(visit: Visit, student: str) -> Response:
    return page.draw(visit, "archive-editions.html", **archive_editions.editions(visit, archives, made, student))


@at("/archive/shares")
def archive_own_shares(visit: Visit) -> Response:
    shown = archive_shares.shares(visit, archives, made, shares, access_log)
    return page.draw(visit, "archive-shares.html", **shown)


@at("/archive/runs")
def archive_runs(visit: Visit) -> Response:
    return page.draw(visit, "archive-runs.html", **archive_editions.runs(visit, runs, made, selections))


@at("/archive/runs/{id}")
def archive_run(visit: Visit, id: str) -> Response:
    return page.draw(visit, "archive-run.html", **archive_editions.run(visit, runs, made, id))


@at("/archive/deliveries")
def archive_deliveries_page(visit: Visit) -> Response:
    return page.draw(visit, "archive-deliveries.html", **archive_deliveries.deliveries(visit, archive_delivered))


# --- the growth archive: readers --------------------------------------------------------------------------------


@at("/archive/devices")
def archive_devices(visit: Visit) -> Response:
    return page.draw(visit, "archive-devices.html", **archive_readers.devices(visit, readers))


# --- the catalogue of the growth archive ----------------------------------------------------------------------


@at("/archive/activities")
def activities(visit: Visit) -> Response:
    return page.draw(visit, "archive-activities.html", **archive_activities.activities(visit, catalogue))


@at("/archive/activities/{id}")
def activity(visit: Visit, id: str) -> Response:
    return page.draw(visit, "archive-activity.html", **archive_activities.activity(visit, catalogue, archives, id))


@at("/archive/activities/{id}/screen")
def screen(visit: Visit, id: str) -> Response:
    return page.draw(visit, "archive-screen.html", **archive_activities.screen(visit, catalogue, id))


@at("/archive/check-in/{token}")
def check_in(visit: Visit, token: str) -> Response:
    return archive_activities.check_in(visit, catalogue, archives, token)


# --- the growth archive: what is claimed, certified, and what it amounts to --------------------------------------


@at("/archive/claim")
def claim(visit: Visit) -> Response:
    return page.draw(visit, "archive-claim.html", **archive_certify.claim(visit, archives))


@at("/archive/certify")
def certify(visit: Visit) -> Response:
    return page.draw(visit, "archive-certify.html", **archive_certify.certify(visit, archives))


@at("/archive/certify/rounds")
def sampled_rounds(visit: Visit) -> Response:
    return page.draw(visit, "archive-rounds.html", **archive_certify.rounds(visit, archives))


@at("/archive/certify/rounds/{id}")
def sampled_round(visit: Visit, id: str) -> Response:
    return page.draw(visit, "archive-round.html", **archive_certify.round_(visit, archives, id))


@at("/archive/transcript")
def my_transcript(visit: Visit) -> Response:
    return page.draw(visit, "archive-transcript.html", **archive_certify.my_transcript(visit, archives))


@at("/archive/students/{student}/transcript")
def transcript_of(visit: Visit, student: str) -> Response:
    return page.draw(visit, "archive-transcript.html", **archive_certify.transcript_of(visit, archives, student))


# --- repair: whoever scans a label, and follows what they reported --------------------------------------------


@at("/r")
def repair_code(visit: Visit) -> Response:
    return repair_scan.code(visit)


@at("/r/sw.js")
def repair_worker(visit: Visit) -> Response:
    return repair_scan.worker()


@at("/r/offline")
def repair_shell(visit: Visit) -> Response:
    return repair_scan.shell(visit)


@at("/r/{code}")
def scanned(visit: Visit, code: str) -> Response:
    return repair_scan.scan(visit, code, network, outages)


@at("/r/follow/{link}")
def follow_report(visit: Visit, link: str) -> Response:
    return repair_scan.follow(visit, link, fault_reports, network, faults, outbox)


# --- repair: the work of technicians ----------------------------------------------------------------------------


@at("/repair")
def repair_queue(visit: Visit) -> Response:
    return page.draw(visit, "repair-queue.html", **repair_work.queue(visit, faults, network, rota))


@at("/repair/incidents/{incident}")
def repair_incident(visit: Visit, incident: str) -> Response:
    shown = repair_work.incident(visit, faults, network, fault_reports, rota, incident)
    return page.draw(visit, "repair-incident.html", **shown)


@at("/repair/board")
def repair_boards(visit: Visit) -> Response:
    return page.draw(visit, "repair-board.html", **repair_work.board(visit, faults, network))


@at("/repair/board/{building}")
def repair_board(visit: Visit, building: str) -> Response:
    return page.draw(visit, "repair-building.html", **repair_work.building(visit, faults, network, building))


@at("/repair/rota")
def repair_duty(visit: Visit) -> Response:
    return page.draw(visit, "repair-rota.html", **repair_work.duty(visit, rota))


# --- repair: places and their labels ----------------------------------------------------------------------------


@at("/repair/places")
def repair_every_place(visit: Visit) -> Response:
    if found := repair_places.sought(visit, labels):
        return page.go(found)
    return page.draw(visit, "repair-places.html", **repair_places.places(visit, labels))


@at("/repair/places/{id}")
def repair_place(visit: Visit, id: str) -> Response:
    return page.draw(visit, "repair-place.html", **repair_places.place(visit, labels, id))


@at("/repair/sheets/{sheet}")
def repair_sheet(visit: Visit, sheet: str) -> Response:
    return page.draw(visit, "repair-sheet.html", **repair_places.sheet(visit, labels, sheet))


# --- repair: what faults teach ----------------------------------------------------------------------------------


@at("/repair/learn")
def repair_learnt(visit: Visit) -> Response:
    return page.draw(visit, "repair-learn.html", **repair_learn.learn(visit, faults, network))


# --- repair: what everybody is told of ------------------------------------------------------------------------


@at("/repair/outages")
def repair_known(visit: Visit) -> Response:
    return page.draw(visit, "repair-outages.html", **repair_triage.outages(visit, outages))


@at("/repair/notices")
def repair_planned(visit: Visit) -> Response:
    return page.draw(visit, "repair-notices.html", **repair_triage.notices(visit, notices))


# --- one-form: facts ----------------------------------------------------------------------------------------------


@at("/forms/facts")
def facts_of_mine(visit: Visit) -> Response:
    return page.draw(visit, "forms-facts.html", **forms_facts.mine(visit, facts))


@at("/forms/conflicts")
def facts_in_conflict(visit: Visit) -> Response:
    return page.draw(visit, "forms-conflicts.html", **forms_facts.conflicts(visit, facts))


# --- visits: the desk of the communities' offices and the network centre ------------------------------------------


@at("/visits/desk")
def visits_at_a_glance(visit: Visit) -> Response:
    return page.draw(visit, "visits-desk.html", **visits_desk.glance(visit, home_visits))


@at("/visits/desk/plans")
def visits_planned(visit: Visit) -> Response:
    return page.draw(visit, "visits-desk-plans.html", **visits_desk.plans(visit, home_visits))


@at("/visits/desk/{community}/{day}")
def visits_of_day(visit: Visit, community: str, day: str) -> Response:
    return page.draw(visit, "visits-desk-day.html", **visits_desk.day(visit, home_visits, community, day))


@at("/visits/year")
def visits_of_year(visit: Visit) -> Response:
    return page.draw(visit, "visits-year.html", **visits_desk.year(visit, home_visits))


# --- visits: whoever asks for one, and follows it ----------------------------------------------------------------


@at("/visits")
def ask_for_visit(visit: Visit) -> Response:
    template, shown = visits_ask.ask(visit, home_visits)
    return page.draw(visit, template, **shown)


@at("/visits/desk/ask")
def ask_for_somebody(visit: Visit) -> Response:
    template, shown = visits_ask.desk(visit, home_visits)
    return page.draw(visit, template, **shown)


@at("/visits/v/{link}")
def follow_visit(visit: Visit, link: str) -> Response:
    template, shown = visits_ask.follow(visit, link, home_visits)
    return page.draw(visit, template, **shown)


# --- nothing there: a page says so rather than the gateway ----------------------------------------------------


def nothing(visit: Visit, **places: str) -> Response:
    raise Problem("not-found")


for depth in range(1, 5):
    at("".join(f"/{{part{place}}}" for place in range(depth)))(nothing)


# --- forms: where offices make them ------------------------------------------------------------------------------


@at("/forms/desk")
def forms_at_the_desk(visit: Visit) -> Response:
    return page.draw(visit, "forms-desk.html", **forms_author.listed(visit, forms))


@at("/forms/desk/import")
def forms_brought_in(visit: Visit) -> Response:
    return page.draw(visit, "forms-import.html", **forms_author.brought_in(visit, forms))


@at("/forms/desk/{form}")
def forms_made(visit: Visit, form: str) -> Response:
    return page.draw(visit, "forms-edit.html", **forms_author.one(visit, forms, form))


# --- one-form: whoever fills ------------------------------------------------------------------------------------


@at("/forms")
def forms_to_fill(visit: Visit) -> Response:
    return page.draw(visit, "forms.html", **forms_fill.library(visit, filling, forms))


@at("/forms/f/{form}")
def form_filled(visit: Visit, form: str) -> Response:
    template, shown = forms_fill.fill(visit, form, filling)
    return page.draw(visit, template, **shown) if template else page.go(f"/forms/s/{shown['sent']}")


@at("/forms/s/{submission}")
def form_sent(visit: Visit, submission: str) -> Response:
    return page.draw(visit, "forms-sent.html", **forms_fill.sent(visit, submission, forms))


# --- visits: the rounds of technicians --------------------------------------------------------------------------


@at("/visits/round")
def visits_days(visit: Visit) -> Response:
    return page.draw(visit, "visits-round.html", **visits_round.days(visit, home_visits))


@at("/visits/round/{day}")
def visits_way(visit: Visit, day: str) -> Response:
    return page.draw(visit, "visits-way.html", **visits_round.way(visit, home_visits, day))


@at("/visits/round/v/{id}")
def visits_door(visit: Visit, id: str) -> Response:
    return page.draw(visit, "visits-door.html", **visits_round.door(visit, home_visits, id))


# --- one-form: what offices decide ----------------------------------------------------------------------------


@at("/forms/queue")
def forms_to_decide(visit: Visit) -> Response:
    return page.draw(visit, "forms-queue.html", **forms_queue.queue(visit, forms))


@at("/forms/queue/{id}")
def form_to_decide(visit: Visit, id: str) -> Response:
    return page.draw(visit, "forms-queue-one.html", **forms_queue.one(visit, forms, id))


@at("/forms/report")
def asked_again(visit: Visit) -> Response:
    return page.draw(visit, "forms-report.html", **forms_report.year(visit, forms))


@at("/forms/desk/{form}/outputs")
def form_outputs(visit: Visit, form: str) -> Response:
    return page.draw(visit, "forms-outputs.html", **forms_outputs.one(visit, forms, form))
