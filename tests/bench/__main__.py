"""`python -m tests.bench [NAME ...]`: run the named benches, or all of them."""

from __future__ import annotations

import importlib
import os
import platform
import sys
import time

from tests.bench.measuring import console

BENCHES = {
    "cold_start": "imports in fresh processes",
    "pages": "what people look at",
    "feeds": "snapshots read, compared, applied",
    "changes": "changes of cases on the emulator",
    "certificates": "documents drawn",
    "rendering": "archives typeset, beside WeasyPrint and ReportLab",
    "editions": "4,000 archives rendered, sealed and stored on a local cloud that is killed once",
    "sealing": "editions made small, sealed, told in credentials",
    "rosters": "a season generated and read",
    "importing": "440,000 records on a local cloud, beside the plain batch writer",
    "authorizer": "who is let in",
    "dispatch": "an action from the event to the answer",
    "groups": "the group library of a grade of 4,000",
    "repair": "500 reports of a dead building within a minute over HTTP",
    "school": "a school of 400: its page, and who acts on it at once",
}


def surround() -> None:
    """Set the environment for a cloud of the benches' own, beside the tests' and the one somebody works with.

    It comes before anything that makes a client: clients keep the address they were made with.
    """
    own = {"YINJI_HOME": "bench-cloud", "YINJI_CLOUD_PORT": os.environ.get("YINJI_CLOUD_PORT", "24566")}
    import tests.conftest  # noqa: F401 - no real AWS can be reached

    os.environ |= own
    from infra.local import home

    os.environ |= home.environment()


def main(names: list[str]) -> int:
    """Run the benches `names`; the exit status."""
    if unknown := [name for name in names if name not in BENCHES]:
        console.print(f"There is no bench {', '.join(unknown)}. There are: {', '.join(BENCHES)}.")
        return 2
    surround()
    console.print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    began = time.perf_counter()
    for name in names or BENCHES:
        console.rule(f"{name}: {BENCHES[name]}", align="left")
        start = time.perf_counter()
        importlib.import_module(f"tests.bench.{name}").run()
        console.print(f"{name} took {time.perf_counter() - start:.0f} s\n")
    console.print(f"all took {time.perf_counter() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
