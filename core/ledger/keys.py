"""The Ed25519 keys that sign checkpoints: made in the data folder, or given by setting; the newest one last."""

import base64
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.errors import BadInput, Unavailable
from core.settings import settings

FILE = "ledger.key"


def held() -> list[Ed25519PrivateKey]:
    """Return this machine's keys, oldest first; none on a machine that has never signed.

    Raises Unavailable where the file cannot be read, or holds something else.
    """
    given = settings().ledger_keys
    if given:
        return [_read(each.strip()) for each in given.get_secret_value().split(",")]
    path = _path()
    try:
        written = path.read_bytes().split()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Unavailable(f"The ledger's key {path} cannot be read ({error.strerror}).") from None
    if not written:
        raise Unavailable(f"The ledger's key {path} is empty; put back the one that was kept with the backup.")
    return [_read(each) for each in written]


def renew() -> bytes:
    """Make a new key, which signs from the next checkpoint on, and return its public key.

    The former ones stay in the file: the first checkpoint of a new key is signed by the one before it too. Raises
    BadInput where the keys come from the setting, which is the operator's to extend, Unavailable where the file holds
    something else or cannot be written.
    """
    if settings().ledger_keys:
        raise BadInput("The keys come from YITONG_LEDGER_KEYS; append the new one there, after a comma.")
    held()
    made = Ed25519PrivateKey.generate()
    _append(_path(), made)
    return public(made)


def public(key: Ed25519PrivateKey) -> bytes:
    """Return the public key, 32 bytes."""
    return key.public_key().public_bytes_raw()


def signed_by(public_key: bytes, signature: bytes, content: bytes) -> bool:
    """Say whether the signature on the content is this key's."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def folder() -> Path:
    """Return the folder in which this machine keeps what it signs with."""
    return _path().parent


def _path() -> Path:
    return settings().data.expanduser() / FILE


def _append(path: Path, key: Ed25519PrivateKey) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as file:
            file.write(base64.b64encode(key.private_bytes_raw()).decode() + "\n")
    except OSError as error:
        raise Unavailable(f"The ledger's key {path} cannot be written ({error.strerror}).") from None


def _read(written: str | bytes) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(written, validate=True))
    except ValueError:
        raise Unavailable("A key of the ledger is no Ed25519 key: 32 bytes in base64.") from None
