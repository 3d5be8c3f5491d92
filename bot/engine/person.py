"""A person please: into the queue, with a word on what happens now."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot import duty, queue, telling
from bot.contract import Outcome, ReplyType, Turn
from bot.engine import off_duty, phrases
from bot.engine.explaining import explained
from bot.engine.state import read
from bot.engine.talk import Talk
from core.city import city
from core.privacy import mask_text
from core.text.normalise import normalise

ORDINARY = "handoff.waiting"
FEWEST_TOLD = 10  # characters; a shorter wish for a person tells nothing of the matter
SHOWN = 100  # characters of the matter in the queue


async def to_person_after_failure(session: AsyncSession, turn: Turn, state: dict[str, Any]) -> Outcome:
    """Return the way to a person for a citizen whom the engine cannot answer, and a dialogue that begins anew.

    Of `state` language and tickets stay; what was told stands in the conversation, which the agent reads.
    """
    kept = read({key: state[key] for key in ("locale", "tickets") if key in state})
    talk = Talk(session=session, turn=turn, state=kept)
    talk.say("bad.failed_again", why={"rule": queue.FAILED})
    await to_person(talk, queue.FAILED)
    return Outcome(explained(talk, talk.replies), talk.state.as_json())


async def to_person(talk: Talk, reason: str, *, key: str = ORDINARY, number: str = "") -> None:
    """Put the citizen into the queue and say what happens now, also when nobody is on duty.

    `key`: the message, with `.nobody` behind it when nobody is; `number`: whom to call instead.
    """
    locale = talk.state.locale
    if not talk.state.summary and len(talk.plain) >= FEWEST_TOLD:
        talk.state.summary = mask_text(talk.text[:SHOWN])
    desk = duty.skill(needed(talk, reason))
    await queue.request(talk.session, talk.turn.conversation, reason, skill=desk.code if desk else None)
    found = await telling.now_told(talk.session, talk.turn.conversation)
    present = await duty.present(talk.session)
    why = {"rule": "person", "reason": reason, "on_duty": present, "skill": desk.code if desk else None}
    if key == ORDINARY and not present:
        return off_duty.nobody(talk, found, why)
    wait = telling.words(found, locale)
    message = key if present else f"{key}.nobody"
    if message == ORDINARY and talk.turn.channel == "voice":
        message = f"{ORDINARY}.voice"  # from here on nobody hears what they say until it is their turn
    said = talk.word(message, position=found.position, wait=wait, hotline=city().hotline, number=number)
    if key == ORDINARY and desk and not await duty.present(talk.session, desk.code):
        said = talk.word("handoff.no_skill", desk=desk.named(locale)) + said
    data = {"position": found.position, "minutes": found.minutes}
    talk.say_text(said, type=ReplyType.HANDOFF, data=data, why={"message": message} | why)
    if talk.state.form is None:
        talk.state.expect("")


def needed(talk: Talk, reason: str) -> str | None:
    """Return the desk that the conversation asks for, as it was said or understood; None where anybody will do."""
    if reason == queue.EMERGENCY:
        return queue.EMERGENCY
    state, form = talk.state, talk.state.form
    if state.locale == "en":
        return "english"
    told = "\n".join(filter(None, (talk.plain, *map(normalise, (state.told, state.question)))))
    if phrases.says("dialect", told) or (talk.turn.channel == "voice" and reason == "not_understood"):
        return "dialect"
    if phrases.says("enterprise", f"{told}\n{normalise(form.description) if form else ''}"):
        return "enterprise"
    return state.skill or None
