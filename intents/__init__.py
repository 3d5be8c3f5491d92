"""Floor 1: what a request is.

understand   a citizen's text → `Understanding`: emergency, statutory route, request type, category, urgency, entities
certainty    how sure it is that a text belongs to a category
leaning      what speaks for each request type of a text
understand_all  many texts together, faster than one by one
warm_up      load everything that the first citizen would otherwise wait for
categories   the city's category tree: `tree()`
places       the gazetteer: `resolve(text)`
emergency    emergency services of the city: `services()`, `instruction_for(emergency)`
statutory    matters that the law sends elsewhere: `routes()`
training     a classifier that learns from a city's own labelled texts: `train(...)`, `reasons_against(...)`
evaluate     fit this product's classifier on any labelled file: `evaluate(train, test)`
"""

from intents.pipeline import certainty, leaning, understand, understand_all, warm_up
from intents.understanding import (
    Address,
    Category,
    Emergency,
    Entities,
    Leaning,
    RequestType,
    TimeSpan,
    Understanding,
    Urgency,
)

__all__ = [
    "Address",
    "Category",
    "Emergency",
    "Entities",
    "Leaning",
    "RequestType",
    "TimeSpan",
    "Understanding",
    "Urgency",
    "certainty",
    "leaning",
    "understand",
    "understand_all",
    "warm_up",
]
