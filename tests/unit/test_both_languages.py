"""Whatever people read is there in Chinese and in English, and nowhere but in catalogues.

Catalogues are found, not listed: a pair `<name>.zh.toml`, `<name>.en.toml`; or tables with a text as `zh` and `en`.
"""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment

ROOT = Path(__file__).parents[2]
CJK = re.compile(r"[\u3400-\u9fff]")
WORD = re.compile(r"[A-Za-z]{2,}|[\u3400-\u9fff]")
LANGUAGES = ("zh", "en")
TREES = ("functions", "layers", "infra")
SKIPPED = {"node_modules", "__pycache__", "licences"}
CHINESE_IN_CODE: Mapping[str, str] = {
    "infra/local/check_feed.py": "what the command prints, in both languages at once",
    "infra/local/commands.py": "the addresses that `make up` prints, each in both languages at once",
    "infra/local/front_door.py": "said when nothing behind it answers, in both languages at once",
    "infra/local/verify_history.py": "what the command prints, in both languages at once",
    "layers/yinji/yinji/clearance/appointments.py": "how a date is written, beside the English way",
    "layers/yinji/yinji/archive/selection.py": "a column of lists that people upload, by its Chinese name as well",
    "layers/yinji/yinji/visits/route.py": "what addresses call their parts, beside the English words",
    "layers/yinji/yinji/messages/words.py": "how a date is written, beside the English way",
    "infra/local/season/people.py": "names of the made-up season: rooms and degrees",
    "infra/local/season/archive.py": "what old systems call their columns, and names of the made-up season",
    "infra/local/season/generator.py": "names of terms, beside the English ones",
}
"""Files with Chinese literals besides {"zh": ...}, and why they may."""
IN_TEMPLATES: Mapping[str, str] = {
    "印": "the seal: a picture made of a character, hidden from readers of screens",
    "中文": "a language is named in itself",
    "English": "the same",
    "XXXX-XXXX-XXXX-XXXX": "what a code looks like",
    "s3:// +/feeds/": "an address to be copied: where a file is put",
    "make check-feed FILE=…": "a command to be copied",
}
"""What templates may say by themselves, and why."""
NAMES_OF_CLASSES = re.compile(r"{% block width %}.*?{% endblock %}")
TYPST_DATES = re.compile(r"\[(year|month|day)[^\]]*\]|年|月|日")
"""How a date is written in Chinese is its format, as the English one's names of months are."""


def files(*suffixes: str, trees: tuple[str, ...] = TREES) -> list[Path]:
    return [
        path
        for tree in trees
        for path in sorted((ROOT / tree).rglob("*"))
        if path.suffix in suffixes and not SKIPPED & set(path.parts) and path.is_file()
    ]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


TOML = files(".toml")
PAIRS = [path for path in TOML if path.name.endswith(".zh.toml")]
CATALOGUES = [path for path in TOML if not path.name.endswith((".zh.toml", ".en.toml"))]
CODE = files(".py")
TEMPLATES = files(".html", ".svg", trees=("functions",))


def test_there_is_something_to_look_at() -> None:
    assert len(PAIRS) >= 1 and len(CATALOGUES) >= 15 and len(CODE) >= 60 and len(TEMPLATES) >= 10


# --- catalogues ----------------------------------------------------------------------------------------------


def leaves(thing: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every text by its place. What English says in one and in many is one text: Chinese needs but one."""
    match thing:
        case {"one": str(one), "other": str(other)} if len(thing) == 2:
            assert one.strip() and other.strip(), place
            yield place, f"{one} {other}"
        case dict():
            for name, value in thing.items():
                yield from leaves(value, f"{place}.{name}")
        case list():
            for number, value in enumerate(thing):
                yield from leaves(value, f"{place}[{number}]")
        case _:
            yield place, thing


@pytest.mark.parametrize("path", PAIRS, ids=named)
def test_a_catalogue_of_one_language_has_its_twin(path: Path) -> None:
    twin = path.with_name(path.name.replace(".zh.toml", ".en.toml"))
    zh, en = (dict(leaves(tomllib.loads(one.read_text("utf-8")))) for one in (path, twin))
    assert zh.keys() == en.keys()
    for key, text in zh.items():
        assert isinstance(text, str) and text.strip() and str(en[key]).strip(), key
        assert blanks(text) == blanks(en[key]), key
    assert [key for key, text in en.items() if CJK.search(text)] == []


def test_no_english_catalogue_stands_alone() -> None:
    for path in TOML:
        if path.name.endswith(".en.toml"):
            assert path.with_name(path.name.replace(".en.toml", ".zh.toml")) in PAIRS, path


def texts(thing: Any, place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every table that holds something in a language."""
    if isinstance(thing, dict):
        if set(LANGUAGES) & thing.keys():
            yield place, thing
        for name, value in thing.items():
            yield from texts(value, f"{place}.{name}")
    elif isinstance(thing, list):
        for number, value in enumerate(thing):
            yield from texts(value, f"{place}[{number}]")


def alike(zh: Any, en: Any, place: str, blank: bool) -> None:
    """Both say something, of the same shape, with the same blanks, and the English in English."""
    if isinstance(zh, dict):
        assert zh.keys() == en.keys(), place
        for name in zh:
            alike(zh[name], en[name], f"{place}.{name}", blank)
    elif isinstance(zh, list):
        assert zh and en, place
        assert [text for text in en if CJK.search(text)] == [], place
    else:
        assert isinstance(zh, str) and isinstance(en, str), place
        assert blank or (zh.strip() and en.strip()), place
        assert blanks(zh) == blanks(en), place
        assert not CJK.search(en), place


@pytest.mark.parametrize("path", CATALOGUES, ids=named)
def test_what_is_said_in_one_language_is_said_in_the_other(path: Path) -> None:
    for place, table in texts(tomllib.loads(path.read_text("utf-8"))):
        assert set(LANGUAGES) <= table.keys(), place
        alike(table["zh"], table["en"], place, blank=False)


def test_a_guide_is_there_in_both_languages() -> None:
    guides = {named(path) for path in files(".md", trees=("functions",)) if path.name.startswith("guide.")}
    assert len(guides) >= 22
    for guide in guides:
        other = guide.replace(".zh.md", ".en.md") if guide.endswith(".zh.md") else guide.replace(".en.md", ".zh.md")
        assert other in guides and other != guide, guide
        text = (ROOT / guide).read_text("utf-8")
        assert bool(CJK.search(text)) == guide.endswith(".zh.md"), guide


# --- code ----------------------------------------------------------------------------------------------------


def tables(tree: ast.AST) -> Iterator[dict[str, ast.expr]]:
    """Every {...} literal by those of its keys that are texts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            yield {
                key.value: value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            }


@pytest.mark.parametrize("path", CODE, ids=named)
def test_a_text_in_code_is_there_in_both_languages(path: Path) -> None:
    for table in tables(ast.parse(path.read_text("utf-8"))):
        if set(LANGUAGES) & table.keys():
            assert set(LANGUAGES) <= table.keys(), ast.unparse(next(iter(table.values())))
            zh, en = (table[language] for language in LANGUAGES)
            if isinstance(zh, ast.Constant) and isinstance(en, ast.Constant):
                alike(zh.value, en.value, named(path), blank=False)


def chinese(path: Path) -> list[tuple[int, str]]:
    """Chinese literals that are no documentation and no half of a bilingual text: (line, literal)."""
    tree = ast.parse(path.read_text("utf-8"))
    said = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    said |= {id(node) for table in tables(tree) if "zh" in table for node in ast.walk(table["zh"])}
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and CJK.search(node.value)
        and id(node) not in said
    ]


@pytest.mark.parametrize("path", CODE, ids=named)
def test_no_code_speaks_chinese_by_itself(path: Path) -> None:
    found = chinese(path)
    assert bool(found) == (named(path) in CHINESE_IN_CODE), found


def test_no_reason_outlives_its_file() -> None:
    assert {name for name in CHINESE_IN_CODE if not (ROOT / name).is_file()} == set()


# --- templates -----------------------------------------------------------------------------------------------


class Visible(HTMLParser):
    """What a template itself gives people to read: text, and attributes that are read out or shown."""

    SHOWN = ("alt", "title", "aria-label", "aria-description", "placeholder", "label")

    def __init__(self, source: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value for name, value in attrs if name in self.SHOWN and value]

    def handle_data(self, data: str) -> None:
        self.texts += [line.strip() for line in data.splitlines() if line.strip()]


def own_texts(path: Path) -> list[str]:
    """Texts of the template that come from no catalogue: what is left without every {{ }}, {% %} and {# #}."""
    source = NAMES_OF_CLASSES.sub("", path.read_text("utf-8"))
    return Visible(
        "".join(value if kind == "data" else " " for _, kind, value in Environment(autoescape=True).lex(source))
    ).texts


def literals(path: Path) -> list[str]:
    """Texts between quotes within {{ }}: keys, addresses and attributes are none to be read."""
    found: list[str] = []
    shown = False
    for _, kind, value in Environment(autoescape=True).lex(path.read_text("utf-8")):
        shown = kind == "variable_begin" or (shown and kind != "variable_end")
        if shown and kind == "string":
            found.append(value[1:-1])
    return found


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_no_template_speaks_by_itself(path: Path) -> None:
    left = [re.sub("|".join(IN_TEMPLATES), "", text) for text in own_texts(path)]
    assert [text for text in left if WORD.search(text)] == []
    spoken = [text for text in literals(path) if text not in IN_TEMPLATES]
    assert [text for text in spoken if CJK.search(text) or re.search(r"[A-Za-z]+ [a-z]+ [a-z]+", text)] == []


@pytest.mark.parametrize("path", files(".js", ".css", trees=("functions",)), ids=named)
def test_neither_script_nor_style_speaks(path: Path) -> None:
    """What the script says lies in attributes of the page."""
    text = path.read_text("utf-8")
    if ".min." in path.name or len(max(text.splitlines(), key=len)) > 5000:
        return  # a library as it came
    without_comments = re.sub(r"/\*.*?\*/|(?m:^\s*//.*$)", "", text, flags=re.DOTALL)
    assert not CJK.search(without_comments)
    if path.suffix == ".css":
        spoken = re.findall(r"""content:\s*(["'])(.*?[A-Za-z]{2}.*?)\1""", without_comments)
    else:
        spoken = re.findall(r"""(["'])([A-Z][a-z]+ [^"']*[a-z])\1""", without_comments)
    assert [text for _, text in spoken] == []


@pytest.mark.parametrize("path", files(".typ"), ids=named)
def test_no_document_speaks_chinese_by_itself(path: Path) -> None:
    text = re.sub(r"//.*", "", path.read_text("utf-8"))
    assert not CJK.search(TYPST_DATES.sub("", text))
