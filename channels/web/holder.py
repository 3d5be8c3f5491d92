"""Who holds a conversation: its token, out of the Authorization header or out of the page's cookie.

Programs send the header. The line's own pages keep the token where no script can read it, in an HttpOnly cookie:
EventSource sends cookies and cannot send headers, and a token never stands in an address. A cookie is sent by the
browser whoever asks, so a request that changes something must also carry a header that a foreign page cannot add.
"""

from typing import Annotated, Literal

from fastapi import Depends, Request, Response
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from core.errors import Forbidden, NotSignedIn
from core.settings import settings

COOKIE = "yitong_conversation"
COOKIE_PATH = "/api/v1/conversations"
PAGE_HEADER = "X-Requested-With"

_bearer = HTTPBearer(auto_error=False, description="The conversation's token.")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="The same, for this line's own pages.")


async def token_of(  # async: the framework would hand a plain function to another thread
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    cookie: Annotated[str | None, Depends(_cookie)],
) -> str:
    """Return the token that the request carries.

    Raises NotSignedIn without one, Forbidden when a cookie comes without the page's header.
    """
    if bearer is not None:
        return bearer.credentials
    if cookie is None:
        raise NotSignedIn("请先开始对话。")
    if request.method not in {"GET", "HEAD"} and PAGE_HEADER not in request.headers:
        raise Forbidden("请从本页面发送。")
    return cookie


Token = Annotated[str, Depends(token_of)]


def remember(response: Response, request: Request, token: str, *, page: Literal["chat", "widget"]) -> None:
    """Put the token into the cookie of this browser; a new conversation takes the place of the one before.

    A widget inside another site's page gets a cookie of that site's own partition; browsers allow it over HTTPS only.
    """
    secure = request.url.scheme == "https"
    embedded = page == "widget" and secure
    response.set_cookie(
        COOKIE,
        token,
        max_age=settings().conversation_days * 24 * 3600,
        path=COOKIE_PATH,
        httponly=True,
        secure=secure,
        samesite="none" if embedded else "strict",
    )
    if embedded:
        # Starlette writes the attribute for Python 3.14 and later only.
        response.headers["set-cookie"] += "; Partitioned"
