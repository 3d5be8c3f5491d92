"""Tickets of the whole centre that are probably one matter, pair by pair: the interface, and what the page shows."""
