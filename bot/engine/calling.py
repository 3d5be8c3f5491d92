"""Whom to phone, and when they are there: 电话多少, 他们几点上班, asked about the article in hand.

Where the article does not say it, the city's data of its department do, and otherwise the line says that it cannot.
"""

import re

import kb
from bot.engine import answered, phrases
from bot.engine.talk import Talk
from core.text.normalise import normalise
from kb import sections
from routing.departments import Department
from routing.departments import tree as departments

# A number that one can dial, behind the word for it: 12345, 0000-1234501.
_NUMBER = re.compile(r"(?:电话|热线|拨打|致电|号码|联系方式)[^。；\n]{0,12}?\d{3,}")
_HOURS = re.compile(r"\d点|[一二三四五六七八九十两]点|\d[:：]\d\d|周[一二三四五六日末]|24小时|全天|二十四小时")


async def answer(talk: Talk) -> bool:
    """Say the number or the hours of who handles the article in hand; False where neither is asked for."""
    if phrases.says("number_wanted", talk.plain):
        found, says = await kb.quote(talk.session, talk.state.article, ""), _NUMBER
    elif phrases.says("hours_wanted", talk.plain):
        found, says = await kb.quote(talk.session, talk.state.article, ""), _HOURS
    else:
        return False
    if found is None:
        return False
    said = [each for each in sections.sentences(found.full) if says.search(normalise(each))]
    if says is _HOURS and said:
        return False  # the section with the hours says it better
    answered.remember(talk, talk.text)
    if said:
        talk.say_text("".join(dict.fromkeys(said)), why={"rule": "number", "article": found.article})
        return True
    department = departments().get(found.department) if found.department in departments() else None
    return _hours(talk, department) if says is _HOURS else _number(talk, department)


def _number(talk: Talk, department: Department | None) -> bool:
    why = {"rule": "no_number", "article": talk.state.article}
    if department and department.short_numbers:
        talk.say("answer.number", why=why, department=department.name, number=department.short_numbers[0])
        return True
    talk.state.question = f"{talk.state.question}\n{talk.text}"
    talk.offer("answer.no_number", expects="offer", options=talk.options("ticket", "person", "cancel"), why=why)
    return True


def _hours(talk: Talk, department: Department | None) -> bool:
    if department is None or not department.hours:
        return False
    why = {"rule": "no_hours", "article": talk.state.article}
    talk.say("answer.hours", why=why, department=department.name, hours=department.hours)
    return True
