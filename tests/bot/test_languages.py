"""Which language a turn is in."""

import pytest

from bot.engine import languages
from core.text.normalise import normalise


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("こんにちは、道路の街灯が壊れています", "ja"),
        ("집에 물이 안 나와요", "ko"),
        ("Здравствуйте, у нас нет воды", "ru"),
        ("ئۆيۈمدە سۇ يوق", "ug"),
        ("ماء مقطوع في بيتي", "ar"),
        ("ང་ལ་ཆུ་མེད།", "bo"),
        ("манай гэрт ус алга үүнээс", "mn"),
        ("น้ำไม่ไหล", "th"),
        ("Nước ở nhà tôi bị cắt", "vi"),
        ("Bonjour, il n'y a pas d'eau dans ma rue", "fr"),
        ("Hola, no hay agua en mi casa", "es"),
        ("Hallo, wir haben kein Wasser", "de"),
        ("火事です助けて", "ja"),
    ],
)
def test_a_language_that_the_line_does_not_speak_is_known(text: str, code: str) -> None:
    found = languages.foreign(normalise(text))
    assert found is not None and found.code == code


@pytest.mark.parametrize(
    "text",
    [
        "路灯坏了",
        "There is no water in my home",
        "asdfjkl qwer zxcv",
        "ludeng huaile",
        "'; DROP TABLE tickets; --",
        "no",
        "我在こんにちは饭店吃坏了肚子",
        "TAXI司机绕路",
        "I live in Nanshan Road and the die is cast",
        "résumé",
    ],
)
def test_what_the_line_speaks_or_nobody_reads_is_no_other_language(text: str) -> None:
    plain = normalise(text)
    assert languages.foreign(plain) is None and not languages.unknown(plain)


@pytest.mark.parametrize("text", ["Δεν έχουμε νερό", "ᠮᠣᠩᠭᠣᠯ ᠬᠡᠯᠡ", "שלום אין מים"])
def test_a_script_that_is_in_no_list_is_seen(text: str) -> None:
    assert languages.unknown(normalise(text)) and languages.foreign(normalise(text)) is None
