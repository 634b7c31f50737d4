"""What texts of some kinds have to be: numbers of cards and accounts that add up, phones, postcodes, passports. Pure.

Check digits are those of python-stdnum (GB 11643 of identity cards, ISO 13616 of IBANs, ISO/IEC 7812 of bank cards), phone
numbers those of phonenumbers; the machine-readable zone of a passport is ICAO Doc 9303 part 4.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

import phonenumbers
from stdnum import bic, iban, luhn
from stdnum.cn import ric

BETWEEN = re.compile(r"[\s-]+")
_CARD = re.compile(r"[0-9]{12,19}")
_ZONE = re.compile(
    r"P[A-Z<][A-Z<]{3}[A-Z<]{39}\n[A-Z0-9<]{9}[0-9][A-Z<]{3}[0-9]{7}[MFX<][0-9]{7}[A-Z0-9<]{14}[0-9<][0-9]"
)
_SIGNS = {sign: value for value, sign in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}
_WEIGHTS = (7, 3, 1)


def identity_card(text: str) -> bool:
    """A number of eighteen digits of a resident identity card 居民身份证, the last may be X."""
    return bool(re.fullmatch(r"[0-9]{17}[0-9X]", text)) and bool(ric.is_valid(text))


def bank_card(text: str) -> bool:
    """The number of a bank card 银行卡号: twelve to nineteen digits that add up."""
    return bool(_CARD.fullmatch(text)) and bool(luhn.is_valid(text))


def bank_account(text: str) -> bool:
    """An International Bank Account Number, in capital letters without spaces."""
    return bool(re.fullmatch(r"[A-Z0-9]+", text)) and bool(iban.is_valid(text))


def phone(text: str) -> bool:
    """A phone number, of China unless it begins with +."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, "CN"))
    except phonenumbers.NumberParseException:
        return False


def postcode(text: str) -> bool:
    """A postcode 邮政编码 of China."""
    return bool(re.fullmatch(r"[0-9]{6}", text))


def passport_zone(text: str) -> bool:
    """The two lines at the foot of a passport's page, whose five check digits are right."""
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


def calendar_date(text: str) -> bool:
    """A date such as 2026-12-02."""
    try:
        return bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def mail(text: str) -> bool:
    """An address of mail, as RFC 5321 has them without quoting."""
    return bool(re.fullmatch(r"[^@\s<>,;\"()]{1,64}@(?=.{4,190}$)[^@\s<>,;]+\.[^@\s<>,;.]{2,24}", text))


def _digit(part: str) -> str:
    return str(sum(_SIGNS[sign] * _WEIGHTS[place % 3] for place, sign in enumerate(part)) % 10)


FORMATS: Mapping[str, Callable[[str], bool]] = {
    "date": calendar_date,
    "email": mail,
    "cn-identity-card": identity_card,
    "cn-bank-card": bank_card,
    "cn-postcode": postcode,
    "bank-account": bank_account,
    "swift": lambda text: bool(bic.is_valid(text)),
    "passport-number": lambda text: bool(re.fullmatch(r"[A-Z0-9]{6,12}", text)),
    "country": lambda text: bool(re.fullmatch(r"[A-Z]{2}", text)),
    "passport-zone": passport_zone,
    "phone": phone,
}
"""The formats that a schema may name, with what has to be true of a text of each."""


def tidy(format: str, text: str) -> str:
    """`text` as somebody types it, made as it is written: numbers of cards and accounts without what stands between."""
    if format in ("cn-identity-card", "cn-bank-card", "bank-account"):
        return BETWEEN.sub("", text).upper()
    return text.strip()
