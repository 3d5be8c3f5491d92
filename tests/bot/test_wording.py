"""What the line says: plain, brief, readable aloud, in both languages, and nothing said by two messages."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from bot.engine import languages, minors
from core.city import city
from intents import emergency, statutory_routes

ROOT = Path(__file__).parents[2]
SPOKEN = ("bot", "channels/voice", "channels/wechat", "channels/email")  # said to citizens; the others stand on pages
ROOMS = [
    path.parents[1].relative_to(ROOT).as_posix()
    for pattern in ("*/locale/en.po", "channels/*/locale/en.po")
    for path in sorted(ROOT.glob(pattern))
]
LONGEST = {"zh_CN": 60, "en": 190}  # characters of a message without what is put in
LONGEST_SENTENCE = {"zh_CN": 40, "en": 130}
MOST_SENTENCES = 4
LONGEST_INSTRUCTION = 130  # characters; a first aid has its steps
LONGEST_ROUTE = 100
MOST_HONORIFICS = 2  # 您 in a message
FORBIDDEN = re.compile(r"[!！()（）/／~～…*#<>＜＞\[\]【】;；]")
OFFICIALESE = re.compile(r"承办|予以|敬请|届时|兹|贵单位|诉求人|来电人|依法依规|相关规定执行|望周知|亲[，~]|您好！")
BILINGUAL = {"bad.language"}  # for whoever speaks neither
BETWEEN = {"summary.between", "join.between"}  # signs between parts, said as a pause
WRITTEN = {"channels/email not_kept"}  # a letter names kinds of files


def catalogue(room: str, locale: str) -> dict[str, str]:
    with (ROOT / room / "locale" / f"{locale}.po").open("rb") as file:
        return {str(each.id): str(each.string) for each in read_po(file) if each.id}


def bare(text: str) -> str:
    return re.sub(r"\{\w+\}", "", text)


MESSAGES = [
    pytest.param(room, locale, key, text, id=f"{room} {locale} {key}")
    for room in SPOKEN
    for locale in ("zh_CN", "en")
    for key, text in catalogue(room, locale).items()
    if key not in BETWEEN and f"{room} {key}" not in WRITTEN and bare(text).strip()
]


@pytest.mark.parametrize("room", ROOMS)
def test_every_message_is_there_in_both_languages_with_the_same_values(room: str) -> None:
    chinese, english = catalogue(room, "zh_CN"), catalogue(room, "en")
    assert chinese.keys() == english.keys()
    for key in chinese:
        named = set(re.findall(r"\{(\w+)\}", chinese[key])), set(re.findall(r"\{(\w+)\}", english[key]))
        extra = {"month_name", "month", "marked", "position"}
        assert named[0] - extra == named[1] - extra, key


@pytest.mark.parametrize(("room", "locale", "key", "text"), MESSAGES)
def test_a_message_can_be_read_aloud(room: str, locale: str, key: str, text: str) -> None:
    said = bare(text)
    assert text.strip() and not FORBIDDEN.search(said if locale == "zh_CN" else said.replace(";", "")), said
    assert len(said) <= LONGEST[locale] or room != "bot" or key in BILINGUAL, len(said)
    sentences = [each for each in re.split(r"[。？\n]|(?<=[.?]) ", said) if each.strip()]
    assert len(sentences) <= MOST_SENTENCES, sentences
    if room == "bot" and key not in BILINGUAL:
        assert max(map(len, sentences), default=0) <= LONGEST_SENTENCE[locale], sentences
    assert said.count("您") <= MOST_HONORIFICS and not OFFICIALESE.search(said), said


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_no_two_messages_say_the_same(locale: str) -> None:
    said: dict[str, str] = {}
    for key, text in catalogue("bot", locale).items():
        if key.startswith(("option.", "state.")) or key in BETWEEN:
            continue  # labels
        plain = re.sub(r"\W", "", text)
        assert plain not in said, f"{key} says what {said[plain]} says: {text}"
        said[plain] = key


def test_what_is_said_in_an_emergency_is_short_and_has_no_signs() -> None:
    for service in emergency.services().values():
        for told in (service.instruction, *(each.instruction for each in service.situations.values())):
            assert len(told) <= LONGEST_INSTRUCTION and not FORBIDDEN.search(told.replace("；", "")), (len(told), told)


def test_a_crisis_is_met_briefly_with_a_number_a_person_and_no_procedure() -> None:
    crisis = emergency.services()["crisis"]
    for code in (None, "self_harm_thought", "self_harm_under_way"):
        told = crisis.situations[code].instruction if code else crisis.instruction
        assert len(told) <= 100 and re.search(r"12356|120", told) and "陪你" in told, told
        assert not re.search(r"登记|工单|姓名|手机号|想开|坚强|自杀|轻生|[药刀绳楼]", told), (
            told
        )  # nor a means, nor a sermon


def test_a_route_is_explained_plainly_and_threatens_nobody() -> None:
    for route in statutory_routes.routes().values():
        assert len(route.explanation) <= LONGEST_ROUTE and not FORBIDDEN.search(route.explanation), route.code
        assert not re.search(r"依法处理|后果|结束这次|追究", route.explanation), route.code


def test_a_child_is_spoken_to_in_simple_words_and_asked_for_nothing() -> None:
    cases = minors.cases(city().folder)
    assert {each.code for each in cases} == {"lost", "hurt", "bullied"}
    for case in cases:
        assert case.number in case.said and case.number in case.said_en
        assert len(case.said) <= 80 and "您" not in case.said and not re.search(r"姓名|电话号码|手机号", case.said)


@pytest.mark.parametrize("language", languages.languages(), ids=lambda each: each.code)
def test_every_other_language_says_all_there_is_to_say(language: languages.Language) -> None:
    assert all((language.name, language.said, language.nobody, language.noted)) and language.said != language.nobody
    assert all(f"{{{name}}}" in language.numbers for name in ("police", "fire", "ambulance"))
    assert (language.letters is None) == bool(language.words)
    assert not re.search(r"[!！()（）]", language.said + language.nobody + language.noted + language.numbers)
    assert languages.foreign(language.said.lower()) is language  # what it says is known for what it is
