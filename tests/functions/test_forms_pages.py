"""The pages on which forms are filled: what is known is confirmed by one tap, in both languages, without script."""

from __future__ import annotations

import gzip
import html
import re
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from yinji.clearance.store import Store
from yinji.forms import facts
from yinji.forms.facts import SELF, Fact
from yinji.forms.facts_store import Facts
from yinji.forms.filling import Sent
from yinji.forms.form import Field, of_fact
from yinji.forms.sending import Desk
from yinji.forms.store import Forms
from yinji.forms.submission import Submission, decide
from yinji.identity.session import Session
from yinji.platform import clock

from tests import portal
from tests.forms import AT, BOTH, CARD, OF_FACTS, WHO, filled, published, rich, small
from tests.functions.conftest import Cloud, officer

FORM = re.compile(r'<form method="post" action="(/api/forms/[^"]*)"(.*?)</form>', re.DOTALL)
FIELD = re.compile(r"<(?:input|textarea|select)[^>]*>")
ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')


@pytest.fixture
def desk(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(clock, "now", lambda: AT)
    return Desk(Forms(), Facts(), Store())


def know(kind: str, days: int = 1, source: str = SELF) -> None:
    Facts().learn(WHO.sub, [Fact(WHO.sub, kind, OF_FACTS[kind], source, "a form", AT - timedelta(days=days))])


def send(desk: Desk, id: str, **given: Any) -> Submission:
    return desk.submit(WHO, id, filled(desk.sheet(WHO, id, AT), **given), "the-key-1").submission


def sends(body: str, deed: str) -> tuple[str, dict[str, str]]:
    """The form of a page that does `deed`: where it goes, and what it sends untouched, as a browser without script."""
    [(action, inner)] = [found for found in FORM.findall(body) if found[0].endswith(deed)]
    told: dict[str, str] = {}
    for tag in FIELD.findall(inner):
        marks = {name: html.unescape(value) for name, value in ATTRIBUTE.findall(tag)}
        if marks.get("type") in ("radio", "checkbox") and " checked" not in tag:
            continue
        if marks.get("name") and marks.get("type") != "file":
            assert marks["name"] not in told, "a name that comes twice is refused"
            told[marks["name"]] = marks.get("value", "")
    return action, told


def press(cloud: Cloud, body: str, deed: str, **more: str) -> SimpleNamespace:
    action, told = sends(body, deed)
    folder = "forms/submission" if "/s/" in action else "forms/fill"
    return cloud.call(folder, WHO, "POST", action, [*(told | more).items()])


def look(path: str, who: Session = WHO, language: str = "en") -> portal.Page:
    return portal.visit(path.partition("#")[0], who, language)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_there_is_to_fill_tells_what_would_be_asked(desk: Desk, language: str) -> None:
    know("name")
    body = look("/forms", language=language).body
    words = {"zh": ("要填 8 项", "1 项已知"), "en": ("asks 8 things", "1 known")}[language]
    card = next(one for one in body.split("<li class=") if "/forms/f/alumni-registration" in one)
    assert all(word in card for word in words) and "/forms/facts" in body
    found = look("/forms?q=VISA letter", language="en").body
    assert "/forms/f/visa-letter" in found and "/forms/f/alumni-registration" not in found
    assert "Nothing found" in look("/forms?q=zebra").body


def test_what_was_begun_and_what_was_sent_stand_first(desk: Desk) -> None:
    desk.save(WHO, "leave-of-absence", Sent({"kind": "sick"}), 1)
    one = send(desk, "stipend-account")
    body = look("/forms").body
    assert body.index("Begun") < body.index("/forms/f/leave-of-absence") < body.index(f"/forms/s/{one.id}")
    assert "at page 2 of 2" in body and "Approved" in body
    offers = body[body.index('id="offers"') :]
    assert "/forms/f/stipend-account" not in offers, "it is answered once"
    assert "/forms/facts" in look("/forms", Session("T1", "counsellor", "x", school="S01")).body, "staff as well"


def test_when_all_is_known_it_is_one_tap_from_opening_to_sent(desk: Desk, cloud: Cloud) -> None:
    form = published(small(of_fact("name", "name"), of_fact("card", "bank-card"), Field("note", BOTH, required=False)))
    know("name", source="student-registry")
    know("bank-card")
    body = look(f"/forms/f/{form.id}").body
    assert "We know all that this form asks" in body and "•••• 7894" in body and CARD not in body
    sent = press(cloud, body, "/submit")
    [one] = Forms().of_person(WHO.sub)
    assert sent.status == 303 and sent.headers["Location"].startswith(f"/forms/s/{one.id}?done=forms-fill.sent")
    assert dict(one.ways) == {"name": "confirmed", "card": "confirmed", "note": "skipped"}
    shown = look(sent.headers["Location"]).body
    assert "Sent." in shown and "•••• 7894" in shown and CARD not in shown


def test_one_button_confirms_what_is_known_of_a_page_and_goes_on(desk: Desk, cloud: Cloud) -> None:
    form = published(rich())
    for kind in ("name", "phone", "bank-card"):
        know(kind)
    body = look(f"/forms/f/{form.id}").body
    assert body.count("We know of you") == 0 and "What we know of you" in body
    assert body.count("All right, go on") == 1 and ">Next<" not in body
    assert body.count("<summary>Change") == 3 and OF_FACTS["phone"] in body
    assert press(cloud, body, "/save").headers["Location"] == f"/forms/f/{form.id}?page=2"
    draft = Forms().draft(WHO.sub, form.id)
    assert draft and set(draft.sent.uses) == {"name", "phone", "card"}
    # another value, typed in place
    press(cloud, body, "/save", phone="13800138009")
    changed = Forms().draft(WHO.sub, form.id)
    assert changed and set(changed.sent.uses) == {"name", "card"} and changed.sent.answers == {"phone": "13800138009"}
    assert 'value="13800138009"' in look(f"/forms/f/{form.id}?page=1").body


def test_what_is_stale_is_asked_with_what_it_was(desk: Desk, cloud: Cloud) -> None:
    form = published(small(of_fact("phone", "phone"), of_fact("card", "bank-card")))
    for kind in ("phone", "bank-card"):
        fresh = facts.kinds()[kind].fresh
        assert fresh
        know(kind, fresh.days + 1)
    body = look(f"/forms/f/{form.id}").body
    assert "What we know of you" not in body and body.count("Last confirmed on") == 2
    assert f'value="{OF_FACTS["phone"]}"' in body and "Still •••• 7894" in body and CARD not in body
    mark = sends(body, "/save")[1] | {"go": "next"}
    assert not [name for name in mark if name.startswith("use.")], "what is stale is not agreed to by going on"
    agreed = re.findall(r'name="use\.card" value="([^"]+)"', body)
    assert press(cloud, body, "/save", **{"use.card": agreed[0]}).headers["Location"].endswith("page=review")
    review = look(f"/forms/f/{form.id}?page=review").body
    assert "•••• 7894" in review and OF_FACTS["phone"] in review


def test_what_was_typed_is_there_again_and_what_is_wrong_stands_below_it(desk: Desk, cloud: Cloud) -> None:
    form = published(rich())
    body = look(f"/forms/f/{form.id}").body
    back = press(cloud, body, "/save", name="苏明<b>", phone="12", card=CARD)
    page = look(back.headers["Location"]).body
    assert "苏明&lt;b&gt;" in page and 'value="12"' in page and CARD not in page
    assert 'id="q-phone-wrong"' in page and "Check the phone number" in page and page.count('aria-invalid="true"') == 1
    assert "Use •••• 7894, as you typed it" in page
    again = press(cloud, page, "/save", phone=OF_FACTS["phone"])
    assert again.headers["Location"] == f"/forms/f/{form.id}?page=2"
    draft = Forms().draft(WHO.sub, form.id)
    assert draft and "card" in draft.sent.answers and "card" not in draft.sent.uses


def test_what_hangs_on_an_answer_comes_by_saving(desk: Desk, cloud: Cloud) -> None:
    form = published(rich())
    page = look(f"/forms/f/{form.id}?page=2").body
    why = re.search(r'<fieldset class="question" id="of-why"[^>]*>', page)
    assert why and " hidden disabled" in why[0] and 'data-when="more"' in why[0]
    back = press(cloud, page, "/save", more="yes", sign="苏明", **{"trips.0.to": "江城", "trips.0.days": "x"})
    page = look(back.headers["Location"]).body
    why = re.search(r'<fieldset class="question[^"]*" id="of-why"[^>]*>', page)
    assert why and "hidden" not in why[0] and "wrong" in why[0]
    assert 'name="trips.0.to" value="江城"' in page
    assert re.search(r'name="trips\.0\.days" value="x"[^>]*aria-invalid', page)
    assert page.count('class="row"') == 3, "two rows stand ready below what is filled"


def test_a_page_of_another_version_says_what_was_left_out(desk: Desk) -> None:
    form = published(small(of_fact("name", "name"), Field("old", BOTH)))
    desk.save(WHO, form.id, Sent({"name": "苏明", "old": "x"}), 0)
    published(small(of_fact("name", "name"), Field("new", BOTH)))
    body = look(f"/forms/f/{form.id}").body
    assert "This form has changed since you began. 1 answer is not needed any more" in body


def test_the_review_shows_all_and_leads_to_what_is_missing(desk: Desk) -> None:
    form = published(rich())
    drawn = "drawn:M10 10L50 60"
    desk.save(WHO, form.id, Sent({"name": "苏明", "more": "no", "sign": drawn, "trips": [{"to": "江城", "days": 2}]}))
    body = look(f"/forms/f/{form.id}?page=review").body
    assert body.count('class="missing"') == 2 and f"/forms/f/{form.id}?page=1#of-phone" in body
    assert '<path d="M10 10L50 60"/>' in body and "<bdi>江城</bdi>" in body
    assert ">why<" not in body and 'id="of-page-0"' in body


def test_what_was_sent_is_shown_with_where_it_stands(desk: Desk, cloud: Cloud) -> None:
    know("school", source="student-registry")
    Facts().learn(WHO.sub, [Fact(WHO.sub, "school", "S01", "student-registry", "a file", AT)])
    form = published(rich(approvals=("school", "finance")))
    one = send(desk, form.id, more="yes")
    body = look(f"/forms/s/{one.id}").body
    assert "Under review" in body and body.count('aria-current="step"') == 1 and "not yet" in body
    assert "•••• 7894" in body and f"/api/forms/s/{one.id}/documents/{one.answers['paper']}/file" in body
    assert f"/api/forms/s/{one.id}/form.pdf" in body and "Take back" in body and "Change and send again" not in body
    counsellor = Session("T0001", "counsellor", "王老师", school="S01")
    seen = look(f"/forms/s/{one.id}", counsellor).body
    assert "Take back" not in seen and "苏明" in seen
    assert [told["what"] for told in cloud.looks()] == ["submission"]
    assert look(f"/forms/s/{one.id}", officer("library")).status == 403
    assert Forms().change(*decide(one, "return", counsellor, "请说明<b>原因", "d1", AT))
    body = look(f"/forms/s/{one.id}").body
    assert "Sent back" in body and "请说明&lt;b&gt;原因" in body
    led = press(cloud, body, "/correct")
    assert led.headers["Location"] == f"/forms/f/{form.id}?page=1"
    assert "You are changing the one that you sent" in look(led.headers["Location"]).body
    review = look(f"/forms/f/{form.id}?page=review").body
    again = press(cloud, review, "/submit")
    assert again.headers["Location"].startswith(f"/forms/s/{one.id}?")
    history = look(f"/forms/s/{one.id}").body
    assert "Changed and sent again" in history and history.count("<li><strong>") == 3


@pytest.mark.parametrize("odd", [5, [[1]], {"a": [1]}, "x", True, [None, {"to": 1}]])
def test_a_page_shows_itself_whatever_a_program_filled_in(desk: Desk, odd: Any) -> None:
    form = published(rich())
    desk.save(WHO, form.id, Sent({one.name: odd for one in form.fields if one.name != "card"}))
    for page in ("1", "2", "review"):
        assert look(f"/forms/f/{form.id}?page={page}").status == 200
    assert look("/forms").status == 200


def test_a_form_that_was_answered_once_leads_to_what_was_sent(desk: Desk) -> None:
    one = send(desk, "stipend-account")
    assert look("/forms/f/stipend-account").location == f"/forms/s/{one.id}"
    assert "Change and send again" in look(f"/forms/s/{one.id}").body


def test_a_form_is_given_up_and_goes_on_later(desk: Desk, cloud: Cloud) -> None:
    form = published(rich())
    body = look(f"/forms/f/{form.id}").body
    later = press(cloud, body, "/save", name="苏明", go="later")
    assert "Saved. Go on whenever you like" in look(later.headers["Location"]).body
    gone = press(cloud, look(f"/forms/f/{form.id}").body, "/give-up")
    assert "Given up." in look(gone.headers["Location"]).body and Forms().draft(WHO.sub, form.id) is None


def test_who_it_is_not_for_is_not_shown_it(desk: Desk) -> None:
    assert look("/forms/f/alumni-registration", officer("finance")).status == 403
    assert look("/forms/f/no-such-form").status == 404
    assert look("/forms/s/" + "0" * 24).status == 403
    signed_out = portal.visit("/forms/f/alumni-registration")
    assert signed_out.status == 303 and signed_out.location.startswith("/sign-in")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "path", ["/forms", "/forms/f/hardship-aid", "/forms/f/hardship-aid?page=2", "/forms/f/hardship-aid?page=3"]
)
def test_every_input_has_its_label_and_the_page_is_light(desk: Desk, path: str, language: str) -> None:
    for kind in ("name", "phone", "bank-card", "emergency-contact"):
        know(kind)
    page = look(path, language=language)
    assert page.status == 200 and not re.search(r" on[a-z]+=| style=", page.body)
    visible = [tag for tag in FIELD.findall(page.body) if 'type="hidden"' not in tag]
    ids = [dict(ATTRIBUTE.findall(tag)).get("id", "") for tag in visible]
    assert all(f'<label for="{id}">' in page.body for id in ids if id), path
    assert len(set(ids) - {""}) == len([id for id in ids if id])
    # what has no id of its own stands within its label
    bare = re.findall(r'<label class="choice"><input', page.body)
    assert len(bare) >= ids.count("")
    files = ("portal.css", "forms.css", "portal.js", "evidence.js", "forms.js", "forms-check.js", "htmx.min.js")
    static = portal.module("chalicelib.static").files()
    weight = sum(len(gzip.compress(static[name].encode())) for name in files) + len(gzip.compress(page.body.encode()))
    assert weight < 60_000


def test_a_preview_draws_a_question_of_nobody() -> None:
    fill, page = portal.module("chalicelib.forms_fill"), portal.module("chalicelib.page")
    words = portal.module("chalicelib.words").Words("en")
    template = page.environment().from_string(
        '{% import "forms-parts.html" as forms with context %}'
        "{% for one in some %}{{ forms.question(one) }}{% endfor %}"
    )
    some = [fill.shown(one) for one in rich().fields]
    visit = SimpleNamespace(notice=None)
    drawn = template.render(some=some, t=words, say=words.say, visit=visit, lang="en")
    assert all(f'id="of-{one.name}"' in drawn for one in rich().fields)
    with_value = replace(some[0], value="苏明")
    assert 'value="苏明"' in template.render(some=[with_value], t=words, say=words.say, visit=visit, lang="en")
