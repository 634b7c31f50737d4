"""A visit to a page: who comes, in which language, to where, and what just happened to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, cast
from urllib.parse import urlencode

from chalice.app import Request, Response
from markupsafe import Markup
from yinji.archive import claims
from yinji.archive.access import OFFICE as ARCHIVES
from yinji.archive.organisers import STUDENT_AFFAIRS
from yinji.clearance import definition, policy
from yinji.clearance.arrangements import forms
from yinji.forms.desk import DEEDS as OF_DESKS
from yinji.forms.editing import CHANGES
from yinji.forms.facts_desk import DEEDS as DECISIONS
from yinji.forms.facts_desk import answers_for
from yinji.forms.submission import VERDICTS
from yinji.identity.session import Session, Token, cookie, session_cookie, sign, signing_keys
from yinji.identity.store import People, standing
from yinji.platform import clock, http, problem
from yinji.platform.http import LANGUAGE_COOKIE, own_path, preferred
from yinji.platform.limits import address_of
from yinji.platform.problem import Problem
from yinji.repair.access import OFFICE as NETWORK_CENTRE
from yinji.repair.work import DEEDS
from yinji.visits.changing import DEEDS as OF_LINKS
from yinji.visits.desk import DEEDS as OF_OFFICES
from yinji.visits.desk import TURNS
from yinji.visits.rounds import DEEDS as OF_ROUNDS

from .words import LANGUAGES, Words

OF_ADMINISTRATORS = (
    "batch.declare", "batch.close", "batch.carry-over", "flow.migrate", "passes.take", "passes.drop", "passes.readmit",
)  # fmt: skip
MESSAGES = "/messages"
OF_ACCOUNTS = ("account.lent", "account.taken-back", "people.register", "people.granted", "people.ended")
OF_RUNS = ("begun", "pause", "resume", "again", "pack")
OF_SELECTIONS = ("drafted", "kept", "archived", "restored")
OF_CATALOGUE = (
    "announced", "changed", "cancelled", "held", "waiting", "given-back", "asked-before", "checked-in",
    "checked-in-before",
)  # fmt: skip
OF_LABELS = ("printed", "replaced", "retired")
OF_MESSAGES = ("read", "saved", "stopped", "reminded")
"""What can be done about messages, as their notices call it."""
OF_ARCHIVE = (
    "edition.requested", "edition.revoked", "share.made", "share.revoked",
    "claim.made", "claim.changed", "claim.withdrawn", "claim.disputed", "certify.certify", "certify.refuse",
    "certify.revoke", "certify.settle", "round.begun", "round.rest", "round.given-up", "clearance.later",
)  # fmt: skip
"""What can be done about records of the growth archive, as their notices call it; and that somebody was led there."""
OF_REPAIR = {
    "repair-work": DEEDS,
    "repair-rota": ("kept", "day", "left"),
    "repair-triage": ("merge", "split", "notice-made", "notice-ended"),
}
"""What technicians do, what can be done to their rota, and what the office sorts, plans and announces."""
OF_VISITS = {
    "visits-ask": ("asked", *OF_LINKS),
    "visits-desk": (*OF_OFFICES, *TURNS, "added", "planned", "left"),
    "visits-round": (*OF_ROUNDS, "calendar"),
}
"""What can be done about visits, by the page it is done on."""
OF_FORMS = {
    "forms-facts": ("taken", "under-way"),
    "forms-conflicts": DECISIONS,
    "forms-fill": ("saved", "sent", "withdrawn", "given-up"),
    "forms-queue": VERDICTS,
    "forms-outputs": ("disconnect",),
    "forms-edit": (*CHANGES, *OF_DESKS, "begin", "import"),
}
"""What can be done about facts and forms, by the page it is done on."""
TOLD = (*http.TOLD, "at", "rows", "changed", "refused", "rejected")


@dataclass(frozen=True)
class Notice:
    """What came of an action: `at` is "<step>.<action>", `fields` are those to be corrected."""

    good: bool
    text: Markup | str
    at: str
    fields: frozenset[str] = frozenset()

    @property
    def step(self) -> str:
        return self.at.partition(".")[0]


class Visit:
    def __init__(self, request: Request, people: People) -> None:
        # what API Gateway sent: the path as it was asked for, which Chalice replaces by its route
        event = cast(Mapping[str, Any], request.to_original_event())
        self.path = str(event.get("path") or event["requestContext"].get("path") or "/")
        self.query: dict[str, str] = dict(request.query_params or {})
        self._params = request.query_params
        self._peer = str(event["requestContext"].get("identity", {}).get("sourceIp") or "")
        self.header: Mapping[str, str] = request.headers
        self._people = people
        self.now: datetime = clock.now()
        self.today = clock.today()

    def several(self, name: str) -> list[str]:
        """Every value of `name` in the query."""
        params = cast(Any, self._params)
        return [str(value) for value in params.getlist(name)] if params and name in params else []

    def latest(self, days: int) -> date:
        """The last day that is no more than `days` ahead."""
        return self.today + timedelta(days=days)

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return address_of(self.header.get("x-forwarded-for") or "", self._peer)

    @cached_property
    def cookies(self) -> list[str]:
        return [self.header.get("cookie") or ""]

    @cached_property
    def _token(self) -> Token | None:
        return standing(self.cookies, self._people)

    @property
    def session(self) -> Session | None:
        return self._token.session if self._token else None

    @property
    def fresh(self) -> bool:
        """Whether whoever comes proved a moment ago who they are."""
        return self.session is not None and self.session.fresh(self.now)

    def prove(self, place: str = "") -> str:
        """Where one proves once more who one is, to come back to this page, at `place` of it."""
        back = self.here() + (f"#{place}" if place else "")
        return f"/sign-in?{urlencode({'again': '1', 'next': back})}"

    def unknown(self) -> None:
        """Go on as if nobody were signed in: what has to be said now must not ask who comes once more."""
        self.__dict__["_token"] = None

    @property
    def piecemeal(self) -> bool:
        """Whether a script asked for this page, to put it in place of a part of another."""
        return bool(self.header.get("hx-request"))

    @property
    def told(self) -> bool:
        """Whether the page has something to say of what happened, or was asked for on purpose."""
        return bool(self.query.get("done") or self.query.get("problem") or self.query.get("again"))

    def renewed(self, answer: Response) -> Response:
        """`answer`, with the cookie signed anew where it is some minutes old: who is there stays signed in."""
        token = self.__dict__.get("_token")  # of a page that asked who comes
        # a piece of a page may arrive after somebody has signed out, and would sign them in again
        if token and token.due(self.now) and not self.piecemeal and "Set-Cookie" not in answer.headers:
            answer.headers["Set-Cookie"] = str(session_cookie(sign(token.session, signing_keys())))
        return answer

    @property
    def someone(self) -> Session:
        """Whose session it is. Raises Problem("signed-out")."""
        if self.session is None:
            raise Problem("signed-out")
        return self.session

    def may(self, permission: policy.Permission, **thing: str) -> bool:
        return self.session is not None and policy.may(self.session, permission, **thing)

    def demand(self, permission: policy.Permission, **thing: str) -> None:
        """Raise Problem("signed-out") or Problem("forbidden") unless whoever comes may."""
        policy.demand(self.someone, permission, **thing)

    @cached_property
    def language(self) -> str:
        chosen = cookie(self.cookies, LANGUAGE_COOKIE)
        return chosen if chosen in LANGUAGES else preferred(self.header.get("accept-language") or "")

    @cached_property
    def words(self) -> Words:
        return Words(self.language)

    def here(self, **query: str) -> str:
        """This page with its filters, without what it told last time; `query` sets or, empty, removes."""
        kept = {name: value for name, value in self.query.items() if name not in TOLD} | query
        pairs = [
            (name, one)
            for name, value in kept.items()
            for one in ([value] if name in query else self.several(name))
            if one
        ]
        told = urlencode(pairs)
        return f"{self.path}?{told}" if told else self.path

    def back(self, at: str) -> str:
        """Where a form is to come back to: this page, at the notice that tells what became of `at`."""
        return f"{self.here(at=at)}#notice"

    def places(self) -> list[tuple[str, Markup]]:
        """Where the navigation leads whoever comes: path and words."""
        session, words = self.session, self.words
        if session is None:
            return []
        if session.role == "student":
            return [
                ("/me", words("nav.me")),
                ("/archive", words("archive.nav")),
                ("/forms", words("forms.title")),
                self._activities,
                self._messages,
            ]
        if session.role == "supervisor":
            return [("/queues", words("nav.queues"))]
        if session.role == "department-officer":
            delivers = any(step.feed and step.department == session.department for step in definition.steps().values())
            return [
                ("/queues", words("nav.queues")),
                *([("/feeds", words("feeds.nav"))] if delivers else []),
                *([self._conflicts] if answers_for(session) else []),
                *([self._archives] if policy.may(session, "see-archive", department=ARCHIVES) else []),
                ("/practice", words("practice.nav")),
                self._forms_desk,
                *([self._activities] if session.department == STUDENT_AFFAIRS else []),
                *([self._faults] if policy.may(session, "see-incidents", department=NETWORK_CENTRE) else []),
                *([self._repair_places] if policy.may(session, "see-places", department=NETWORK_CENTRE) else []),
                *([self._desk_of_visits] if policy.may(session, "see-visits", department=NETWORK_CENTRE) else []),
                self._forms_to_decide,
                self._messages,
            ]
        if session.role in ("counsellor", "school-officer"):
            return [
                (f"/schools/{session.school}", words("nav.school")),
                ("/queues", words("nav.queues")),
                ("/archive/certify", words("certify.nav")),
                self._archives,
                self._activities,
                self._forms_to_decide,
                ("/practice", words("practice.nav")),
                self._messages,
            ]
        if session.role == "technician":
            return [
                self._faults,
                ("/repair/board", words("repair-work.board")),
                ("/repair/rota", words("repair-work.rota")),
                *([self._repair_places] if policy.may(session, "see-places", department=NETWORK_CENTRE) else []),
                ("/repair/learn", words("repair-learn.title")),
                ("/visits/round", words("visits-round.nav")),
            ]
        if session.role == "community-worker":
            return [self._desk_of_visits, self._year_of_visits]
        if session.role not in ("administrator", "auditor"):
            return []
        return [
            ("/season", words("nav.season")),
            ("/queues", words("nav.queues")),
            ("/batches", words("nav.batches")),
            ("/feeds", words("feeds.nav")),
            *([self._conflicts] if answers_for(session) else []),
            ("/archive/devices", words("readers.nav")),
            self._archives,
            self._activities,
            self._faults,
            self._repair_places,
            self._desk_of_visits if session.role == "administrator" else self._year_of_visits,
            *([self._forms_desk] if session.role == "administrator" else []),
            ("/forms/report", words("forms-report.nav")),
        ]

    @property
    def _forms_desk(self) -> tuple[str, Markup]:
        return ("/forms/desk", self.words("forms-desk.nav"))

    @property
    def _conflicts(self) -> tuple[str, Markup]:
        return ("/forms/conflicts", self.words("forms-conflicts.nav"))

    @property
    def _faults(self) -> tuple[str, Markup]:
        return ("/repair", self.words("repair-work.nav"))

    @property
    def _forms_to_decide(self) -> tuple[str, Markup]:
        return ("/forms/queue", self.words("forms-queue.nav"))

    @property
    def _desk_of_visits(self) -> tuple[str, Markup]:
        return ("/visits/desk", self.words("visits-desk.nav"))

    @property
    def _year_of_visits(self) -> tuple[str, Markup]:
        return ("/visits/year", self.words("visits-year.nav"))

    @property
    def _repair_places(self) -> tuple[str, Markup]:
        return ("/repair/places", self.words("repair-places.nav"))

    @property
    def _archives(self) -> tuple[str, Markup]:
        return ("/archive/students", self.words("archive.nav-students"))

    @property
    def _activities(self) -> tuple[str, Markup]:
        return ("/archive/activities", self.words("catalogue.nav"))

    @property
    def _messages(self) -> tuple[str, Markup]:
        return (MESSAGES, self.words("messages.nav"))

    @property
    def wanted(self) -> str:
        """The page of ours that `next` names, or the first one."""
        return own_path(self.query.get("next", "")) or "/"

    @cached_property
    def notice(self) -> Notice | None:
        """What the query tells of the action that led back here."""
        if code := self.query.get("problem"):
            return self._refusal(code)
        if done := self.query.get("done"):
            return self._success(done)
        return None

    def _refusal(self, code: str) -> Notice | None:
        if code not in problem.catalogue():
            return None
        at = self.query.get("at", "")
        step, _, name = at.partition(".")
        known = definition.steps().get(step)
        if step == "claim":
            action = claims.form()
        else:
            action = forms().get(name) if step == "arrangement" else known.actions.get(name) if known else None
        wrong = frozenset(self.query.get("fields", "").split(",")) - {""}
        titles = [self.words.say(field.title) for field in action.fields if field.name in wrong] if action else []
        text: Markup | str = problem.sentence(code, self.language, {}) + self.words("list.stop")
        if titles:
            text = self.words("notice.check", text=text, fields=self.words("list.comma").join(titles))
        return Notice(False, text, at, wrong)

    @property
    def _counted(self) -> dict[str, str]:
        """The numbers that an answer told with it."""
        return {name: self.query.get(name, "0")[:9] for name in ("rows", "changed")}

    def _success(self, done: str) -> Notice | None:
        step, _, last = done.partition(".")
        action, *rest = last.split(".")
        if step == "messages" and action in OF_MESSAGES:
            return Notice(True, self.words(f"messages.done-{action}"), done)
        if step == "labels" and action in OF_LABELS:
            return Notice(True, self.words(f"repair-places.done-{action}"), done)
        if step == "selection" and action in OF_SELECTIONS:
            return Notice(True, self.words(f"selections.done-{action}"), done)
        if step == "run" and action in OF_RUNS:
            return Notice(True, self.words(f"runs.done-{action}"), done)
        if step == "catalogue" and action in OF_CATALOGUE:
            return Notice(True, self.words(f"catalogue.done-{action}"), done)
        if any(action in some.get(step, ()) for some in (OF_REPAIR, OF_VISITS, OF_FORMS)):
            return Notice(True, self.words(f"{step}.done-{action}"), done)
        if step == "practice":
            return Notice(True, self.words("practice.begun"), done)
        if step == "arrangement" and action in forms():
            return Notice(True, self.words.say(forms()[action].done), done)
        if done == "signed-out":
            return Notice(True, self.words("sign-in.signed-out"), done)
        if done in OF_ACCOUNTS:
            return Notice(True, self.words(f"notice.{step}-{action}", **self._counted), done)
        if done in OF_ARCHIVE:
            return Notice(True, self.words(f"archive-done.{step}-{action}"), done)
        if done in OF_ADMINISTRATORS:
            return Notice(True, self.words(f"notice.{step}-{action}"), done)
        known = definition.steps().get(step)
        if known is None:
            return None
        at, title = f"{step}.{action}", self.words.say(known.title)
        if action in ("feed-confirm", "feed-discard", "feed-use"):
            return Notice(True, self.words(f"notice.{action}", step=title), at)
        if action == "slots":
            return Notice(True, self.words("appointments.saved"), at)
        chosen = known.actions.get(action)
        if chosen is None or rest:
            return None
        if chosen.done:
            return Notice(True, self.words.say(chosen.done), at)
        return Notice(True, self.words("notice.done", step=title, action=self.words.say(chosen.title)), at)
