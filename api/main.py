"""The application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Final

from fastapi import FastAPI

from api import errors
from api.compat import deepseek, immich, mt_photos, my_ocr
from api.limits import UploadLimit
from api.measure import Measure
from api.routes import (
    accounts,
    docs,
    documents,
    exports,
    health,
    history,
    jobs,
    libraries,
    metrics,
    page,
    people,
    photo,
    photos,
    result,
    schedules,
    search,
    system,
)
from api.schemas.openapi import describe
from api.scrape import Scrape
from api.settings import ApiSettings
from api.trail import Trail
from monitoring import tracing
from tasks import garbage
from tasks.accounts import Accounts
from tasks.dispatch import Dispatch
from tasks.settings import TaskSettings

SERVED: Final = (
    *(photos, photo, mt_photos, immich, my_ocr, deepseek),
    *(health, metrics, jobs, schedules, exports, result, documents),
    *(accounts, system, libraries, history, search, people, docs, page),
)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """What is there while the application runs."""
    tracing.start("api")
    app.state.dispatch = Dispatch(TaskSettings())
    await app.state.dispatch.start()
    app.state.accounts = Accounts(app.state.dispatch.store)
    app.state.scrape = Scrape(app.state.dispatch)
    if app.state.settings.auth_enabled:
        await asyncio.to_thread(accounts.prepare, app)
    garbage.settle()
    try:
        yield
    finally:
        app.state.scrape.close()
        await app.state.dispatch.stop()
        await asyncio.to_thread(tracing.stop)


def create_app() -> FastAPI:
    """The service with all its protocols; settings come from the environment."""
    settings = ApiSettings()

    app = FastAPI(
        title="Darkroom",
        version=version("darkroom"),
        docs_url=None,
        openapi_url="/api/openapi.json",
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.add_middleware(UploadLimit, settings=settings)
    app.add_middleware(Measure)
    app.add_middleware(Trail, access=settings.access_log)
    for error, answer in errors.ANSWERS.items():
        app.add_exception_handler(error, answer)
    routers = [module.router for module in SERVED]
    # A router's routes have its prefix and its dependencies already. Included as a router they would be looked through
    # twice for each request, route by route, which costs as much as all the rest of FastAPI.
    for router in (*routers, documents.artifacts):
        app.router.routes.extend(router.routes)
    app.openapi = partial(describe, app)  # type: ignore[method-assign]
    return app
