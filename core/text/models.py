"""Model files, named by content digest: where a file lies does not matter, what is in it does."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from core.city import read_yaml
from core.errors import BadInput, Unavailable
from core.settings import ROOT, settings

MODELS = Path(__file__).with_name("models.yaml")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of one encoder, found and checked."""

    name: str
    dimension: int
    longest: int  # tokens
    output: str
    files: dict[str, Path]
    fingerprint: str


def _candidates(carriers: list[str]) -> list[Path]:
    """Return where a file may lie: the carriers below the checkout, then whatever lies in <data>/models."""
    below_data = settings().data.expanduser() / "models"
    found = [ROOT / carrier for carrier in carriers]
    return found + sorted(path for path in below_data.rglob("*") if path.is_file()) if below_data.is_dir() else found


def find(name: str) -> ModelFiles:
    """Return the files of the encoder `name`.

    Raises BadInput for an unknown name, Unavailable when a file is missing or not what its digest says.
    """
    known = read_yaml(MODELS)
    if name not in known:
        raise BadInput(f"There is no encoder {name}; known are {', '.join(sorted(known))} and hashing.")
    entry = known[name]
    files: dict[str, Path] = {}
    for role, wanted in entry["files"].items():
        for path in _candidates(wanted["carriers"]):
            if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == wanted["sha256"]:
                files[role] = path
                break
        else:
            raise Unavailable(
                f"The {role} of the encoder {name} is missing or damaged; run ./yitong again with a network, "
                f"or put the file with sha256 {wanted['sha256'][:12]}… into {settings().data / 'models'}."
            )
    return ModelFiles(
        name=name,
        dimension=entry["dimension"],
        longest=entry["longest"],
        output=entry["output"],
        files=files,
        fingerprint=f"{name}:{entry['files']['model']['sha256'][:16]}",
    )
