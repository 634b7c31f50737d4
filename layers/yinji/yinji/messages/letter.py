"""A message as it leaves: who it goes to, subject, plain text and HTML, and how it can be stopped.

It carries the reader's name, what there is to do and where to go on; no reasons, no amounts, no student number. Of an
activity it tells what everybody may read of it: its title, when and where; of a fault the place, of a visit the day and
the community; of a form its title.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from yinji.messages.model import (
    OF_ACTIVITIES,
    OF_EDITIONS,
    OF_FAULTS,
    OF_FORMS,
    OF_RECORDS,
    OF_VISITS,
    Message,
)
from yinji.messages.words import invitation, say, sender, told

HTML = (
    '<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title></head>'
    '<body style="font:17px/1.6 system-ui,sans-serif;color:#23262b;max-width:36rem;margin:0 auto;padding:16px">'
    '<p>{dear}</p>{lines}<p><a href="{url}" style="display:inline-block;background:#1d5178;color:#fff;'
    'padding:10px 18px;border-radius:8px;text-decoration:none">{action}</a></p>'
    '<p style="color:#5b6069;font-size:14px">{foot}</p></body></html>'
)


@dataclass(frozen=True)
class Reader:
    """Who a message is for: how they are called, their address ("" when none is known) and language."""

    name: str
    address: str
    language: str


@dataclass(frozen=True)
class Letter:
    """A message ready for any channel. `stop_url` is empty for what cannot be stopped."""

    id: str
    to: str
    sender: str
    subject: str
    text: str
    html: str
    lines: Sequence[str]
    url: str
    stop_url: str = ""


def letter(
    message: Message, reader: Reader, site: str, stop_url: str = "", steps: Sequence[str] | None = None,
    now: datetime | None = None, path: str = "",
) -> Letter:  # fmt: skip
    """`message` for `reader`, who goes on at `site`, at `path` where the message does not say; `steps` and `now` as in
    words.told."""
    language = reader.language
    words = told(message, language, steps, now)
    visit = message.kind in OF_VISITS
    lines = [*words.lines, *(invitation(message, language, site, path) if visit else ())]
    office = message.kind == "digest"
    fault = message.kind in OF_FAULTS
    # who reports a fault says how they are reached, and not what they are called
    dear = say(language, "mail", "dear-office" if office else "dear-reporter" if fault else "dear", name=reader.name)
    archive = message.kind in OF_RECORDS | OF_EDITIONS
    opens = "open"
    if office:
        opens = "open-office"
    elif fault:
        opens = "open-report"
    elif visit:
        opens = "open-visit"
    elif message.kind in OF_ACTIVITIES:
        opens = "open-activity"
    elif message.kind in OF_EDITIONS:
        opens = "open-editions"
    elif archive:
        opens = "open-archive"
    elif message.kind in OF_FORMS:
        opens = "open-form"
    elif message.kind == "done":
        opens = "certificate"
    action = say(language, "mail", opens)
    url = site + (path or words.path)
    if stop_url:
        foot = say(language, "mail", "stop-report" if fault else "stop-visit" if visit else "stop")
    else:
        form = message.kind in OF_FORMS
        foot = say(language, "mail", "fixed-archive" if archive else "fixed-form" if form else "fixed")
    text = "\n\n".join([dear, *lines, f"{action}：{url}" if language == "zh" else f"{action}: {url}"])
    text += f"\n\n--\n{foot}\n" + (f"{stop_url}\n" if stop_url else "")
    link = f' <a href="{escape(stop_url)}">{escape(stop_url)}</a>' if stop_url else ""
    html = HTML.format(
        lang="zh-CN" if language == "zh" else "en",
        title=escape(words.title),
        dear=escape(dear),
        lines="".join(f"<p>{escape(line)}</p>" for line in lines),
        url=escape(url),
        action=escape(action),
        foot=escape(foot) + link,
    )
    of = sender(language, "repair" if fault else "visits" if visit else "")
    return Letter(message.id, reader.address, of, words.title, text, html, lines, url, stop_url)
