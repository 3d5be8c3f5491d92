"""The city this line serves: a folder of reviewed data files (`cities/README.md`)."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from core.errors import BadInput
from core.settings import settings


@dataclass(frozen=True, slots=True)
class City:
    """What `city.yaml` says of the city."""

    folder: Path
    code: str
    name: str
    name_en: str
    time_zone: str
    hotline: str
    note: str = ""


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML file.

    Raises BadInput, naming file and place, where it is missing or broken.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except FileNotFoundError:
        raise BadInput(f"{path.name} is missing in the city folder {path.parent}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {' '.join(str(error).split())}") from None


@lru_cache(maxsize=4)
def _city(folder: Path) -> City:
    return City(folder=folder, **read_yaml(folder / "city.yaml"))


def city() -> City:
    """Return the city named by the setting `city`."""
    return _city(settings().city)
