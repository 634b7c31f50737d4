"""What goes into an edition, read where the archive keeps it."""

from __future__ import annotations

from yinji.archive.groups_store import Groups
from yinji.archive.store import Archive
from yinji.editions.book import Book, book


class Gatherer:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self, archive: Archive | None = None) -> None:
        self._archive = archive or Archive()
        self._groups = Groups(self._archive)

    def book(self, student: str) -> Book | None:
        """The book of `student` as of now, beside the smallest group that may be shown; None for who has no archive."""
        who = self._archive.student(student)
        return book(who, self._archive.records(student), self._groups.of(who)) if who else None
