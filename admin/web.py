"""The assembly of the web app: every door, the staff's pages, health and figures."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware

from admin import checkpoint, indexing, metrics, staff, warm
from admin.security import SecurityHeaders
from admin.streams import Ended
from channels import email, open311, voice, web, wechat
from core import database, jobs, live, problems
from core.city import city
from core.errors import NotFound
from core.settings import ROOT
from routing import clock_versions

STATIC = ROOT / "admin" / "static"

# The files that pages load from the packages that ./yitong installs.
FRONT_END = {
    "htmx.js": "node_modules/htmx.org/dist/htmx.min.js",
    "sse.js": "node_modules/htmx-ext-sse/dist/sse.min.js",
    "swagger-ui.css": "node_modules/swagger-ui-dist/swagger-ui.css",
    "swagger-ui.js": "node_modules/swagger-ui-dist/swagger-ui-bundle.js",
}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Listen for live announcements; load models and indexes beside the first requests, and follow their changes."""
    await live.hub.start()
    await clock_versions.take_up_quietly()
    tasks = [asyncio.create_task(each.follow(), name=each.__name__) for each in (warm, indexing, clock_versions)]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await live.hub.stop()
    await database.dispose()


def create_app(*, with_worker: bool = False) -> FastAPI:
    """Return the web app of this line; `with_worker`: the process is ready only while it runs jobs too."""
    app = FastAPI(
        title=f"一通 Yitong · {city().name} {city().hotline}",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    problems.install(app)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    app.add_middleware(metrics.Measured)
    app.add_middleware(Ended)

    @app.get("/docs", include_in_schema=False)
    async def interface() -> Response:
        return FileResponse(STATIC / "docs.html")

    @app.get("/static/vendor/{name}", include_in_schema=False)
    async def vendored(name: str) -> Response:
        if name not in FRONT_END:
            raise NotFound("没有这个文件。")
        return FileResponse(ROOT / FRONT_END[name], headers={"Cache-Control": "public, max-age=86400"})

    app.mount("/static/web", StaticFiles(directory=ROOT / "channels" / "web" / "static"), name="static-web")
    app.mount("/static/staff", StaticFiles(directory=STATIC), name="static-staff")

    @app.get("/healthz", tags=["operation"])
    async def healthz() -> dict[str, str]:
        """Say that this process lives."""
        return {"status": "alive"}

    @app.get("/readyz", tags=["operation"])
    async def readyz() -> Response:
        """Say whether this process can answer a citizen: database, models, and the worker where it has one."""
        checks = {"database": await database.ready(), "models": warm.loaded()}
        if with_worker:
            checks["worker"] = jobs.working()
        return JSONResponse(
            {"status": "ready" if all(checks.values()) else "not ready", **checks},
            status_code=200 if all(checks.values()) else 503,
        )

    @app.get("/metrics", tags=["operation"], include_in_schema=False)
    async def figures() -> Response:
        return await metrics.page()

    for router in (
        web.router,
        wechat.router,
        voice.router,
        email.router,
        open311.router,
        checkpoint.router,
        staff.router,
    ):
        app.include_router(router)
    return app
