"""Floor 4: the conversation. A `Turn` in, `Reply`s out.

converse       one turn of a citizen: stored, understood, answered; the state is in the database
contract       `Turn`, `Reply`, and `DialogueEngine`: what the built-in engine and others implement
conversations  `open`, `authorise`, `by_peer`, `messages`, `say`, `store`
handover       the queue for a person: `request`, `waiting`, `take`, `say`, `give_back`, `held_by`, `context`
telling        where a citizen stands in it, and telling them as it changes     duty  who is there, and who can what
"""

from bot.contract import DialogueEngine, Outcome, Reply, ReplyType, Turn
from bot.turns import converse

__all__ = ["DialogueEngine", "Outcome", "Reply", "ReplyType", "Turn", "converse"]
