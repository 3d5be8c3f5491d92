"""The Rasa engine: rules and form of the Rasa project in `project/` decide; the actions are the built-in engine's.

engine    `RasaEngine`: one turn with Rasa, or with the built-in engine where Rasa does not answer
deciding  one turn while Rasa decides: what was understood, the actions it asks for, what they said
claims    intents and actions: what the built-in engine's steps are called in the Rasa project
tracker   what Rasa is told: text, intent, entities, and the events that rebuild its tracker
door      the HTTP between both, on loopback
place     the environment that Rasa is installed in, its model, its server
"""

from bot.rasa.engine import RasaEngine

__all__ = ["RasaEngine"]
