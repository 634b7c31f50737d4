"""Signing in: an attempt that goes away to the university's sign-in and comes back with an account, and what it is
here.

The protocols are the layer `sign_in`'s; this decides who the account is and in which role, and keeps the attempt in a
signed cookie meanwhile, so that nobody can be made to sign in as somebody else by a link.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.shared.cookies import Cookie
from itsdangerous import BadSignature

from yinji.archive.store import Archive
from yinji.clearance.store import Store
from yinji.identity.people import Grant, Person, begin, key_of
from yinji.identity.session import Session, host_bound, own_cookie, serializer, session_cookie, sign, signing_keys
from yinji.identity.session import cookie as cookie_of
from yinji.identity.store import People, standing
from yinji.platform import clock
from yinji.platform.http import Api, elsewhere, own_path, redirect
from yinji.platform.limits import SIGN_IN
from yinji.platform.observability import count, logger
from yinji.platform.problem import Problem

Way = Literal["oidc", "cas", "demo"]
PATIENCE = timedelta(minutes=10)
"""How long somebody may take at the university's sign-in."""
SALT = "yinji-sign-in"
LONGEST_ACCOUNT = 64


@dataclass(frozen=True)
class Attempt:
    """One going-away: secrets that only this browser can bring back, and where it wants to be afterwards.

    With `again` somebody who is signed in proves anew who they are.
    """

    state: str
    nonce: str
    verifier: str
    next: str
    again: bool

    @classmethod
    def new(cls, next: str, again: bool) -> Attempt:
        return cls(
            secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), own_path(next), again
        )


class Identified(Protocol):
    """Who the university says somebody is (the layer sign_in's Identity)."""

    @property
    def account(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def proved_at(self) -> datetime: ...


class Door:
    """Signing in by one `way`: away and back. `refused` is what the layer `sign_in` raises, with a `code`."""

    def __init__(self, api: Api, way: Way, refused: type[Exception]) -> None:
        self._api, self._way, self._refused = api, way, refused
        self._people, self._store, self._archive = People(), Store(), Archive()

    def away(self, url: Callable[[Attempt], str]) -> Response[str]:
        """Send the browser to `url` of a new attempt; where it wants to be afterwards and `again` are in the query."""
        attempt = Attempt.new(self._api.query.get("next", ""), self._api.query.get("again") == "1")

        def go() -> Response[str]:
            answer = elsewhere(url(attempt))
            kept = serializer(signing_keys(), SALT).dumps(asdict(attempt))
            answer.cookies.append(_cookie(attempt.state, kept))
            return answer

        return self._guarded(go, attempt)

    def back(self, identify: Callable[[Attempt], Identified]) -> Response[str]:
        """Sign in whoever came back, as `identify` finds out, and go where they wanted."""
        try:
            self._api.limit_address(SIGN_IN)
        except Problem as problem:
            return turned_away(problem)
        attempt = self._attempt()
        if attempt is None:
            # whoever pressed Back, or came back in a second tab, is where they were
            if standing(self._api.cookies, self._people):
                return redirect("/")
            return turned_away(Problem("sign-in-stale"), "there is no attempt")
        return self._guarded(lambda: self._sign_in(identify(attempt), attempt), attempt)

    def _attempt(self) -> Attempt | None:
        """The attempt that this browser went away with, or None when there is none or it took too long."""
        held = cookie_of(self._api.cookies, _cookie_name(self._api.query.get("state", "")))
        try:
            told: Any = serializer(signing_keys(), SALT).loads(held, max_age=int(PATIENCE.total_seconds()))
            return Attempt(**told)
        except (BadSignature, TypeError):
            return None

    def _guarded(self, work: Callable[[], Response[str]], attempt: Attempt) -> Response[str]:
        """A browser is on its way: whatever goes wrong, it is led to a page that says so."""
        try:
            return work()
        except self._refused as refused:
            return turned_away(refusal(str(getattr(refused, "code", ""))), str(refused), attempt)
        except Problem as problem:
            return turned_away(problem, attempt=attempt)
        except Exception as error:
            logger.error("signing in failed", exc_info=error)
            return turned_away(Problem("internal"), type(error).__name__, attempt)

    def _sign_in(self, found: Identified, attempt: Attempt) -> Response[str]:
        people, now = self._people, clock.now()
        account = found.account.strip().upper()  # as registers and rosters write it
        before = standing(self._api.cookies, people)
        person = people.person(account)
        student = self._student(account)
        name = found.name or person.name or student or account
        grant = role_of(people, person, bool(student), before.session if before else None)
        session = begin(person, grant, name, found.proved_at, now)
        people.signed_in(session, self._way, now)
        if before:  # this browser has a new session now; nobody else shall go on by the old one
            people.end(before.session, now)
        count("SignIns")
        answer = redirect(attempt.next or "/")
        answer.cookies += [session_cookie(sign(session, signing_keys())), _cookie(attempt.state, "")]
        return answer

    def _student(self, account: str) -> str:
        """The name of the student whose account it is: one who is leaving, or has an archive; empty for nobody's."""
        if len(account) > LONGEST_ACCOUNT:
            return ""
        if case := self._store.get(account):
            return case.graduate.name
        student = self._archive.student(account)
        return student.name if student else ""


def role_of(people: People, person: Person, studies: bool, before: Session | None) -> Grant | None:
    """In which role `person` begins: as before where they were signed in; else their first one, else as a student.

    None is a student. Raises Problem("no-role").
    """
    roles = people.roles(person, clock.today())
    if before and before.sub == person.sub:
        same = next((grant for grant in roles if grant.key == key_of(before)), None)
        if same or (before.role == "student" and studies):
            return same
    if roles:
        return roles[0]
    if not studies:
        raise Problem("no-role")
    return None


def refusal(code: str) -> Problem:
    """What people are told of an attempt that the layer `sign_in` refused with `code`."""
    return {
        "denied": Problem("sign-in-denied"),
        "stale": Problem("sign-in-stale"),
        "unreachable": Problem("sign-in-unreachable"),
        "untrue": Problem("sign-in-untrue"),
    }[code]


def turned_away(problem: Problem, why: str = "", attempt: Attempt | None = None) -> Response[str]:
    """Back to the page where one signs in, which says what the matter was; `why` is for the log."""
    logger.warning("nobody was signed in", extra={"code": problem.code, "why": why})
    count("SignInsRefused")
    told = {"next": attempt.next, "again": "1" if attempt.again else ""} if attempt else {}
    answer = redirect("/sign-in", problem=problem.code, **told)
    if attempt:
        answer.cookies.append(_cookie(attempt.state, ""))
    return answer


def _cookie_name(state: str) -> str:
    """Each attempt has a cookie of its own: two tabs do not get in each other's way."""
    known = state[:12] if re.fullmatch(r"[\w-]{12,64}", state, re.ASCII) else "none"
    return host_bound(f"yinji_sign_in_{known}")


def _cookie(state: str, value: str) -> Cookie:
    return own_cookie(_cookie_name(state), value, PATIENCE)
