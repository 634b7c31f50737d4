"""Names as people bear them, in twelve scripts, put together from the syllables their languages are made of."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from random import Random

RARE = "䶮㛃㻏㬎㼆𫖯𬭎𬱖𠅤𪚥𤩽𨭎𡘙𦈡𬘭𣂏𬀩𥖎龘喆堃彧禤犇翀燚玥妘"


def _said(*columns: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(column.split("|")) for column in columns)


# By script: what stands between the parts of a name, and the choices for each part
_PARTS: Mapping[str, tuple[str, tuple[tuple[str, ...], ...]]] = {
    "Han": (
        "",
        (tuple("王李张刘陈杨赵黄周吴仝逄爨亓"), tuple("晓思书明若梓子" + RARE), tuple("雨远瑶哲曦涵轩" + RARE)),
    ),
    "Latin": (
        " ",
        _said(
            "Nguyễn|Trần|Phạm|Łukasz|Žofia|Þórður|Ångström|Ħamrun|Şükrü|Íñigo|Òlofín|Ağa",
            "Thị Hương|Đức Ánh|Wójcik|Dvořáková|Ægisson|Ōtani|Ġużeppi|Çelik|Núñez|Adébáyọ̀|Ḥusayn",
        ),
    ),
    "Cyrillic": (
        " ",
        _said("Алексей|Ойбек|Айгүл|Нұрлан|Ганбаатар|Љубица|Їжак", "Щербаков|Қожахметов|Өтөгөнов|Цэцэгдорж|Ёлкина"),
    ),
    "Greek": (" ", _said("Ἀλέξανδρος|Ελένη|Δημήτρης|Ωραία|Χρῆστος", "Παπαδόπουλος|Γεωργίου|Μαυροΐδης|Ξυλούρης")),
    "Arabic": (" ", _said("محمد|عبد الرحمن|پرویز|گلنار|ئايگۈل|ڈاکٹر|مُنىٰ|لؤي", "الحسيني|چوہدری|ژیان|قۇربان|آزاد")),
    "Hebrew": (" ", _said("יצחק|שָׂרָה|נועם|חנה", "לוי|כ״ץ|בן־דוד|פריץ|אברהם")),
    "Devanagari": (" ", _said("कृष्ण|श्रेया|लक्ष्मी|प्रज्ञा|ज्ञानेन्द्र", "शर्मा|त्रिपाठी|श्रेष्ठ|गुरुङ|विश्वकर्मा")),
    "Hangul": ("", (tuple("김이박최정남궁황뷁"), tuple("민서지준예현쫑훼"), tuple("연우호윤뷔쀼"))),
    "Thai": (" ", _said("กิตติศักดิ์|ณัฐพล|พิมพ์ชนก|สุรีย์|น้ำฝน", "ศรีสุวรรณ|ทองใบ|วงศ์ใหญ่|เจริญผล")),
    "Tibetan": ("་", _said("བསྟན|ཚེ་རིང|རྡོ་རྗེ|བློ་བཟང|སྒྲོལ་མ", "འཛིན|དབང་ཕྱུག|རྒྱ་མཚོ|སྐྱིད|ཕུན་ཚོགས")),
    "Mongolian": (" ", _said("ᠪᠠᠲᠤ|ᠴᠡᠴᠡᠭ|ᠮᠥᠩᠬᠡ|ᠰᠠᠷᠠᠨ|ᠡᠷᠳᠡᠨᠢ", "ᠪᠠᠭᠠᠲᠤᠷ|ᠲᠡᠮᠦᠷ|ᠬᠠᠰ|ᠵᠢᠷᠭᠠᠯ")),
    "Georgian": (" ", _said("გიორგი|ნინო|თამარ|ქეთევან|ჯაბა", "ბერიძე|ღვინიაშვილი|ჭყონია|წერეთელი|ჰელაია")),
}
SCRIPTS = tuple(_PARTS)


def names(script: str, number: int) -> list[str]:
    """So many different names in `script`, the same each time."""
    between, parts = _PARTS[script]
    longer = (parts[0], *parts) if len(parts) < 3 else parts
    every = [between.join(one) for one in product(*longer) if len(set(one)) == len(one)]
    return Random(script).sample(sorted(set(every)), number)
