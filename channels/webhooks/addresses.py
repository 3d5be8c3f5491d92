"""Which addresses a webhook may call: public ones over https, and the networks that the operator has named.

A name is looked up at every attempt and the connection goes to what was looked up, so that a name cannot first point to
a permitted address and then elsewhere. Whatever is not public is refused unless named: loopback, 10.x, link-local with
the clouds' metadata services (169.254.169.254, 100.100.100.200).
"""

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from core.errors import BadInput
from core.settings import settings

LONGEST = 500
# Addresses that carry another one inside, by which a gateway would reach it.
CARRYING = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")))
SITE_LOCAL = ip_network("fec0::/10")  # as 10.x was, before fc00::/7 took its place

Address = IPv4Address | IPv6Address


class Refused(Exception):
    """An address that must not be called; the reason is a short code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect (`url` with the address in it), and the name that TLS and the Host header carry."""

    url: str
    name: str
    host: str


def checked(url: str) -> str:
    """Return the address as it is kept. Raises BadInput, saying what is wrong; what it resolves to is seen later."""
    parts = _split(url.strip())
    if parts is None or len(url) > LONGEST:
        raise BadInput(
            "回调地址不对：请填写完整的地址，例如 https://example.gov.cn/12345/hook，不要带用户名或 # 部分。"
        )
    if parts.scheme == "http" and not settings().webhook_networks:
        raise BadInput("回调地址要用 https。内部网络的 http 地址需由管理员先设置 YITONG_WEBHOOK_NETWORKS。")
    return url.strip()


async def target(url: str) -> Target:
    """Return where to connect for a kept address. Raises Refused for one that must not or cannot be reached."""
    parts = _split(url)
    assert parts is not None and parts.hostname is not None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Refused("unknown_name") from None
    addresses = [ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    if not addresses or not all(_permitted(each, scheme=parts.scheme) for each in addresses):
        raise Refused("forbidden_address")
    first = addresses[0]
    literal = f"[{first}]" if first.version == 6 else str(first)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(url=f"{parts.scheme}://{literal}:{port}{path}", name=parts.hostname, host=parts.netloc)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    return parts if sound and plain and "@" not in parts.netloc and not parts.fragment else None


def _permitted(address: Address, *, scheme: str) -> bool:
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    named = [ip_network(each.strip()) for each in settings().webhook_networks.split(",") if each.strip()]
    if any(address.version == network.version and address in network for network in named):
        return True
    if any(address.version == network.version and address in network for network in (*CARRYING, SITE_LOCAL)):
        return False
    return scheme == "https" and address.is_global and not address.is_multicast
