"""What the city's folder brings into an empty database."""

import kb.articles
from core.database import transaction


async def load() -> None:
    """Load the city's articles; what is there already stays as it is."""
    async with transaction() as session:
        await kb.articles.load_city(session)
