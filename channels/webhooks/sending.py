"""One message over HTTP: signed, to a checked address, no redirect followed, little of the answer read."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import httpx

from channels.webhooks import addresses, signing
from channels.webhooks.tables import Subscription
from core import clock

SECONDS = 10.0  # for all of it
READ = 4096  # bytes of the answer; nobody keeps them


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back: an HTTP status, or a short code of why none did (timeout, unreachable, forbidden_address …)."""

    status: int | None = None
    failure: str | None = None

    @property
    def sound(self) -> bool:
        """Say whether the receiver took it: any 2xx."""
        return self.status is not None and 200 <= self.status < 300


async def send(subscription: Subscription, *, message_id: str, payload: dict[str, Any]) -> Outcome:
    """Send a message once, signed by every secret in force, and return what became of it; raises nothing."""
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    now = clock.now()
    secrets = [subscription.secret]
    if subscription.former_secret and subscription.former_until and subscription.former_until > now:
        secrets.append(subscription.former_secret)
    headers = signing.headers(message_id=message_id, timestamp=int(now.timestamp()), body=body, signed_by=secrets) | {
        "Content-Type": "application/json",
        "User-Agent": "Yitong-Webhooks/1",
    }
    try:
        async with asyncio.timeout(SECONDS):
            return await _post(subscription.url, body, headers)
    except addresses.Refused as refusal:
        return Outcome(failure=refusal.reason)
    except (TimeoutError, httpx.TimeoutException):
        return Outcome(failure="timeout")
    except (httpx.HTTPError, httpx.InvalidURL):
        return Outcome(failure="unreachable")


async def _post(url: str, body: bytes, headers: dict[str, str]) -> Outcome:
    target = await addresses.target(url)
    # No proxy of the environment: it would look the name up itself.
    async with (
        httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=SECONDS) as client,
        client.stream(
            "POST",
            target.url,
            content=body,
            headers=headers | {"Host": target.host},
            extensions={"sni_hostname": target.name},
        ) as answer,
    ):
        read = 0
        async for part in answer.aiter_raw():
            read += len(part)
            if read >= READ:
                break
        return Outcome(status=answer.status_code)
