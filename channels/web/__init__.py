"""The door: web."""
