"""Who is told of tomorrow by mail: everybody with a visit who left an address and did not stop its mail. The others
stay on the desk's list of whom to call."""

from __future__ import annotations

from datetime import datetime, timedelta

from yinji.messages.store import Outbox
from yinji.messages.visiting import BY_MAIL, addressees
from yinji.platform.ids import id_of
from yinji.visits import acts, service
from yinji.visits.days import at_campus
from yinji.visits.store import Visits


def remind(visits: Visits, outbox: Outbox, now: datetime) -> int:
    """Note of every visit of tomorrow that has an address that it is reminded of, which the mail follows from; how many
    are by this. Nothing before the sheets of the day are made; who is overtaken is left for the next time."""
    tomorrow, number = at_campus(now) + timedelta(days=1), 0
    if now < service.closes(tomorrow):
        return 0
    for community in service.communities():
        day, _ = visits.day((community, tomorrow))
        if day is None or day.closed:
            continue
        for one in visits.find_many(day.held).values():
            if one.state != "booked" or one.day != tomorrow or one.reminded:
                continue
            if any(outbox.settings(box).mails("visit-tomorrow") for box in addressees(one)):
                key = id_of("remind", one.id, str(one.day))
                number += visits.change(*acts.remind(one, BY_MAIL, key, acts.SERVICE, now))
    return number
