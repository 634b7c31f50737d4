"""Guides say of every step who does what, where, with what at hand; in both languages, from what runs."""

from __future__ import annotations

import re
import string
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from yinji.clearance import definition, flow, guide
from yinji.clearance.guide import Chapter, Guide, guide_of
from yinji.platform import markdown
from yinji.platform.markdown import Block, Span
from yinji.platform.problem import Problem

LANGUAGES = ("zh", "en")
CHINESE = re.compile("[\u4e00-\u9fff]")
SENTENCES = guide.sentences()
each_guide = pytest.mark.parametrize(("id", "language"), list(product(flow.TITLES, LANGUAGES)))


def chapter(id: str, step: str, language: str = "en") -> Chapter:
    return next(one for one in guide_of(id, language).chapters if one.id == step)


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [text for part in parts for text in texts(part)]


def words(told: Guide) -> str:
    return "\n".join(texts(asdict(told)))


@each_guide
def test_every_step_of_the_flow_has_its_chapter_and_its_place_in_the_diagram(id: str, language: str) -> None:
    told = guide_of(id, language)
    steps = [step.id for step in definition.steps().values() if id in step.flows]
    assert [one.id for one in told.chapters] == steps
    assert sorted(one.id for band in told.bands for one in band) == sorted(steps)
    band_of = {one.id: number for number, band in enumerate(told.bands) for one in band}
    applicable = dict.fromkeys(steps)
    for step in steps:
        assert all(band_of[need] < band_of[step] for need in definition.needs_of(definition.steps()[step], applicable))


@each_guide
def test_a_chapter_says_who_does_what_and_what_the_form_will_ask(id: str, language: str) -> None:
    for one in guide_of(id, language).chapters:
        step = definition.steps()[one.id]
        assert one.title == step.title[language]
        assert one.office.name and one.office.place
        assert one.doers, "somebody does something about every step"
        here = [a for a in step.actions.values() if not a.standard and (not a.flows or id in a.flows)]
        assert len(one.doers) == len(here) + (step.feed is not None), "nothing that is done otherwise elsewhere"
        for action in here:
            [doer] = [
                d for d in one.doers if d.what.startswith(action.title[language]) and d.you == (action.by == "student")
            ]
            assert doer.who == (one.office.name if action.by != "student" else {"zh": "你", "en": "You"}[language])
            if action.by == "student":
                assert {field.title[language] for field in action.fields} <= {asked.title for asked in one.ready}
        assert len(one.reasons) == len(step.reasons)
        assert not any(re.search(r"[{}]", text) for text in (*one.reasons, *one.conditions, one.short, one.abroad))


@pytest.mark.parametrize("id", flow.TITLES)
def test_a_guide_is_in_one_language(id: str) -> None:
    assert not CHINESE.search(words(guide_of(id, "en")))
    assert all(CHINESE.search(one.title) for one in guide_of(id, "zh").chapters)


def test_there_is_no_guide_of_a_flow_that_is_none() -> None:
    with pytest.raises(Problem, match="not-found"):
        guide_of("nobody", "zh")


def test_what_only_some_have_to_do_says_who_they_are() -> None:
    flags = {step.applies for step in definition.steps().values() if step.applies}
    flags |= {action.only for step in definition.steps().values() for action in step.actions.values() if action.only}
    assert flags <= set(SENTENCES["only"])
    assert chapter("undergraduate", "party-transfer").conditions == ["For members of the Party only."]


def test_what_must_come_first_is_said_by_name_or_once_for_all() -> None:
    assert chapter("undergraduate", "campus-card").short == "after Library loans"
    assert chapter("undergraduate", "diploma").short == "after everything above"
    assert chapter("undergraduate", "library-loans").short == ""


def test_postgraduates_are_sent_to_the_graduate_school() -> None:
    assert chapter("postgraduate", "diploma").office.name == "Graduate School"
    assert chapter("undergraduate", "diploma").office.name == "Academic Affairs"


def abroad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that is done by another form from abroad."""
    text = """
        id = "keys"
        order = 1
        department = "housing"
        flows = ["international-on-campus", "international-overseas", "undergraduate"]
        title = { zh = "钥匙", en = "Keys" }
        [actions.return]
        by = "student"
        from = ["ready"]
        to = "submitted"
        flows = ["international-on-campus", "undergraduate"]
        title = { zh = "交还钥匙", en = "Return the keys" }
        [actions.declare]
        by = "student"
        from = ["ready"]
        to = "done"
        flows = ["international-overseas"]
        title = { zh = "声明", en = "Declare who has the keys" }
    """
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "step.toml").write_text(text, "utf-8")
    known = definition.read(tmp_path / "keys" / "step.toml")
    monkeypatch.setattr(definition, "steps", lambda: {"keys": known})


def test_what_differs_from_abroad_is_said_to_those_whom_it_may_concern(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    abroad(tmp_path, monkeypatch)
    monkeypatch.setattr(definition, "flow_version", lambda flow: 1)
    there, here = chapter("international-overseas", "keys"), chapter("international-on-campus", "keys")
    assert there.abroad == "From abroad: Declare who has the keys; instead of “Return the keys” on campus."
    assert here.abroad == "If you have left the country: Declare who has the keys."
    assert chapter("undergraduate", "keys").abroad == ""
    assert [doer.what for doer in there.doers] == [
        "Declare who has the keys: fill in the form online; once it is sent, the step is done"
    ]


def test_a_form_of_the_same_name_that_asks_otherwise_from_abroad_is_told_of_in_the_other_guide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    abroad(tmp_path, monkeypatch)
    path = tmp_path / "keys" / "step.toml"
    path.write_text(path.read_text("utf-8").replace("Declare who has the keys", "Return the keys"), "utf-8")
    known = definition.read(path)
    monkeypatch.setattr(definition, "steps", lambda: {"keys": known})
    monkeypatch.setattr(definition, "flow_version", lambda flow: 1)
    assert chapter("international-overseas", "keys").abroad == ""
    assert "see the guide for those overseas" in chapter("international-on-campus", "keys").abroad


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_sentence_is_in_both_languages_with_the_same_blanks() -> None:
    entries = {key: entry for key, entry in SENTENCES.items() if key != "only"} | SENTENCES["only"]
    for entry in entries.values():
        assert set(entry) == {"zh", "en"}
        assert blanks(entry["zh"]) == blanks(entry["en"])
        assert not CHINESE.search(entry["en"])


def test_every_sentence_is_said_somewhere() -> None:
    code = Path(guide.__file__).read_text("utf-8")
    assert [key for key in SENTENCES if f'"{key}"' not in code] == []


def test_the_little_markdown_is_read_into_blocks_of_lines_of_spans() -> None:
    assert markdown.read("One **two**\nthree\n\n- a\n- **b** c\n") == (
        Block("paragraph", ((Span("One "), Span("two", True), Span(" three")),)),
        Block("list", ((Span("a"),), (Span("b", True), Span(" c")))),
    )
    assert markdown.read("") == ()
    assert markdown.read("*no* # markup <b>") == (Block("paragraph", ((Span("*no* # markup <b>"),),)),)
