"""What is kept of a password and of a secret token, so that neither can be read where it is kept."""

import hashlib
import secrets
from functools import lru_cache

from pwdlib import PasswordHash

from core.errors import BadInput

SHORTEST_PASSWORD = 10


@lru_cache(maxsize=1)
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@lru_cache(maxsize=1)
def _nobody() -> str:
    """Return a hash to check against when there is no such account, so that both take the same time."""
    return _hasher().hash(secrets.token_urlsafe())


def verify_password(password: str, kept: str | None) -> tuple[bool, str | None]:
    """Say whether the password is the kept one, and what to keep where that is made in an old way."""
    return _hasher().verify_and_update(password, kept or _nobody())


def hash_password(password: str) -> str:
    """Return what is kept of a password (Argon2id). Raises BadInput when it is shorter than 10 characters."""
    if len(password) < SHORTEST_PASSWORD:
        raise BadInput(f"密码至少 {SHORTEST_PASSWORD} 个字符，请换一个长一点的。")
    return _hasher().hash(password)


def token_digest(token: str) -> bytes:
    """Return what is kept of a secret token."""
    return hashlib.sha256(token.encode()).digest()
