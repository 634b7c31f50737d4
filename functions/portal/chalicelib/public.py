"""Pages for everybody: signing in, checking a certificate, the guides."""

from __future__ import annotations

from typing import Any

from yinji.clearance import codes
from yinji.clearance.guide import guide_of
from yinji.clearance.store import Store
from yinji.identity import demo
from yinji.identity.session import Session
from yinji.platform.environment import is_local

from . import diagram, markdown


def home(session: Session | None) -> str:
    """The first page of whoever comes."""
    if session is None:
        return "/sign-in"
    return {
        "student": "/me",
        "counsellor": f"/schools/{session.school}",
        "school-officer": f"/schools/{session.school}",
        "department-officer": "/queues",
        "supervisor": "/queues",
        "administrator": "/season",
        "auditor": "/season",
    }[session.role]


def sign_in(store: Store) -> dict[str, Any]:
    """Who one can be, on a local deployment; nothing elsewhere."""
    if not is_local():
        return {"local": False, "students": [], "supervisors": [], "offices": []}
    found = {"students": demo.students(store), "supervisors": demo.supervisors(store), "offices": demo.offices()}
    return {"local": True, **found}


def no_code(typed: str) -> dict[str, Any]:
    """Nothing to look up: nothing was `typed` yet, or what cannot be a code; it is shown again to be corrected."""
    return {"asked": "malformed" if typed else "", "record": None, "spoken": "", "student": "", "typed": typed}


def certificate(store: Store, code: str) -> dict[str, Any]:
    """The certificate with the verification `code`: `asked` is "malformed", "unknown" or "authentic"."""
    normal = codes.normal(code)
    record = store.certificate(normal) if normal else None
    asked = "authentic" if record else "unknown" if normal else "malformed"
    # whoever holds the certificate has the number in full; a code passed on must not give it away
    student = f"{record.student[:4]}****{record.student[-2:]}" if record else ""
    return {
        "asked": asked,
        "record": record,
        "spoken": codes.spoken(normal),
        "student": student,
        "typed": "" if record else code,
    }


def guide(flow_id: str, language: str) -> dict[str, Any]:
    """The guide of a flow, from the definitions of its steps. Raises Problem("not-found")."""
    told = guide_of(flow_id, language)
    return {
        "guide": told,
        "picture": diagram.of_guide(told),
        "html": markdown.of_blocks,
        "paper": f"/api/clearance/guides/{flow_id}/{language}.pdf",
    }
