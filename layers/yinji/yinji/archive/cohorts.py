"""Which cohorts there are, and which changed lately, in the table `Archive`: COHORTS <school#grade#category>.

Whoever puts a portrait says so before, once a quarter of an hour for each cohort and process: 440,000 records that are
imported cost some hundred small writes, all of them the same when they are done twice. No index could tell as cheaply:
to ask it for the cohorts there are is to read every portrait.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from yinji.archive.items import TABLE, CohortItem
from yinji.clearance.items import kept
from yinji.clearance.reading import Reader, text
from yinji.platform import clock
from yinji.platform.clock import stamp

COHORTS = "COHORTS"
QUARTER = timedelta(minutes=15)
ON_THE_WAY = timedelta(minutes=5)
"""How long a portrait that was announced may take until it is in the index."""


def quarter(moment: datetime) -> datetime:
    """The beginning of the quarter of an hour that `moment` is in."""
    return moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)


class Cohorts:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        self._reader = Reader(TABLE)
        self._told: dict[str, datetime] = {}

    def changing(self, cohort: str) -> None:
        """Say that a portrait of `cohort` is about to be put, or to go."""
        at = quarter(clock.now())
        if self._told.get(cohort) != at:
            # one whose clock is behind, or who was held up, takes nothing back
            older = CohortItem.pk.does_not_exist() | (CohortItem.changed < stamp(at))
            kept(lambda: CohortItem(COHORTS, cohort, changed=stamp(at)).save(condition=older))
            self._told[cohort] = at

    def every(self) -> dict[str, datetime]:
        """All cohorts, each with the beginning of the quarter of an hour in which it changed last."""
        found = self._reader.query("pk", COHORTS, ("sk", "changed"), consistent=True)
        return {text(item, "sk"): clock.instant(text(item, "changed")) for item in found}


def unseen(cohorts: Mapping[str, datetime], moment: datetime) -> set[str]:
    """Those of `cohorts`, each with when it changed, that may hold a portrait which nobody saw at `moment`."""
    return {cohort for cohort, changed in cohorts.items() if changed + QUARTER + ON_THE_WAY > moment}
