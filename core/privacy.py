"""Personal fields: encrypted in the database (AES-256-GCM), found by a blind index, masked wherever they are shown.

PIPL articles 28, 29 and 51 ask for encryption and for access that has a reason and leaves a trace.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from core.errors import Unavailable
from core.settings import settings

NONCE_BYTES = 12

# Mobile and fixed-line numbers, identity numbers, bank cards; digits may be grouped by spaces or hyphens.
PHONE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d[- ]?\d{4}[- ]?\d{4}|0\d{2,3}[- ]?\d{7,8})(?!\d)")
IDENTITY_NUMBER = re.compile(r"(?<!\d)\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)")
BANK_CARD = re.compile(r"(?<!\d)[3-6]\d{3}(?:[- ]?\d{4}){3}(?:\d{1,3})?(?!\d)")


@lru_cache(maxsize=1)
def _master_key() -> bytes:
    given = settings().secret_key
    return hashlib.sha256((given.get_secret_value() if given else _kept_key(settings().data)).encode()).digest()


def _kept_key(data: Path) -> str:
    """Return the key of the data folder, made at the first call and readable by its owner only."""
    path = data.expanduser() / "secret.key"
    try:
        data.expanduser().mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    except OSError as error:
        raise Unavailable(
            f"The secret key {path} cannot be written ({error.strerror}); choose another --data."
        ) from None
    try:
        return path.read_text()
    except OSError as error:
        raise Unavailable(f"The secret key {path} cannot be read ({error.strerror}).") from None


def key_for(purpose: str) -> bytes:
    """Return a 32-byte key that serves one purpose only, derived from the secret key."""
    return _derived(_master_key(), purpose)


@lru_cache(maxsize=16)
def _derived(master: bytes, purpose: str) -> bytes:
    return hmac.digest(master, purpose.encode(), "sha256")


@lru_cache(maxsize=2)
def _sealing(master: bytes) -> AESGCM:
    return AESGCM(_derived(master, "seal"))


def seal(text: str) -> bytes:
    """Return `text` encrypted."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + _sealing(_master_key()).encrypt(nonce, text.encode(), None)


def unseal(sealed: bytes) -> str:
    """Return what `seal` was given. Raises Unavailable when the key is another one."""
    try:
        return _sealing(_master_key()).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None).decode()
    except InvalidTag:
        raise Unavailable(
            "个人信息无法解密：密钥与写入时不同，请恢复原来的 YITONG_SECRET_KEY 或 secret.key。"
        ) from None


def blind_index(text: str) -> bytes:
    """Return a keyed digest: equal texts have equal ones, and nobody without the key can try texts out."""
    return hmac.digest(key_for("blind-index"), text.encode(), "sha256")


class Sealed(TypeDecorator[str]):
    """A text column that the database holds only encrypted."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Encrypt."""
        return None if value is None else seal(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """Decrypt."""
        return None if value is None else unseal(bytes(value))


class SealedJson(TypeDecorator[dict[str, Any]]):
    """A JSON object that the database holds only encrypted."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> bytes | None:
        """Encrypt."""
        return None if value is None else seal(json.dumps(value, ensure_ascii=False, default=str))

    def process_result_value(self, value: Any, dialect: Dialect) -> dict[str, Any] | None:
        """Decrypt."""
        return None if value is None else json.loads(unseal(bytes(value)))


def mask_phone(phone: str) -> str:
    """Return the number with its middle hidden: 138****8000."""
    return phone[:3] + "****" + phone[-4:] if len(phone) >= 8 else "****"


def mask_name(name: str) -> str:
    """Return the family name and stars: 王**."""
    return name[:1] + "*" * max(len(name) - 1, 1) if name else ""


def mask_text(text: str) -> str:
    """Return `text` with phone, identity and card numbers in it hidden."""
    text = IDENTITY_NUMBER.sub(lambda match: match[0][:6] + "********" + match[0][-4:], text)
    text = BANK_CARD.sub(lambda match: match[0][:4] + " **** **** " + match[0][-4:], text)
    return PHONE.sub(lambda match: mask_phone(match[1].replace(" ", "").replace("-", "")), text)
