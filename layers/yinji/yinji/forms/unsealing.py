"""Reading whole what is kept sealed of submissions: an account, the number of a paper. A sealed answer is sealed at its
place in its form, `<form>/<field>`, by the key of the person whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from yinji.clearance.keys import Keys
from yinji.clearance.sealing import is_sealed, shown
from yinji.forms.facts_items import FactKeyItem
from yinji.forms.form import Field
from yinji.forms.submission import Submission

THREADS = 12


class Unsealing:
    """Every method raises what KMS or PynamoDB raise when they cannot be reached."""

    def __init__(self) -> None:
        self._keys = Keys(FactKeyItem, "PERSON#", "person")

    def value(self, one: Submission, field: Field) -> str:
        """The answer to `field`, whole. Raises Problem("sealed-for-good") when its key was destroyed."""
        return self._keys.opened(one.person, place(one, field), str(one.answers[field.name]))

    def opened(self, one: Submission, fields: Iterable[Field]) -> Submission:
        """`one` with its answers to `fields` in clear; what nobody can open any more stays sealed."""
        sealed = [field for field in fields if is_sealed(one.answers.get(field.name))]
        key = self._keys.existing(one.person) if sealed else None
        if key is None:
            return one
        clear = {field.name: shown(key, place(one, field), one.answers[field.name]) for field in sealed}
        return replace(one, answers={**one.answers, **clear})

    def opened_all(self, some: Sequence[tuple[Submission, Sequence[Field]]]) -> list[Submission]:
        """The same of many at once, in their order."""
        with ThreadPoolExecutor(THREADS) as threads:
            return list(threads.map(self.opened, *zip(*some, strict=True))) if some else []


def place(one: Submission, field: Field) -> str:
    """Where the answer to `field` is sealed."""
    return f"{one.form}/{field.name}"
