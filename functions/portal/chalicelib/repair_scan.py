"""Pages for whoever scans a label: what is wrong at its place, and how the report stands. Nobody signs in.

A page is one answer, its style and script in it: on a slow network each further request costs seconds. So its policy
names these two by their hashes, and whoever looks at it twice transfers it twice, some kilobytes.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from functools import cache
from typing import Any

from chalice.app import Response
from markupsafe import Markup
from yinji.clearance.evidence import MEDIA_TYPES
from yinji.identity.session import signing_keys
from yinji.messages import stop
from yinji.messages.model import report_box
from yinji.messages.store import Outbox
from yinji.platform.counter import hit, hit_from
from yinji.platform.environment import setting
from yinji.platform.limits import FOLLOW, SCANS
from yinji.platform.problem import Problem, sentence
from yinji.platform.text import masked
from yinji.repair import labels
from yinji.repair.following import FACES, PARTS, REOPENED, days_ahead, incident_of
from yinji.repair.incident import ACTS
from yinji.repair.incidents_store import Incidents
from yinji.repair.keys import repair_key
from yinji.repair.outages_store import Outages
from yinji.repair.photos import KINDS, LARGEST
from yinji.repair.places_store import Places
from yinji.repair.report import (
    LONGEST_CONTACT,
    LONGEST_TEXT,
    SYMPTOMS,
    VERDICTS,
    Report,
    followed,
    mail_of,
    new_nonce,
    ticket_for,
)
from yinji.repair.reports_store import Reports
from yinji.repair.scanning import scanned

from . import page, static
from .visit import Visit

SHELL = "/r/offline"


@cache
def inline() -> dict[str, Markup]:
    """The style and the script of these pages, as they stand in them."""
    files = static.files()
    found = {
        "style": files["repair.css"],
        "script": files["repair-queue.js"] + files["repair-photo.js"] + files["repair.js"],
    }
    return {name: Markup(text) for name, text in found.items()}  # noqa: S704 - they are files of ours


@cache
def policy() -> str:
    """The policy of every page, which lets these two in as well, and photos to where they arrive."""
    found = page.POLICY.format(uploads=setting("REPAIR_ORIGIN"))
    for name, text in inline().items():
        told = b64encode(hashlib.sha256(text.encode()).digest()).decode()
        found = found.replace(f"{name}-src 'self'", f"{name}-src 'self' 'sha256-{told}'")
    return found


def draw(visit: Visit, template: str, status: int = 200, **shown: Any) -> Response:
    answer = page.draw(visit, template, status, inline=inline(), **shown)
    answer.headers["Content-Security-Policy"] = policy()
    return answer


def code(visit: Visit) -> Response:
    """Where a code is typed from a label whose picture is scratched."""
    typed = visit.query.get("code", "").strip()[:40]
    # whether it is ours is known without looking anything up
    if serial := labels.serial_of(typed, repair_key()):
        return page.go(labels.address("", labels.code(serial, repair_key())))
    return draw(visit, "repair-code.html", problem="", place=None, typed=typed, code="")


def scan(visit: Visit, code: str, places: Places, outages: Outages) -> Response:
    """The page of a label. One that was replaced may have been carried off: whoever has it is asked where they are."""
    try:
        hit_from(SCANS, visit.address)
        found = scanned(code, repair_key(), places, outages)
    except Problem as problem:
        text = sentence(problem.code, visit.language, {})
        answer = draw(visit, "repair-code.html", problem.status, problem=text, place=None, typed="", code="")
        answer.headers.update(problem.headers)  # pyright: ignore[reportUnknownMemberType]
        return answer
    replaced = found.label.state != "active"
    if replaced and visit.query.get("here") != "1":
        return draw(visit, "repair-code.html", 410, problem="", place=found.place, typed="", code=code)
    return draw(
        visit,
        "repair-scan.html",
        **_form(),
        code=code,
        place=found.place,
        ticket=ticket_for(found.place, new_nonce(), signing_keys()),
        known=found.known,
        causes=found.causes,
        replaced=replaced,
    )


def shell(visit: Visit) -> Response:
    """The page of whatever label is scanned while there is no network: a phone keeps it."""
    return draw(
        visit, "repair-scan.html", **_form(), code="", place=None, ticket="", known=(), causes={}, replaced=False
    )


def _form() -> dict[str, Any]:
    return {
        "symptoms": SYMPTOMS,
        "verdicts": VERDICTS,
        "longest_text": LONGEST_TEXT,
        "longest_contact": LONGEST_CONTACT,
    }


def worker() -> Response:
    """The service worker, which keeps the pages of labels and nothing else."""
    told = {"name": f"yinji-repair-{static.version()}", "files": [SHELL]}
    pages = "SHELL.pages = /^\\/r\\/[^\\/]+$/;\n"
    files = static.files()
    text = f"var SHELL = {json.dumps(told)};\n{pages}{files['repair-queue.js']}{files['repair-sw.js']}"
    headers: dict[str, str | list[str]] = {
        "Content-Type": static.TYPES[".js"],
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(text, headers=headers)


def follow(visit: Visit, link: str, reports: Reports, places: Places, incidents: Incidents, outbox: Outbox) -> Response:
    """How the report of a link stands. Raises Problem("not-found"), Problem("too-often")."""
    id = followed(link, repair_key())
    hit(FOLLOW, id)
    report = reports.find(id)
    if report is None:
        raise Problem("not-found")
    incident = incident_of(report, incidents)
    events = incidents.history(incident.id) if incident else []
    over = incident is not None and incident.state in ("fixed", "closed")
    rated = any(event.key == f"rate-{id}" for event in events)
    return draw(
        visit,
        "repair-follow.html",
        link=link,
        report=report,
        place=places.find(report.place),
        incident=incident,
        # who did it is nobody's business but the centre's
        events=[event for event in events if event.what in ACTS],
        told=told_by_mail(report, outbox),
        days=days_ahead(visit.today) if incident is not None and incident.state == "waiting-access" else (),
        parts_of_day=PARTS,
        faces=FACES,
        rated=rated,
        may_rate=over and not rated,
        may_reopen=over and incident is not None and visit.now - incident.changed_at <= REOPENED,
        done=visit.query.get("done", ""),
        types=",".join(MEDIA_TYPES[kind] for kind in KINDS),
        largest=LARGEST,
    )


def told_by_mail(report: Report, outbox: Outbox) -> dict[str, Any]:
    """Where whoever filed `report` is written to, so that only they know it again, and how that is stopped; nothing
    where they left no mail address."""
    box, address = report_box(report.id), mail_of(report.contact)
    if not address:
        return {}
    return {
        "address": masked(address),
        "stopped": "faults" in outbox.settings(box).stopped,
        "stop": f"/messages/stop/{stop.token(box, 'faults', signing_keys())}",
    }
