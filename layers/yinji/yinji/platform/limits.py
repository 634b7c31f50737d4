"""How often somebody may ask: what is counted, by whom, and under which key. platform/counter.py does the counting.

Windows are fixed: everybody's begin at the same instants. So one request is one update of one item, without reading
it first, and nobody can be kept out for longer than a window; in return twice the number may come around the end of
one. The limits are there to stop machines, and lie far above what hands can do, so that costs nothing.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network


@dataclass(frozen=True)
class Limit:
    """At most `most` requests of one person, code or address in a window of `seconds`."""

    name: str
    most: int
    seconds: int

    def window(self, now: datetime) -> int:
        """The second (since 1970) at which the window that holds `now` began."""
        at = int(now.timestamp())
        return at - at % self.seconds


# Of a person, whatever changes something; a bulk action on five hundred cases is one request.
STUDENT_WRITES = Limit("student-writes", 60, 60)
OFFICE_WRITES = Limit("office-writes", 120, 60)
ACCOUNT_WRITES = Limit("account-writes", 60, 600)
"""Roles: one's own, what is lent, and the register of people."""
EXPORTS = Limit("exports", 60, 600)
"""Lists and histories as files: one is a thousand cases read."""

FORM_SAVES = Limit("form-saves", 240, 300)
"""What somebody does to forms they fill: a page is saved whenever one goes on."""
FORMS_SENT = Limit("forms-sent", 30, 3_600)
"""Forms that somebody sends: each is work for an office."""

SIGN_OUT = Limit("sign-out", 30, 60)
CHECK_IN = Limit("check-in", 20, 300)
"""Checking in: once is enough, and whoever tries codes is told to wait."""

# Of a code, for it is handed around: a certificate's, a mail's stop link, that of a shared archive.
CERTIFICATE_CODE = Limit("certificate-code", 60, 60)
STOP_LINK = Limit("stop-link", 20, 60)
LINK = Limit("link", 60, 60)
"""A link by which an archive is shared."""

REPORTS = Limit("reports", 6, 7_200)
"""Reports, and what a self check solved, of one page opened at a place."""
FOLLOW = Limit("follow", 60, 60)
"""A link by which a report is followed."""
OPEN311_POSTS = Limit("open311-posts", 600, 60)
"""Requests that one client of Open311 posts for all who report by it: a dead building is a few hundred in a minute."""
PHOTOS = Limit("photos", 6, 3_600)
"""Photos that are added to a report."""
RECEIPTS = Limit("receipts", 10, 86_400)
"""Mail that a report was received, to one address: anybody may give somebody else's."""
VISIT_PAGE = Limit("visit-page", 20, 7_200)
"""A page on which a visit is asked for: every try, refused ones as well."""
VISIT_LINK = Limit("visit-link", 60, 60)
"""A link by which a visit is followed."""

# Of an address, where nobody says who they are. A campus comes from few addresses, so these are those of many.
SIGN_IN = Limit("sign-in", 3_000, 300)
VERIFY = Limit("verify", 300, 300)
SCANS = Limit("scans", 3_000, 300)
"""Labels that are scanned or whose codes are typed."""
FILED = Limit("filed", 3_000, 300)
"""Reports. When the network of a building fails, all who are in it report it by few addresses."""
VISITS = Limit("visits", 600, 300)
"""Who asks for visits. A community's office, or a home for the old, asks for many by one address."""
VISIT_DAYS = Limit("visit-days", 3_000, 300)
"""Who looks which days there are."""
CALENDARS = Limit("calendars", 600, 300)
"""Calendars of technicians that programs fetch, and links that are none."""
OPEN311_READS = Limit("open311-reads", 600, 300)
"""What clients of Open311 read, and keys that are none."""

LIMITS = (
    STUDENT_WRITES,
    OFFICE_WRITES,
    ACCOUNT_WRITES,
    EXPORTS,
    FORM_SAVES,
    FORMS_SENT,
    SIGN_OUT,
    CHECK_IN,
    CERTIFICATE_CODE,
    STOP_LINK,
    LINK,
    REPORTS,
    FOLLOW,
    PHOTOS,
    RECEIPTS,
    VISIT_PAGE,
    VISIT_LINK,
    VISITS,
    VISIT_DAYS,
    SCANS,
    FILED,
    OPEN311_POSTS,
    SIGN_IN,
    VERIFY,
    OPEN311_READS,
    CALENDARS,
)


def key(limit: Limit, whom: str, window: int, secret: str = "") -> str:
    """The key of the item that counts for `whom` in a window: it tells nothing of them.

    With `secret` nobody who lacks it can find out whom by trying all there are, as one can with addresses.
    """
    return hmac.new(secret.encode(), f"{limit.name} {window} {whom}".encode(), "sha256").hexdigest()[:32]


def of_the_day(secret: str, now: datetime) -> str:
    """What addresses are hashed with today (UTC): another key every day, from which `secret` cannot be learnt."""
    return hmac.new(secret.encode(), f"yinji limits {now:%Y-%m-%d}".encode(), "sha256").hexdigest()


def address_of(forwarded: str, peer: str) -> str:
    """Whose request it is: of the X-Forwarded-For header `forwarded`, the last that is not our own door.

    `peer` is who called API Gateway, which adds it to the header: CloudFront as a rule, and then the one before is what
    CloudFront saw. An IPv6 subscriber has a whole /64. Nothing that could be an address is one and the same nobody.
    """
    seen = [part.strip() for part in forwarded.split(",") if part.strip()]
    if len(seen) > 1 and seen[-1] == peer:
        seen.pop()
    for told in (*seen[-1:], peer):
        try:
            found = ip_address(told)
        except ValueError:
            continue
        return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else str(found)
    return ""
