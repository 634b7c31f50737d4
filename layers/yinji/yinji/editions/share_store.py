"""Where the links live by which students share their archives: the table `Editions`.

Items (pk, sk): STUDENT#<student> SHARE#<id>. Index by-code (code = the token, sk).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from yinji.archive.bulk import Bulk
from yinji.clearance.items import kept, one, values
from yinji.clearance.reading import plains
from yinji.editions.items import TABLE, ByCode, ShareItem
from yinji.editions.sharing import MOST_OPEN, TOKEN, Share, Shows
from yinji.platform import clock
from yinji.platform.clock import instant, now, stamp
from yinji.platform.problem import Problem

PREFIX = "SHARE#"


class Shares:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        self._bulk = Bulk(TABLE)

    def of(self, student: str) -> list[Share]:
        """The links of `student`, the youngest first."""
        found = self._bulk.query("pk", _pk(student), beginning=PREFIX, consistent=True)
        return sorted((_share(plains(item)) for item in found), key=lambda share: share.at, reverse=True)

    def find(self, student: str, id: str) -> Share | None:
        item = one(ShareItem, _pk(student), PREFIX + id)
        return _share(values(item)) if item else None

    def by_token(self, token: str) -> Share | None:
        """The link with that token, as of now."""
        if not TOKEN.fullmatch(token):
            return None
        for item in self._bulk.query("code", token, beginning=PREFIX, index=ByCode.Meta.index_name, sort="sk"):
            told = plains(item)
            return self.find(told["student"], told["id"])
        return None

    def make(self, share: Share) -> Share:
        """Keep a new link; the one that is there when it was asked for before. Raises Problem("too-many-links")."""
        before = self.of(share.student)
        if found := next((known for known in before if known.id == share.id), None):
            return found
        today = clock.today()
        if sum(known.standing(today) == "open" for known in before) >= MOST_OPEN:
            raise Problem("too-many-links", most=MOST_OPEN)
        item = ShareItem(
            _pk(share.student),
            PREFIX + share.id,
            code=share.token,
            student=share.student,
            id=share.id,
            shows=share.shows,
            to=share.to,
            until=share.until.isoformat(),
            at=stamp(share.at),
            parts=set(share.parts) or None,
            edition=share.edition or None,
        )
        if kept(lambda: item.save(condition=ShareItem.pk.does_not_exist())):
            return share
        found = self.find(share.student, share.id)
        assert found  # noqa: S101 - it was there a moment ago, and links go with all of a student only
        return found

    def revoke(self, share: Share) -> bool:
        """Let the link open no more; False when it was revoked before."""
        condition = ShareItem.pk.exists() & ShareItem.revoked_at.does_not_exist()
        item = ShareItem(_pk(share.student), PREFIX + share.id)
        return kept(lambda: item.update([ShareItem.revoked_at.set(stamp(now()))], condition=condition))


def _pk(student: str) -> str:
    return f"STUDENT#{student}"


def _share(told: Mapping[str, Any]) -> Share:
    revoked = told.get("revoked_at")
    return Share(
        told["student"],
        told["id"],
        told["code"],
        cast(Shows, told["shows"]),
        told["to"],
        date.fromisoformat(told["until"]),
        instant(told["at"]),
        sorted(told.get("parts") or ()),
        told.get("edition") or "",
        instant(revoked) if revoked else None,
    )
