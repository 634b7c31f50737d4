"""Who may see and do what in repair and in visits: the table of clearance/policy.py, asked for the network information
centre."""

from __future__ import annotations

from yinji.clearance.policy import Permission, may
from yinji.identity.session import Session
from yinji.platform.problem import Problem

OFFICE = "network-centre"
"""The department whose places, incidents and visits they are."""


def can(session: Session | None, permission: Permission) -> bool:
    """Whether `session`, where somebody is signed in, may."""
    return session is not None and may(session, permission, department=OFFICE)


def demand(session: Session, permission: Permission) -> None:
    """Raise Problem("forbidden") unless `session` may."""
    if not can(session, permission):
        raise Problem("forbidden")
