"""The mailbox that the settings name, and the secret by which whoever hands mail over is known."""

import base64
import binascii
import hmac
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from core.errors import NotFound, NotSignedIn
from core.settings import settings

PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Server:
    """The SMTP server that mail goes out by. `tls_first`: TLS before the first word (smtps)."""

    host: str
    port: int
    tls_first: bool
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Account:
    """`address` is the line's own, which citizens write to and answers come from."""

    address: str
    secret: str
    server: Server

    @property
    def domain(self) -> str:
        """Return the part of the address behind the @."""
        return self.address.rpartition("@")[2]


def account() -> Account:
    """Return the mailbox. Raises NotFound while the door is closed: a mail must come in, and an answer go out."""
    given = settings()
    secret = given.email_secret.get_secret_value() if given.email_secret else ""
    url = given.email_smtp_url.get_secret_value() if given.email_smtp_url else ""
    if not (given.email_address and secret and url):
        raise NotFound("邮箱入口没有开通。")
    return Account(address=given.email_address, secret=secret, server=_server(url))


def _server(url: str) -> Server:
    parts = urlsplit(url)
    return Server(
        host=parts.hostname or "",
        port=parts.port or PORTS[parts.scheme],
        tls_first=parts.scheme == "smtps",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def admit(door: Account, authorization: str) -> None:
    """Raise NotSignedIn unless the header `Authorization` carries the secret: Bearer, or Basic's password."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            given = ""
    elif scheme.lower() != "bearer":
        given = ""
    if not hmac.compare_digest(given.encode(errors="replace"), door.secret.encode()):
        raise NotSignedIn("邮箱入口的密钥不对。")
