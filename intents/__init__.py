"""Floor 1: what a request is.

understand   a citizen's text → `Understanding`: emergency, statutory route, request type, category, urgency, entities
categories   the city's category tree
"""

from intents.understanding import (
    Address,
    Category,
    Emergency,
    Entities,
    RequestType,
    TimeSpan,
    Understanding,
    Urgency,
)

__all__ = ["Address", "Category", "Emergency", "Entities", "RequestType", "TimeSpan", "Understanding", "Urgency"]
