"""The access log: who saw what of a student, in the table `People`.

Items (pk, sk): SEEN#<student> <day>#<what>#<step>#<who>#<role>. What one look leaves is one update without a
condition, and the same update again changes nothing: messages may come twice, late and in any order.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, cast

from pynamodb.expressions.update import Action as UpdateAction

from yinji.clearance.items import forget, values
from yinji.identity.items import SeenItem
from yinji.identity.looks import KEPT, Entry, Look, Looker, What

THREADS = 8
"""How many students of a list are dealt with at a time."""


class AccessLog:
    """Every method raises what PynamoDB raises when the service cannot be reached."""

    def keep(self, look: Look) -> None:
        """Keep `look` with each of its students."""
        with ThreadPoolExecutor(min(THREADS, len(look.students))) as threads:
            list(threads.map(partial(self._keep, look), look.students))

    def _keep(self, look: Look, student: str) -> None:
        told = {"name": look.name, "school": look.school, "department": look.department}
        told |= {"acts_for": look.acts_for, "step": look.step}
        actions: list[UpdateAction] = [
            SeenItem.minutes.add({look.minute}),
            SeenItem.day.set(look.day.isoformat()),
            SeenItem.what.set(look.what),
            SeenItem.who.set(look.who),
            SeenItem.role.set(look.role),
            SeenItem.expires_at.set(_expires(look.day)),
            *(getattr(SeenItem, name).set(text) for name, text in told.items() if text),
        ]
        SeenItem(f"SEEN#{student}", look.key).update(actions=actions)

    def of(self, student: str, most: int | None = None) -> list[Entry]:
        """What was seen of `student`, the latest day first; `most` entries of it."""
        found = SeenItem.query(f"SEEN#{student}", scan_index_forward=False, limit=most)
        return [_entry(values(item)) for item in found]

    def forget(self, student: str) -> None:
        """Delete what was seen of `student`."""
        forget(SeenItem, f"SEEN#{student}")


def _expires(day: date) -> int:
    return int((datetime(day.year, day.month, day.day, tzinfo=UTC) + KEPT).timestamp())


def _entry(known: Mapping[str, Any]) -> Entry:
    return Entry(
        day=date.fromisoformat(known["day"]),
        what=cast(What, known["what"]),
        who=known["who"],
        name=known.get("name", ""),
        role=cast(Looker, known["role"]),
        minutes=sorted(known["minutes"]),
        school=known.get("school", ""),
        department=known.get("department", ""),
        acts_for=known.get("acts_for", ""),
        step=known.get("step", ""),
    )
