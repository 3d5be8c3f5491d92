"""Conversations that want a person: the queue, and what an agent does in them."""
