"""Every kind of item that the tables hold."""

from __future__ import annotations

import inspect

from pynamodb.models import Model
from yinji.archive import items as of_archives
from yinji.clearance import items as of_cases
from yinji.editions import items as of_editions
from yinji.forms import facts_items as of_facts
from yinji.forms import items as of_forms
from yinji.identity import items as of_people
from yinji.messages import items as of_messages
from yinji.platform import counter
from yinji.repair import items as of_repair
from yinji.visits import items as of_visits

MODULES = (
    of_cases, of_people, of_messages, of_archives, of_editions, of_repair, of_visits, of_forms, of_facts, counter,
)  # fmt: skip


def models() -> dict[str, type[Model]]:
    """Every kind of item that there is, by name."""
    return {
        name: kind
        for module in MODULES
        for name, kind in vars(module).items()
        if inspect.isclass(kind) and issubclass(kind, Model) and kind.__module__ == module.__name__
        # what several have in common lies in no table
        if hasattr(kind, "Meta")
    }
