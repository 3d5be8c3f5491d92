"""What the line says: the catalogue of this room."""

from pathlib import Path

from core.messages import Catalogue

wording = Catalogue(Path(__file__).parent / "locale")
