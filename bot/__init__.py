"""Floor 4: the conversation. A `Turn` in, `Reply`s out.

converse      one turn of a citizen: stored, understood, answered; the state is in the database
contract      `DialogueEngine`: what the built-in engine and others implement
conversations opened, read, taken by an agent, given back
"""
