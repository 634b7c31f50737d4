"""A full season: generated, its rosters read, its cases opened; all without a table."""

from __future__ import annotations

from yinji.clearance import case as cases
from yinji.clearance import roster
from yinji.clearance.document import case_document

from infra.local.season import generate
from infra.local.season.generator import Options
from tests.bench.measuring import interleaved, tell
from tests.bench.surroundings import TODAY
from tests.graduates import BATCH, event

ROUNDS = 5


def run() -> None:
    season = generate(Options(today=TODAY))
    files = [data for key, data in season.files.items() if key.endswith(".csv") and key.startswith("rosters/")]
    known = list(season.graduates)
    opening = event("open")

    def read() -> int:
        return sum(len(roster.parse(data).graduates) for data in files)

    if read() != len(known):
        raise RuntimeError("the rosters do not hold the season's graduates")
    works = {
        "rosters read": read,
        "cases opened": lambda: [cases.open_case(one, BATCH, opening) for one in known],
        "cases opened, documents made": lambda: [
            case_document(cases.open_case(one, BATCH, opening).after) for one in known
        ],
        "season generated, with its feeds": lambda: generate(Options(today=TODAY)),
    }
    tell(f"{len(known):,} graduates", interleaved(works, ROUNDS), per_second=dict.fromkeys(works, len(known)))
