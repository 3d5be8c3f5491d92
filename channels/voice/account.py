"""The Twilio account that the settings name, and the signature by which its requests are known."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator

from channels import bodies
from core.errors import Forbidden, NotFound
from core.settings import settings

LONGEST_BODY = 64 * 1024  # bytes of one webhook's form


@dataclass(frozen=True, slots=True)
class Account:
    """`public_url` is the address that Twilio was given, without a slash at its end; signatures cover it."""

    sid: str
    token: str
    public_url: str


def account() -> Account:
    """Return the account. Raises NotFound while the door is closed: no token, or no public address to check against."""
    given = settings()
    token = given.twilio_auth_token.get_secret_value() if given.twilio_auth_token else ""
    if not (token and given.public_url):
        raise NotFound("电话入口没有开通。")
    return Account(sid=given.twilio_account_sid, token=token, public_url=given.public_url.rstrip("/"))


def address(path: str) -> str:
    """Return the public address of a path of this line, as Twilio must ask for it."""
    return account().public_url + path


async def signed_form(request: Request) -> FormData:
    """Return the form of a webhook that Twilio signed. Raises NotFound when closed, Forbidden for anybody else's."""
    door = account()
    body = await bodies.read(request, limit=LONGEST_BODY)
    try:
        # Empty fields are signed too.
        form = FormData([*parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=200)])
    except ValueError:
        raise Forbidden("签名不对，请求不是来自 Twilio。") from None
    query = f"?{request.url.query}" if request.url.query else ""
    url = door.public_url + request.url.path + query
    given = request.headers.get("X-Twilio-Signature", "")
    if not RequestValidator(door.token).validate(url, form, given):
        raise Forbidden("签名不对，请求不是来自 Twilio。")
    return form


def value(form: FormData, name: str) -> str:
    """Return a field of the form, empty where it is missing."""
    return str(form.get(name) or "").strip()
