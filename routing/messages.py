"""What this floor says to people."""

from pathlib import Path

from core.messages import Catalogue

say = Catalogue(Path(__file__).with_name("locale"))
