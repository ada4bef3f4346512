"""The application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI

from api import errors
from api.compat import deepseek, immich, mt_photos, my_ocr
from api.limits import UploadLimit
from api.measure import Measure
from api.routes import (
    accounts,
    documents,
    exports,
    health,
    history,
    jobs,
    libraries,
    metrics,
    page,
    photos,
    result,
    schedules,
    system,
)
from api.schemas.openapi import describe
from api.settings import ApiSettings
from tasks import garbage
from tasks.accounts import Accounts
from tasks.dispatch import Dispatch
from tasks.settings import TaskSettings


def create_app() -> FastAPI:
    """The service with all its protocols; settings come from the environment."""
    settings = ApiSettings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.dispatch = Dispatch(TaskSettings())
        await app.state.dispatch.start()
        app.state.accounts = Accounts(app.state.dispatch.store)
        if settings.auth_enabled:
            await asyncio.to_thread(accounts.prepare, app)
        garbage.settle()
        try:
            yield
        finally:
            await app.state.dispatch.stop()

    app = FastAPI(
        title="Darkroom",
        version=version("darkroom"),
        docs_url="/api/docs",
        openapi_url="/api/openapi.json",
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.add_middleware(UploadLimit, settings=settings)
    app.add_middleware(Measure)
    for error, answer in errors.ANSWERS.items():
        app.add_exception_handler(error, answer)
    native = (health, metrics, jobs, schedules, exports, result, documents, accounts, system, libraries, history, page)
    routers = [module.router for module in (photos, mt_photos, immich, my_ocr, deepseek, *native)]
    # A router's routes have its prefix and its dependencies already. Included as a router they would be looked through
    # twice for each request, route by route, which costs as much as all the rest of FastAPI.
    for router in (*routers, documents.artifacts):
        app.router.routes.extend(router.routes)
    app.openapi = partial(describe, app)  # type: ignore[method-assign]
    return app
