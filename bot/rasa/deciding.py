"""One turn while Rasa decides it: inside the turn's own transaction, and undone as a whole when Rasa fails.

The turn is understood by letting the built-in engine's steps answer it, without the form's next question and without
opening its ticket, behind a savepoint. Asked for the action that this stands for, what was done stays and is said;
asked for another one first, it is undone and that one is done.
"""

from copy import deepcopy
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.contract import Reply, Turn
from bot.engine import asking, filling, flow, matters
from bot.engine.state import State
from bot.engine.talk import Talk, Then
from bot.rasa import claims, tracker
from bot.rasa.claims import Claim


class Rejected(Exception):
    """Nothing can be done with this action now; Rasa may choose another."""


class Deciding:
    """The turn, what it was understood as, and what the actions that Rasa asked for have said so far."""

    def __init__(self, session: AsyncSession, turn: Turn, state: State) -> None:
        self.session, self.turn, self.before = session, turn, state
        self.said: list[Reply] = []  # in the order of speaking; Rasa gets the places
        self.claim: Claim | None = None  # as long as it is neither taken nor undone
        self.intent = ""
        self.told = 0  # of the talk's replies, that are among them
        self.own_question = False  # the form's step has said what is to be said: nothing more is asked

    async def understand(self) -> None:
        """Let the steps answer the turn, ready to be undone."""
        self.undo_point = await self.session.begin_nested()
        self.talk = Talk(session=self.session, turn=self.turn, state=deepcopy(self.before), driven=True)
        self.claim = claims.of(await flow.respond(self.talk), self.talk)
        self.intent = self.claim.intent

    async def act(self, action: str) -> dict[str, Any]:
        """Do what Rasa asks for; return events and responses as its protocol has them. Raises Rejected."""
        if action == claims.VALIDATE:
            return await self._form()
        if action.removeprefix(claims.ASK) in tracker.ELEMENTS:
            await self._ask(action.removeprefix(claims.ASK))
            return self._result([])
        if self.claim is not None and action in {self.claim.action, claims.OTHER}:
            self._take()
        elif not await self._do(action):
            raise Rejected(action)
        return self._result(self._events(action))

    async def settle(self) -> None:
        """Undo what was understood and never asked for; keep the rest."""
        if self.claim is not None:
            await self._undo()
        await self.undo_point.commit()

    def answers_form(self) -> bool:
        """Say whether the turn goes into the form, rather than beside it."""
        return self.claim is None or self.claim.action == claims.VALIDATE

    async def _form(self) -> dict[str, Any]:
        """Take the turn into the form and say what is known of the matter; nothing at all where it goes beside it."""
        if not self.answers_form() and self.before.form is not None:
            return {"events": [], "responses": []}  # Rasa's form then rejects the turn, and the rules have it
        if self.claim is not None and self.claim.action == claims.VALIDATE:
            self._take()
            self.own_question = self.talk.then is None
        elif self.claim is not None:
            await self._undo()
            await matters.start(self.talk, self.talk.text)
        form = self.talk.state.form
        if form is None:
            return self._result([tracker.loop(None), tracker.slot("requested_slot", None)])
        due = "" if self.own_question else await asking.due(self.talk)
        return self._result(tracker.form_slots(form, due=due, confirmed=self.talk.then is Then.OPEN))

    async def _ask(self, slot: str) -> None:
        if self.claim is not None:
            await self._undo()  # a form of the project's own making has taken the turn
        if self.own_question or self.talk.state.form is None:
            return
        await asking.ask(self.talk, asking.CONFIRM if slot == tracker.CONFIRMED else slot)
        self.talk.then = None

    async def _do(self, action: str) -> bool:
        if action == claims.OPEN and self.talk.then is Then.OPEN:
            self.talk.then = None
            await filling.finish(self.talk)
            return True
        if self.claim is not None:
            await self._undo()
        return await claims.act(action, self.talk)

    def _take(self) -> None:
        self.claim = None

    async def _undo(self) -> None:
        await self.undo_point.rollback()
        self.undo_point = await self.session.begin_nested()
        self.talk = Talk(session=self.session, turn=self.turn, state=deepcopy(self.before), driven=True)
        self.claim = None

    def _events(self, action: str) -> list[dict[str, Any]]:
        """Return what Rasa has to know after an action: whether a form is open, and whether it goes on now."""
        form, goes_on = self.talk.state.form, self.talk.then is not None
        events = [] if form is None else tracker.form_slots(form, due="", confirmed=self.talk.then is Then.OPEN)
        if form is None and self.before.form is not None:
            events += [tracker.loop(None), tracker.slot("requested_slot", None)]
        if form is not None and goes_on:
            events.append({"event": "followup", "name": claims.FORM})
        elif action == claims.OTHER or (form is not None and self.before.form is not None):
            # Or Rasa would ask the form's question again, or fall back on the action once more.
            events.append({"event": "followup", "name": "action_listen"})
        if action == "action_hand_over":
            events.append({"event": "pause"})  # what a rule may still hold is not said over the agent's head
        return events

    def _result(self, events: list[dict[str, Any]]) -> dict[str, Any]:
        new, first = self.talk.replies[self.told :], len(self.said)
        self.told = len(self.talk.replies)
        self.said += new
        responses = [
            {"text": reply.text, "custom": {"reply": first + place, "type": str(reply.type)}}
            for place, reply in enumerate(new)
        ]
        return {"events": events, "responses": responses}

    def left_open(self, slot: str | None) -> None:
        """Keep which element a text of Rasa's own has asked for, so that the answer is known as one."""
        form = self.talk.state.form
        if form is not None and slot is not None and self.talk.then is Then.ASK and slot in form.wanted:
            form.asked[slot] = form.asked.get(slot, 0) + 1
            self.talk.state.expect(slot)
