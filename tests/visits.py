"""A community of two technicians for the tests of visits, and people who ask."""

from __future__ import annotations

from datetime import UTC, date, datetime

from yinji.visits import acts
from yinji.visits.days import Day, Places
from yinji.visits.store import Visits
from yinji.visits.visit import Asker, Event, Visit, Wish, asked

COMMUNITY = "meiyuan"
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
"""A Tuesday at ten of the campus, a day before the day of the service."""
FIRST, SECOND = date(2026, 12, 2), date(2026, 12, 9)
AT_THE_DOOR = datetime(2026, 12, 2, 2, 0, tzinfo=UTC)
"""When a technician is there, on the first of them."""
PLACES = (
    Places("N001", "morning", 3),
    Places("N001", "afternoon", 3),
    Places("N002", "morning", 3),
    Places("N002", "afternoon", 3),
)


def day(date_: date = FIRST, places: tuple[Places, ...] = PLACES, **more: object) -> Day:
    return Day(COMMUNITY, date_, places, **more)  # type: ignore[arg-type]


def fields(number: int = 1, **more: str) -> dict[str, str]:
    """What somebody fills in."""
    return {
        "name": f"张{number}",
        "phone": f"010-6275 {number:04}",
        "community": COMMUNITY,
        "address": f"{number} 号楼 1 门 101",
        "trouble.network": "yes",
        **more,
    }


def visit(
    number: int = 1,
    *,
    on: date = FIRST,
    wish: Wish = "either",
    asker: Asker = "person",
    at: datetime = NOW,
    **more: str,
) -> tuple[Visit, Event]:
    told = asked(fields(number, wish=wish, **more), asker)
    return acts.ask(told, on, "zh", f"key-{number}", acts.ASKER, at)


def keep(*days: Day) -> None:
    """Put days into the table."""
    store = Visits()
    for one in days or (day(), day(SECOND)):
        assert store.put_day(one)


def ask(number: int = 1, **more: object) -> Visit:
    """Ask for a visit; as it stands then."""
    return Visits().ask(*visit(number, **more))  # type: ignore[arg-type]
