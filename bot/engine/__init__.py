"""The built-in dialogue engine: rules over what `intents` understands, in a fixed order (`flow.STEPS`).

state            what it remembers, as JSON with a version          state_versions   from one version to the next
talk             one turn while it is being answered
emergencies      what to do now                    alarmed          what follows on it
flow             the order: emergency, person, tickets, statutory route, small talk, answer, form
small_talk       what is no request        person           into the queue
off_duty         what need not wait for a person
answers          questions                 finding, answered  what the base has; how it is said
calling          whom to phone about it, and when
ticket_commands, ticket_actions  on a ticket that exists
matters          where a form begins
form, filling    what a matter needs       asking, opening  the next question; the ticket
joint            two answers in one breath
corrections      what is put right, read   editing, restating  asked for, and put into the form
parts, several   several requests          aside            laid aside, taken up again
explaining       why, for staff
joining          what others reported nearby
phrases, people  what rules recognise
"""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.contract import Outcome, Turn
from bot.engine import flow, state
from bot.engine.explaining import explained
from bot.engine.talk import Talk, one_turn


class BuiltIn:
    """The engine that needs nothing but this program."""

    name = "builtin"

    async def handle(self, session: AsyncSession, turn: Turn, state: dict[str, Any]) -> Outcome:
        """Answer one turn inside the caller's transaction."""
        talk = Talk(session=session, turn=turn, state=_read(state))
        with one_turn():
            await flow.respond(talk)
        return Outcome(explained(talk, talk.replies), talk.state.as_json())


_read = state.read
