"""Every room's tables, in one place for the migrations."""

import importlib
import pkgutil

from core.database import Base

ROOMS = ("core", "intents", "kb", "routing", "bot", "channels")

for _room in ROOMS:
    _package = importlib.import_module(_room)
    for _module in pkgutil.walk_packages(_package.__path__, f"{_room}."):
        if not _module.name.endswith("__main__"):
            importlib.import_module(_module.name)

metadata = Base.metadata
