"""Pages for everybody: signing in, checking a certificate, the guides, what is kept of people."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from yinji.clearance import codes
from yinji.clearance.guide import guide_of
from yinji.clearance.store import Store
from yinji.identity.session import Session
from yinji.platform.counter import hit, hit_from
from yinji.platform.environment import setting
from yinji.platform.limits import CERTIFICATE_CODE, VERIFY
from yinji.privacy.map import groups

from . import diagram, markdown
from .visit import Visit

ARCHIVE = "/archive"


def home(session: Session | None, store: Store) -> str:
    """The first page of whoever comes; of a student who is not leaving yet, their archive."""
    if session is None:
        return "/sign-in"
    if session.role == "student":
        return "/me" if store.get(session.sub) else ARCHIVE
    return {
        "counsellor": f"/schools/{session.school}",
        "school-officer": f"/schools/{session.school}",
        "department-officer": "/queues",
        "supervisor": "/queues",
        "technician": "/repair",
        "community-worker": "/visits/desk",
        "administrator": "/season",
        "auditor": "/season",
    }[session.role]


def sign_in(visit: Visit) -> dict[str, Any]:
    """The ways of signing in, each with its address. `again` in the query: to prove once more who one is."""
    again = visit.query.get("again", "") == "1" and visit.session is not None
    told = {"next": visit.wanted, "again": "1" if again else "", "as": visit.query.get("as", "")}
    query = urlencode({name: value for name, value in told.items() if value})
    ways = setting("SIGN_IN").split(",")
    still_there = visit.query.get("done") == "signed-out" or visit.query.get("problem") == "no-role"
    return {
        "ways": [(way, f"/api/sign-in/{way}?{query}") for way in ways],
        "again": again,
        "left": [way for way in ways if way != "demo"] if still_there else [],
    }


def no_code(typed: str) -> dict[str, Any]:
    """Nothing to look up: nothing was `typed` yet, or what cannot be a code; it is shown again to be corrected."""
    return {"asked": "malformed" if typed else "", "record": None, "spoken": "", "student": "", "typed": typed}


def certificate(visit: Visit, store: Store, code: str) -> dict[str, Any]:
    """The certificate with the verification `code`: `asked` is "malformed", "unknown" or "authentic".

    Looking one up is counted, for the address and for the code. Raises Problem("too-often").
    """
    normal = codes.normal(code)
    if normal:
        hit_from(VERIFY, visit.address)
        hit(CERTIFICATE_CODE, normal)
    record = store.certificate(normal) if normal else None
    asked = "authentic" if record else "unknown" if normal else "malformed"
    student = masked(record.student) if record else ""
    return {
        "asked": asked,
        "record": record,
        "spoken": codes.spoken(normal),
        "student": student,
        "typed": "" if record else code,
    }


def masked(student: str) -> str:
    """A student number as it is shown to whoever has a code: who holds the document has it in full, and a code that is
    passed on must not give it away."""
    return f"{student[:4]}****{student[-2:]}"


def privacy() -> dict[str, Any]:
    """What is kept of people, as the data map says."""
    return {"groups": groups()}


def guide(flow_id: str, language: str) -> dict[str, Any]:
    """The guide of a flow, from the definitions of its steps. Raises Problem("not-found")."""
    told = guide_of(flow_id, language)
    return {
        "guide": told,
        "picture": diagram.of_guide(told),
        "html": markdown.of_blocks,
        "paper": f"/api/clearance/guides/{flow_id}/{language}.pdf",
    }
