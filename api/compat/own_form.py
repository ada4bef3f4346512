"""Errors of ours in a protocol's own form, wherever in a route of it they come up."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from api.errors import SERVICE_ERRORS, ApiError, ServiceError, told


def answering(form: Callable[[ServiceError], Response]) -> type[APIRoute]:
    """The class of routes whose errors are answered by `form`, also those of their dependencies and their body."""

    class Route(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def answered(request: Request) -> Response:
                try:
                    return await handle(request)
                except SERVICE_ERRORS as error:
                    told(request.scope, error.code)
                    return form(error)
                except HTTPException as error:
                    if isinstance(error.__cause__, ApiError):  # raised while the framework read the body
                        told(request.scope, error.__cause__.code)
                        return form(error.__cause__)
                    raise

            return answered

    return Route
