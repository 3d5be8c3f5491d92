"""REST: a bearer token for a department's own system (RFC 6749, sections 4.4 and 5)."""

import base64
import binascii
from typing import Annotated, Any
from urllib.parse import unquote_plus

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from admin.staff import access
from admin.staff.refusals import refusals
from core import clients
from core.database import transaction
from core.errors import NotSignedIn

TAG = "departments' systems"
router = APIRouter(prefix="/api/v1/systems", tags=[TAG])

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class AccessToken(BaseModel):
    """A bearer token; `expires_in` in seconds."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"access_token": "ytc_Zk3…", "token_type": "Bearer", "expires_in": 1800}}
    )

    access_token: str
    token_type: str
    expires_in: int


class OAuthError(BaseModel):
    """A refusal as RFC 6749, section 5.2 has it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"error": "invalid_client", "error_description": "客户端标识或密钥不对，或账号已停用。"}
        }
    )

    error: str
    error_description: str


@router.post(
    "/token",
    response_model=AccessToken,
    responses={
        400: {"model": OAuthError, "description": "Not a request for client credentials"},
        401: {"model": OAuthError, "description": "Unknown, disabled, or a wrong secret: all read the same"},
        **refusals(429, 503),
    },
)
async def token(
    request: Request,
    grant_type: Annotated[str, Form(description="client_credentials")] = "",
    client_id: Annotated[str, Form(description="Unless it comes by HTTP Basic.")] = "",
    client_secret: Annotated[str, Form(description="Unless it comes by HTTP Basic.")] = "",
) -> Response:
    """Get a token by client id and secret, by HTTP Basic or in the form; 429 after five wrong ones in five minutes."""
    given = _basic(request)
    if grant_type != "client_credentials":
        error = "unsupported_grant_type" if grant_type else "invalid_request"
        return _refused(400, error, "grant_type 应为 client_credentials。")
    if given is not None and client_secret:
        return _refused(400, "invalid_request", "密钥只能用一种方式提交：HTTP Basic 或表单。")
    public_id, secret = given or (client_id, client_secret)
    try:
        with access.counted(request, f"client:{public_id}"):
            async with transaction() as session:
                made = await clients.authenticate(session, public_id=public_id, secret=secret)
    except NotSignedIn as refusal:
        return _refused(401, "invalid_client", refusal.sentence)
    content = {"access_token": made.value, "token_type": "Bearer", "expires_in": made.seconds}
    return JSONResponse(content, headers=NO_STORE)


def _basic(request: Request) -> tuple[str, str] | None:
    """Return id and secret of the Authorization header; each is form-encoded in it (RFC 6749, section 2.3.1)."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(name), unquote_plus(secret)


def _refused(status: int, error: str, sentence: str) -> Response:
    headers: dict[str, Any] = dict(NO_STORE)
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="yitong"'
    return JSONResponse({"error": error, "error_description": sentence}, status_code=status, headers=headers)
