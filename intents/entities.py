"""What is named in a text."""

from intents import counts, identifiers, organisations, places, times
from intents.understanding import Entities


def find(plain: str) -> Entities:
    """Return the entities of a normalised text, each kind in the order it stands there."""
    return Entities(
        addresses=places.find(plain),
        times=times.find(plain),
        phones=identifiers.phones(plain),
        identity_numbers=identifiers.identity_numbers(plain),
        doubtful_identity_numbers=identifiers.doubtful_identity_numbers(plain),
        licence_plates=identifiers.licence_plates(plain),
        organisations=organisations.find(plain),
        amounts=counts.amounts(plain),
        people=counts.people(plain),
    )
