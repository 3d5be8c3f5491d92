"""City data read strictly: what does not fit is refused with one sentence that names file and entry."""

from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import BadInput

Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """Base of what city files hold: unchangeable, and no field that nobody reads."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def parse(model: type[Model], value: Any, *, file: Path, entry: str) -> Model:
    """Return `value` as `model`. Raises BadInput, naming the file, the entry and the first field that is wrong."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        refuse(file, entry, f"{field}: {first['msg']}" if field else first["msg"])


def refuse(file: Path, entry: str, why: str) -> NoReturn:
    """Raise BadInput that names the file, the entry and what is wrong with it."""
    raise BadInput(f"{file.name}, {entry}: {why}.")
