"""What texts of some kinds have to be: numbers of cards and accounts that add up, phones, postcodes, passports. Pure.

A text is held against its format as it is kept, which is what `tidy` makes of it as it was typed. functions/portal has
the same for browsers, in forms-check.js; tests/standards/formats.json is tried on both. Check digits and the registry
of IBANs are python-stdnum's, phone numbers phonenumbers'; both are imported when the first such text comes, for that
takes longer than all else here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date

from yinji.forms.countries import countries
from yinji.platform.text import MAIL

BETWEEN = re.compile(r"[ \t\r\n\f\v./\u2010-\u2015-]+")
"""What people type between the digits of a number."""
LONGEST_MAIL = 254
_ROUND = re.compile(r"[()]")
_MARGIN = " \t\r\n\f\v"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_SLOT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_IDENTITY = re.compile(
    r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[1-9])[0-9]{4}((?:18|19|20)[0-9]{6})[0-9]{3}[0-9X]"
)
"""The first two digits are the province (GB/T 2260), 81 to 83 those of residents from Hong Kong, Macao and Taiwan; 9 is
that of foreigners with permanent residence."""
_CARD = re.compile(r"[0-9]{12,22}")
_ACCOUNT = re.compile(r"[A-Z0-9]{4,34}")
_LIKE_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}")
_SWIFT = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_POSTCODE = re.compile(r"[0-9]{6}")
_PASSPORT = re.compile(r"[A-Z0-9]{5,12}")
_PHONE = re.compile(r"\+?[0-9]{5,20}")
_ZONE = re.compile(
    r"P[A-Z<][A-Z<]{3}[A-Z<]{39}\n[A-Z0-9<]{9}[0-9][A-Z<]{3}[0-9<]{6}[0-9][MFX<][0-9<]{6}[0-9][A-Z0-9<]{14}[0-9<][0-9]"
)
_SIGNS = {sign: value for value, sign in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}
_WEIGHTS = (7, 3, 1)


def calendar_date(text: str) -> bool:
    """A date such as 2026-12-02."""
    try:
        return bool(_DAY.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def month(text: str) -> bool:
    """A month such as 2026-12."""
    return bool(_MONTH.fullmatch(text))


def slot(text: str) -> bool:
    """The beginning of an appointment on the campus' clock, such as 2026-06-16T08:30."""
    found = _SLOT.fullmatch(text)
    return bool(found) and calendar_date(found[1])


def mail(text: str) -> bool:
    """A mail address, as web forms take one."""
    return len(text) <= LONGEST_MAIL and bool(MAIL.fullmatch(text))


def identity_card(text: str) -> bool:
    """A number of eighteen digits of a resident identity card 居民身份证 (GB 11643): a province, a day of birth, and
    a last digit, which may be X, that adds up. Counties are not looked up: they come and go, and the number stays."""
    found = _IDENTITY.fullmatch(text)
    if not found or not calendar_date(f"{found[1][:4]}-{found[1][4:6]}-{found[1][6:]}"):
        return False
    from stdnum.iso7064 import mod_11_2

    return mod_11_2.is_valid(text)


def bank_card(text: str) -> bool:
    """The number of a bank card or passbook 银行卡号: twelve to twenty-two digits. They need not add up by Luhn's
    algorithm: not those of every UnionPay card do (braintree/card-validator, issue 112), nor those of passbooks."""
    return bool(_CARD.fullmatch(text))


def iban(text: str) -> bool:
    """An International Bank Account Number (ISO 13616), of a country in the registry and as that country's are."""
    if not _LIKE_IBAN.fullmatch(text):
        return False
    from stdnum import iban as registry

    return registry.is_valid(text, check_country=False)


def bank_account(text: str) -> bool:
    """A bank account anywhere: what looks like an IBAN has to add up; one of a country without is taken as it is."""
    if not _ACCOUNT.fullmatch(text):
        return False
    if not _LIKE_IBAN.fullmatch(text):
        return True
    from stdnum.iso7064 import mod_97_10

    return mod_97_10.is_valid(text[4:] + text[:4])


def swift(text: str) -> bool:
    """A bank's identifier (ISO 9362): eight or eleven signs."""
    return bool(_SWIFT.fullmatch(text))


def postcode(text: str) -> bool:
    """A postcode 邮政编码 of China."""
    return bool(_POSTCODE.fullmatch(text))


def passport_number(text: str) -> bool:
    """The number of a passport: capital letters and digits. A machine reads at most nine; some older ones have more."""
    return bool(_PASSPORT.fullmatch(text))


def passport_zone(text: str) -> bool:
    """The two lines at the foot of a passport's page, whose five check digits are right (ICAO Doc 9303, part 4)."""
    if not _ZONE.fullmatch(text):
        return False
    line = text.split("\n")[1]
    personal = line[28:42]
    digits = (
        (line[0:9], line[9]),
        (line[13:19], line[19]),
        (line[21:27], line[27]),
        # without a personal number its digit may be left out
        (personal, "0" if line[42] == "<" and not personal.strip("<") else line[42]),
        (line[0:10] + line[13:20] + line[21:43], line[43]),
    )
    return all(_digit(part) == digit for part, digit in digits)


def _digit(part: str) -> str:
    return str(sum(_SIGNS[sign] * _WEIGHTS[place % 3] for place, sign in enumerate(part)) % 10)


def phone(text: str) -> bool:
    """A phone number that is given out, of China unless it begins with +."""
    if not _PHONE.fullmatch(text):
        return False
    import phonenumbers

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, "CN"))
    except phonenumbers.NumberParseException:
        return False


def country(text: str) -> bool:
    """A country by its two letters."""
    return text in countries()


FORMATS: Mapping[str, Callable[[str], bool]] = {
    "date": calendar_date,
    "month": month,
    "slot": slot,
    "email": mail,
    "phone": phone,
    "country": country,
    "cn-identity-card": identity_card,
    "cn-bank-card": bank_card,
    "cn-postcode": postcode,
    "iban": iban,
    "bank-account": bank_account,
    "swift": swift,
    "passport-number": passport_number,
    "passport-zone": passport_zone,
}
"""The formats that a schema may name, with what has to be true of a text of each."""
_CLOSE = frozenset(
    {"phone", "cn-identity-card", "cn-bank-card", "cn-postcode", "iban", "bank-account", "swift", "passport-number"}
)
"""Nothing stands between what these are made of."""
_LARGE = _CLOSE | {"country", "passport-zone"}
_LINE = 44


def tidy(format: str, text: str) -> str:
    """`text` as somebody types it, made as it is kept: digits of full width as plain ones, numbers without what stands
    between, codes in capital letters, the two lines of a passport as two."""
    text = unicodedata.normalize("NFKC", text).strip(_MARGIN)
    if format in _CLOSE:
        text = BETWEEN.sub("", text)
    if format == "phone":
        text = _ROUND.sub("", text)
    if format in _LARGE and text.isascii():
        text = text.upper()
    if format == "passport-zone":
        signs = re.sub(r"[ \t\r\n]+", "", text)
        return f"{signs[:_LINE]}\n{signs[_LINE:]}" if len(signs) == 2 * _LINE else text
    return text
