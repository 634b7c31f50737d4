"""Who a message is for, by the case or by the university's own list of offices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from yinji.clearance import university
from yinji.clearance.case import Case
from yinji.messages.compose import is_written_about, of_student
from yinji.messages.letter import Reader
from yinji.messages.model import Message, Settings
from yinji.messages.sending import Subject


class Campus:
    """Students by their case, which `case` looks up; offices by university.toml."""

    def __init__(self, case: Callable[[str], Case | None]) -> None:
        self._case = case

    def subject(self, message: Message, settings: Settings) -> Subject | None:
        if message.box.startswith("office:"):
            return self._office(message.box.removeprefix("office:"), settings)
        case = self._case(message.box)
        if case is None or not is_written_about(case):
            return None
        graduate = case.graduate
        language = settings.language or ("en" if graduate.language == "en" else "zh")
        return Subject(Reader(graduate.name, graduate.email, language), of_student(case))

    def _office(self, office: str, settings: Settings) -> Subject | None:
        known: Mapping[str, Any] | None = university.departments().get(office) or university.schools().get(office)
        if known is None:
            return None
        language = settings.language or "zh"
        return Subject(Reader(str(known[language]), str(known.get("email", "")), language))
