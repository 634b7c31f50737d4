"""The items of the table `People` as PynamoDB knows them. identity/store.py is the only reader and writer."""
# pyright: reportIncompatibleVariableOverride=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import os

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.models import Model

from yinji.clearance.items import Settings as OfCases


class Settings(OfCases):
    table_name = os.environ.get("YINJI_PEOPLE_TABLE", "People")


class PersonItem(Model):
    """Anything known of a person, for all of it is read at once; what it is, `sk` says.

    PROFILE: name, signed_out_at. GRANT#: role to ended_by. SIGN-IN#: at, how, ended_at. LENT#, which mirrors what a
    colleague was granted: to, key, ends_on, reason, given_at. CHANGE#, what was done to their roles: at, how, key,
    given_by, ends_on. `expires_at` (seconds since 1970) takes it away.
    """

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    name = UnicodeAttribute(null=True)
    signed_out_at = UnicodeAttribute(null=True)
    role = UnicodeAttribute(null=True)
    school = UnicodeAttribute(null=True)
    department = UnicodeAttribute(null=True)
    ends_on = UnicodeAttribute(null=True)
    acts_for = UnicodeAttribute(null=True)
    given_by = UnicodeAttribute(null=True)
    given_at = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    ended_by = UnicodeAttribute(null=True)
    at = UnicodeAttribute(null=True)
    how = UnicodeAttribute(null=True)
    ended_at = UnicodeAttribute(null=True)
    to = UnicodeAttribute(null=True)
    key = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)


class SeenItem(Model):
    """What somebody saw of one student on one day. The minutes are a set: the same look again changes nothing.

    Its partition is its own, `SEEN#<student>`, rather than the person's: so that the register need not read past years
    of looks, and so that the function which keeps them may write to no other (infra/constructs/storage.py).
    """

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    day = UnicodeAttribute()
    what = UnicodeAttribute()
    who = UnicodeAttribute()
    name = UnicodeAttribute(null=True)
    role = UnicodeAttribute()
    school = UnicodeAttribute(null=True)
    department = UnicodeAttribute(null=True)
    acts_for = UnicodeAttribute(null=True)
    step = UnicodeAttribute(null=True)
    minutes = UnicodeSetAttribute()
    expires_at = NumberAttribute()
