"""The door: voice."""
