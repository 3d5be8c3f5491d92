"""Errors over HTTP: problem documents (RFC 9457) with one sentence for a person, a plain page for a browser."""

from html import escape
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from core.errors import Unavailable, YitongError

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{sentence}</title>
<link rel="stylesheet" href="/static/web/yitong.css">
<body><main class="column"><section class="card"><h1>{sentence}</h1><p><a href="/">返回首页</a></p></section></main>
"""


def problem(request: Request, status: int, slug: str, sentence: str, **extra: Any) -> Response:
    """Return a problem document; a page where a browser navigates."""
    headers = {"Retry-After": "5"} if status == Unavailable.status else None
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(PAGE.format(sentence=escape(sentence)), status_code=status, headers=headers)
    content = {"type": f"urn:yitong:problem:{slug}", "title": slug, "status": status, "detail": sentence, **extra}
    return JSONResponse(content, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem; what was typed is never echoed."""

    @app.exception_handler(YitongError)
    async def _ours(request: Request, error: YitongError) -> Response:
        return problem(request, error.status, error.slug, error.sentence, **error.extra)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        fields = [".".join(str(part) for part in each["loc"][1:]) or str(each["loc"][0]) for each in error.errors()]
        sentence = "请求的内容不对，请检查：" + "、".join(dict.fromkeys(fields))
        return problem(request, 422, "bad-input", sentence, fields=fields)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        sentences = {
            400: "请求的内容读不出来，请用 UTF-8 编码的 JSON。",
            404: "没有这个地址。",
            405: "这个地址不支持这种请求。",
        }
        return problem(request, error.status_code, "http", sentences.get(error.status_code, str(error.detail)))

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        route = getattr(request.scope.get("route"), "path", "")
        log.error("request.failed", method=request.method, route=route, exc_info=error)
        return problem(request, 500, "internal-error", "系统出了点问题，您的内容没有丢失，请稍后再试。")
