"""A graduate's own kept copy 自存副本: an edition with all that proves it, for when the university's server is gone.

Pure.
"""

from __future__ import annotations

import hashlib
import io
import json
import tomllib
import zipfile
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from yinji.archive.hours import HOUR
from yinji.archive.kinds import dimensions, kinds, levels
from yinji.archive.record import Record
from yinji.archive.titles import source_title
from yinji.clearance import university
from yinji.platform.sheets import Cell, Table

COLUMNS = ("day", "kind", "title", "dimension", "level", "hours", "place", "organiser", "source", "number")
WIDTHS = (12, 16, 36, 12, 12, 8, 16, 20, 16, 20)
SUMS = "SHA256SUMS"


@cache
def _said() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("kept_copy.toml").read_text("utf-8"))


def table(records: Iterable[Record], language: str) -> Table:
    """Every one of `records` that counts, the oldest first."""
    lines: list[list[Cell]] = [
        [
            one.day,
            kinds()[one.kind].title[language],
            one.title,
            dimensions()[one.education].title[language],
            levels()[one.level][language] if one.level else "",
            one.minutes / HOUR if one.minutes else None,
            one.place,
            one.organiser,
            source_title(one.source)[language],
            one.id,
        ]
        for one in sorted(records, key=lambda one: (one.day, one.time, one.key))
        if one.counts
    ]
    return Table(_said()["title"][language], [_said()["columns"][name][language] for name in COLUMNS], WIDTHS, lines)


def explanation(*, day: date, code: str, verify_url: str, digest: str, roots: Sequence[str]) -> bytes:
    """How everything is verified, in both languages, as HTML that needs nothing else. `roots` are the SHA-256 of
    the root certificates, `digest` that of the PDF."""
    told = {
        "day_zh": _day(day, "zh"),
        "day_en": _day(day, "en"),
        "university_zh": university.name()["zh"],
        "university_en": university.name()["en"],
        "code": code,
        "verify_url": verify_url,
        "digest": digest,
        "root": ", ".join(dict.fromkeys(roots)),
    }
    page = Template(Path(__file__).with_name("kept_copy.html").read_text("utf-8"))
    return page.substitute({name: escape(text) for name, text in told.items()}).encode()


def _day(day: date, language: str) -> str:
    return _said()["day"][language].format(year=day.year, month=day.month, day=day.day)


def explanation_name() -> str:
    """What the explanation is called, in both languages."""
    return f"{_said()['explanation']['zh']} {_said()['explanation']['en']}.html"


def readable(jwt: str) -> bytes:
    """What a credential says, as JSON-LD to be read: its JWT without the signature."""
    payload = jwt.split(".")[1]
    told = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return json.dumps(told, ensure_ascii=False, indent=2).encode()


def packed(files: Mapping[str, bytes], at: datetime) -> bytes:
    """`files` as a ZIP with the digest of each; the same bytes for the same files and moment."""
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**files, SUMS: sums.encode()}.items():
            archive.writestr(_entry(name, at), data)
    return out.getvalue()


def _entry(name: str, at: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, at.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16  # a file that its owner may read and write
    return entry
