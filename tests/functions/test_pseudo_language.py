"""Every page in a language that there is not: each text of a catalogue stands between ⟦ and ⟧; what does not came
from no catalogue and would be the same in every language."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from html.parser import HTMLParser
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.store import Archive
from yinji.clearance import definition
from yinji.forms import library
from yinji.forms import store as forms_store
from yinji.identity.session import ROLES, Session
from yinji.platform import clock

from tests import pages, portal
from tests.archives import SU, activity, with_archive
from tests.functions.conftest import STUDENT, Cloud, officer
from tests.functions.test_every_route import session
from tests.functions.test_portal import certified
from tests.functions.test_season import next_slot
from tests.graduates import BATCH, LIN, graduate
from tests.unit.test_both_languages import LANGUAGES, TOML, WORD

pytestmark = pytest.mark.slow

OPEN, CLOSE = "⟦", "⟧"
NOT_OURS = re.compile(
    r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}"  # codes
    r"|20\d\d(S\d\d|\*{4})\d+"  # student numbers
    r"|\b(officer-[a-z-]+|T\d{4}|D\d{4})\b"  # staff ids
    r"|\bS\d\d\b"
    r"|\b20\d\d-[a-z]+\b|\bSummer\b|夏"  # a batch, as who declared it called it
)
"""What is said to people as it is, in whatever language."""
ALONE: Mapping[str, str] = {
    "bdi": "names, and what people wrote",
    "code": "names of files, columns and addresses, as machines read them",
    "script": "not to be read",
    "style": "not to be read",
    "textarea": "what was typed",
}
CLASSES: Mapping[str, str] = {
    "seal": "a picture made of a character",
    "language": "a language is named in itself",
}


# --- the language --------------------------------------------------------------------------------------------


def said(thing: Any, ours: bool = False) -> Any:
    """`thing` with every text in a language marked; all of it when it is one (`ours`)."""
    match thing:
        case str():
            return thing if not ours or thing.startswith(OPEN) or not WORD.search(thing) else f"{OPEN}{thing}{CLOSE}"
        case Mapping():
            return {name: said(value, ours or name in LANGUAGES) for name, value in thing.items()}
        case tuple() | list():
            return type(thing)(said(value, ours) for value in thing)
        case _ if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
            told = {one.name: said(getattr(thing, one.name), ours) for one in dataclasses.fields(thing) if one.init}
            return dataclasses.replace(thing, **told)
        case _:
            return thing


def modules() -> list[ModuleType]:
    """What may keep a text: our layers and the portal."""
    return [module for name, module in sys.modules.items() if name.split(".")[0] in ("yinji", "chalicelib", "app")]


def forget() -> None:
    for module in modules():
        for thing in list(vars(module).values()):
            if hasattr(thing, "cache_clear") and getattr(thing, "__module__", None) == module.__name__:
                thing.cache_clear()


@pytest.fixture
def pseudo(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """The portal and the layer with every catalogue marked: files as they are read, tables of modules as they stand."""
    portal.module()
    of_one_language = {path.read_text("utf-8") for path in TOML if path.name.endswith((".zh.toml", ".en.toml"))}
    read, guide, steps = tomllib.loads, definition.StepDefinition.guide, definition.steps

    def loads(text: str, **more: Any) -> Any:
        return said(read(text, **more), ours=text in of_one_language)

    def marked_guide(step: Any, *about: Any) -> str:
        return f"{OPEN}{guide(step, *about)}{CLOSE}"

    every: list[Any] = []

    def marked_steps() -> Any:
        if not every:
            every.append(said(steps()))
        return every[0]

    monkeypatch.setattr(tomllib, "loads", loads)
    # forms that come with it hold their words themselves
    monkeypatch.setattr(library, "json", SimpleNamespace(loads=lambda text: said(json.loads(text))))
    forget()
    marked_steps.cache_clear = forget  # type: ignore[attr-defined]
    monkeypatch.setattr(definition, "steps", marked_steps)
    monkeypatch.setattr(definition.StepDefinition, "guide", marked_guide)
    marked_forms = said(library.shipped())
    for module in (library, forms_store):
        monkeypatch.setattr(module, "shipped", lambda: marked_forms)
    for module in modules():
        for thing in [thing for name, thing in vars(module).items() if isinstance(thing, dict) and name[0] != "_"]:
            if any("zh" in table for table in (thing, *thing.values()) if isinstance(table, Mapping)):
                for key, text in said(thing).items():
                    monkeypatch.setitem(thing, key, text)
        for name, thing in list(vars(module).items()):
            if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
                monkeypatch.setattr(module, name, said(thing))
    yield cloud
    monkeypatch.undo()
    forget()


# --- reading -------------------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """The texts of a page in their order, those of attributes that are shown or read out between them."""

    SHOWN = ("alt", "title", "aria-label", "placeholder", "data-lost", "data-ended", "data-failed", "data-confirm")
    VOID = ("meta", "link", "input", "br", "img", "hr", "wbr", "col")

    def __init__(self, body: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._stack: list[tuple[str, bool]] = []
        self.feed(body)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag not in self.VOID:
            alone = tag in ALONE or bool(set(known.get("class", "").split()) & CLASSES.keys())
            self._stack.append((tag, alone or self._alone))
        if not self._alone:
            self.texts += [known[name] for name in self.SHOWN if name in known]
            if tag == "input" and known.get("type") in ("submit", "button"):
                self.texts.append(known.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        while self._stack and self._stack.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._alone:
            self.texts.append(data)

    @property
    def _alone(self) -> bool:
        return bool(self._stack and self._stack[-1][1])


def unmarked(body: str) -> list[str]:
    """What is to be read on a page outside of every mark, and is a word."""
    depth, left = 0, []
    for text in Reader(body).texts:
        for part in re.split(f"([{OPEN}{CLOSE}])", text):
            if part == OPEN:
                depth += 1
            elif part == CLOSE:
                depth -= 1
            elif depth == 0 and WORD.search(NOT_OURS.sub("", part)):
                left.append(part.strip())
    assert depth == 0, "a mark is lost"
    return left


# --- the pages -----------------------------------------------------------------------------------------------


def visits() -> list[tuple[str, Session | None]]:
    found: list[tuple[str, Session | None]] = []
    for page in pages.PAGES:
        for path in page.paths:
            roles = [role for role in ROLES if role in page.seen_by]
            found += [(path, session(role, page.department, mine=True)) for role in roles] or [(path, None)]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_says_anything_that_is_in_no_catalogue(pseudo: Cloud, language: str) -> None:
    code = some_life(pseudo)
    places = {"student": LIN.student, "school": "S01", "batch": BATCH.id, "code": code, "activity": "A1"}
    wrong: dict[str, list[str]] = {}
    for path, who in visits():
        page = portal.visit(path.format_map(places), who, language)
        assert page.status in (200, 404), (path, page.status)
        assert OPEN in page.body, path
        if found := unmarked(page.body):
            wrong[f"{path} as {who.role if who else 'nobody'}"] = found[:8]
    assert wrong == {}


def some_life(cloud: Cloud) -> str:
    """Cases in which much has happened: one finished, one blocked, sent back and waived. A certificate's code."""
    other = graduate(2)
    code = certified(cloud)
    with_archive(LIN)
    Archive().enrol([SU])
    cloud.open(other, graduate(3))
    Catalogue().put(activity(title="42 17", organiser="", place="42", begins_at=clock.now() + timedelta(minutes=10)))
    cloud.feed("library-loans", {"student": other.student, "loans": 1, "titles": "1984"})
    me = Session(other.student, "student", "x")
    cloud.act(me, "dormitory", "book-inspection", other.student, slot=next_slot())
    cloud.act(officer("housing"), "dormitory", "send-back", other.student, reason="42 17")
    cloud.act(officer("finance"), "tuition", "waive", other.student, reason="42 17")
    third = Session(graduate(3).student, "student", "x")
    cloud.act(third, "dormitory", "book-inspection", third.sub, slot=next_slot())
    return code


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_graduate_with_much_to_do_reads_catalogues_only(pseudo: Cloud, language: str) -> None:
    some_life(pseudo)
    me = Session("2022S01002", "student", "x")
    for path in ("/me", "/me/history", "/me?at=dormitory.book-inspection&problem=date-not-possible"):
        assert unmarked(portal.visit(path, me, language).body) == [], path


def test_the_marks_would_find_what_is_not_marked(pseudo: Cloud) -> None:
    assert unmarked("<p>⟦a ⟦b⟧ c⟧ <b>word</b> <i aria-label='spoken'>⟦x⟧</i></p>") == ["word", "spoken"]
    assert STUDENT.sub == LIN.student
