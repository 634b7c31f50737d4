"""Drawing pages: Jinja2 with everything escaped, and the headers each page is answered with."""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from chalice.app import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from yinji.clearance import definition, evidence, flow, university
from yinji.clearance.practice import is_practice
from yinji.platform.environment import setting
from yinji.platform.http import LANGUAGE_COOKIE
from yinji.platform.problem import Problem, sentence

from . import static
from .visit import Visit

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' {uploads}; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Vary": "Cookie, Accept-Language",
}
YEAR = 365 * 24 * 3600


@cache
def environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals.update(  # pyright: ignore[reportUnknownMemberType]
        static=static.address,
        key=lambda: secrets.token_urlsafe(12),
        steps=definition.steps,
        schools=university.schools,
        departments=university.departments,
        university=university.name,
        flows=flow.TITLES,
        media_types=evidence.MEDIA_TYPES,
        is_practice=is_practice,
    )
    return found


def draw(visit: Visit, template: str, status: int = 200, **shown: Any) -> Response:
    """The page of `template`, for this visit."""
    words = visit.words
    told: dict[str, Any] = {
        "visit": visit,
        "t": words,
        "say": words.say,
        "lang": words.language,
        "places": visit.places,
    }
    text = environment().get_template(template).render(told | shown)
    # photos of faults go to one place, documents of graduates to another; pages that swap pieces share a policy
    uploads = setting("REPAIR_ORIGIN" if visit.path.startswith("/repair") else "UPLOAD_ORIGIN")
    headers: dict[str, str | list[str]] = {**HEADERS, "Content-Security-Policy": POLICY.format(uploads=uploads)}
    return Response(text, headers=headers, status_code=status)


def go(path: str, **headers: str) -> Response:
    """See other: a page of ours."""
    return Response("", headers={"Location": path, "Cache-Control": "no-store", **headers}, status_code=303)


def nothing() -> Response:
    """No piece to put anywhere."""
    return Response("", headers={"Cache-Control": "no-store"}, status_code=204)


def of_problem(visit: Visit, problem: Problem) -> Response:
    """The page of something that cannot be shown; who is signed out signs in and comes back."""
    if problem.code == "signed-out":
        place = f"/sign-in?{urlencode({'next': visit.here()})}"
        # a script would follow a redirect to the university's sign-in, where no script of ours may look
        return (
            Response("", headers={"HX-Redirect": place, "Cache-Control": "no-store"}) if visit.piecemeal else go(place)
        )
    # nobody learns from the answer whether a student or a school that is not theirs exists
    text = sentence(problem.code, visit.language, {})
    answer = draw(visit, "problem.html", problem.status, text=text, code=problem.code)
    answer.headers.update(problem.headers)  # pyright: ignore[reportUnknownMemberType]
    return answer


def in_language(language: str, path: str) -> Response:
    """Back to `path`, in `language` from now on."""
    return go(path, **{"Set-Cookie": f"{LANGUAGE_COOKIE}={language}; Path=/; Max-Age={YEAR}; SameSite=Lax"})


def of_static(version: str, name: str) -> Response:
    """A static file; who asks under an address of another version gets today's, which is not to be kept."""
    if name not in static.files():
        raise Problem("not-found")
    kept = "public, max-age=31536000, immutable" if version == static.version() else "no-store"
    kind = static.TYPES[Path(name).suffix]
    headers: dict[str, str | list[str]] = {
        "Content-Type": kind,
        "Cache-Control": kept,
        "X-Content-Type-Options": "nosniff",
    }
    return Response(static.files()[name], headers=headers)
