"""What is known of whoever fills a form, as it is shown to be confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup
from yinji.forms import facts
from yinji.forms.filling import USE, Question, mark

from .visit import Visit


@dataclass(frozen=True)
class Known:
    """A fact as a form shows it: its value in words, what agrees to it (the field `use` with the value `mark`), who
    said it and as of when, and whether it is fresh enough to be taken as it is. `before` is what a box to correct it in
    begins with: nothing, where it is sealed."""

    text: str
    use: str
    mark: str
    source: Markup | str
    at: datetime
    fresh: bool
    before: Any


def known(visit: Visit, question: Question) -> Known | None:
    """What is known in answer to `question`; None when nothing is."""
    fact = question.fact
    if fact is None:
        return None
    kind, words = facts.kinds()[fact.kind], visit.words
    return Known(
        facts.shown(fact.kind, fact.value, visit.language),
        USE + question.field.name,
        mark(fact),
        words.say(facts.sources()[fact.source].title) if fact.recorded else words("known.yourself"),
        fact.true_at,
        question.standing == "known",
        "" if kind.sealed else fact.value,
    )
