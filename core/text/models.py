"""Model files, named by content digest: where a file lies does not matter, what is in it does."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.city import read_yaml
from core.errors import BadInput, Unavailable
from core.settings import ROOT, settings

MODELS = Path(__file__).with_name("models.yaml")
CARD = "encoder.yaml"  # what a folder with an encoder of our own says of itself


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of one encoder, found and checked."""

    name: str
    dimension: int
    longest: int  # tokens
    output: str
    files: dict[str, Path]
    fingerprint: str


@lru_cache(maxsize=1)
def _known() -> Mapping[str, Any]:
    known: Mapping[str, Any] = read_yaml(MODELS)
    return known


def names() -> list[str]:
    """Return the names that `find` knows."""
    return sorted(_known())


def sha256(path: Path) -> str:
    """Return the digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _candidates(carriers: list[str]) -> list[Path]:
    """Return where a file may lie: the carriers below the checkout, then whatever lies in <data>/models."""
    below_data = settings().data.expanduser() / "models"
    found = [ROOT / carrier for carrier in carriers]
    return found + sorted(path for path in below_data.rglob("*") if path.is_file()) if below_data.is_dir() else found


def find(name: str) -> ModelFiles:
    """Return the files of the encoder `name`.

    Raises BadInput for an unknown name, Unavailable when a file is missing or not what its digest says.
    """
    if name not in names():
        raise BadInput(f"There is no encoder {name}; known are {', '.join(names())} and hashing.")
    entry = _known()[name]
    files: dict[str, Path] = {}
    for role, wanted in entry["files"].items():
        for path in _candidates(wanted["carriers"]):
            if path.is_file() and sha256(path) == wanted["sha256"]:
                files[role] = path
                break
        else:
            raise Unavailable(
                f"The {role} of the encoder {name} is missing or damaged; run ./yitong again with a network, "
                f"or put the file with sha256 {wanted['sha256'][:12]}… into {settings().data / 'models'}."
            )
    return _files(name, entry, files)


def in_folder(folder: Path) -> ModelFiles:
    """Return the files of an encoder of our own: a folder with its card, as `yitong encoder tune` makes them.

    Raises Unavailable when a file is missing or not what the card says, BadInput where the card cannot be read.
    """
    card = read_yaml(folder / CARD)
    try:
        files = {role: folder / Path(wanted["file"]).name for role, wanted in card["files"].items()}
        for role, path in files.items():
            if not path.is_file() or sha256(path) != card["files"][role]["sha256"]:
                raise Unavailable(f"The {role} of the encoder in {folder} is missing or damaged.")
        return _files(card["name"], card, files)
    except (KeyError, TypeError, AttributeError):
        raise BadInput(f"{folder / CARD} is not the card of an encoder.") from None


def locate(name: str) -> ModelFiles | None:
    """Return the ONNX files of the encoder that the settings call `name`, or None where it is another sort of model.

    Raises as `find` and `in_folder`.
    """
    if name in names():
        return find(name)
    folder = Path(name).expanduser()
    return in_folder(folder) if (folder / CARD).is_file() else None


def _files(name: str, entry: Mapping[str, Any], files: dict[str, Path]) -> ModelFiles:
    return ModelFiles(
        name=name,
        dimension=entry["dimension"],
        longest=entry["longest"],
        output=entry["output"],
        files=files,
        fingerprint=f"{name}:{entry['files']['model']['sha256'][:16]}",
    )
