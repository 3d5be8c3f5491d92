"""A person please: into the queue, with a word on what happens now."""

from bot import handover
from bot.contract import ReplyType
from bot.engine.talk import Talk
from core.city import city


async def to_person(talk: Talk, reason: str, *, key: str = "handoff.waiting", number: str = "") -> None:
    """Put the citizen into the queue and say what happens now, also when nobody is on duty.

    `key`: the message, with `.nobody` behind it when nobody is; `number`: whom to call instead.
    """
    place = await handover.request(talk.session, talk.turn.conversation, reason)
    duty = await handover.on_duty(talk.session)
    talk.say(
        key if duty else f"{key}.nobody",
        type=ReplyType.HANDOFF,
        data={"position": place},
        why={"rule": "person", "reason": reason, "on_duty": duty},
        position=place,
        hotline=city().hotline,
        number=number,
    )
    if talk.state.form is None:
        talk.state.expect("")
