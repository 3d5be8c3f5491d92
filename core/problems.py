"""Errors over HTTP: problem documents (RFC 9457) with one sentence for a person."""

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from core.errors import Unavailable, YitongError

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"


def problem(status: int, slug: str, sentence: str, **extra: Any) -> JSONResponse:
    """Return a problem document."""
    content = {"type": f"urn:yitong:problem:{slug}", "title": slug, "status": status, "detail": sentence, **extra}
    headers = {"Retry-After": "5"} if status == Unavailable.status else None
    return JSONResponse(content, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem document; what was typed is never echoed."""

    @app.exception_handler(YitongError)
    async def _ours(_request: Request, error: YitongError) -> JSONResponse:
        return problem(error.status, error.slug, error.sentence, **error.extra)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        fields = [".".join(str(part) for part in each["loc"][1:]) or str(each["loc"][0]) for each in error.errors()]
        return problem(422, "bad-input", "请求的内容不对，请检查：" + "、".join(dict.fromkeys(fields)), fields=fields)

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> JSONResponse:
        sentences = {404: "没有这个地址。", 405: "这个地址不支持这种请求。"}
        return problem(error.status_code, "http", sentences.get(error.status_code, str(error.detail)))

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("request.failed", method=request.method, path=request.scope.get("route_path", ""), exc_info=error)
        return problem(500, "internal-error", "系统出了点问题，您的内容没有丢失，请稍后再试。")
