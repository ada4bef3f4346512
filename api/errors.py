"""One table: error code -> HTTP status; and the body that native routes give an error."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson
import redis
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from engines.errors import EngineError
from monitoring import context, metrics
from tasks.errors import BrokerDown, QueueFull, StoreDown, TaskError
from tasks.failures import Failure

log = logging.getLogger(__name__)

STATUS: Final[dict[str, int]] = {
    "bad_request": 400,
    "unknown_task": 400,
    "name_taken": 400,
    "model_unknown": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "path_not_allowed": 403,
    "url_not_allowed": 403,
    "not_found": 404,
    "path_not_found": 404,
    "job_not_found": 404,
    "schedule_not_found": 404,
    "artifact_not_found": 404,
    "artifact_too_large": 400,
    "blob_missing": 404,
    "photo_not_found": 404,
    "person_not_found": 404,
    "history_not_found": 404,
    "photo_changed": 409,
    "photo_gone": 410,
    "method_not_allowed": 405,
    "wrong_state": 409,
    "people_unsettled": 409,
    "cancelled": 409,
    "upload_too_slow": 408,
    "too_large": 413,
    "not_a_picture": 415,
    "picture_undecodable": 422,
    "picture_out_of_range": 422,
    "picture_unusable": 422,
    "document_error": 422,
    "mode_missing": 422,
    "pdf_broken": 422,
    "pdf_password": 422,
    "pdf_out_of_range": 422,
    "queue_full": 429,
    "rate_limited": 429,
    "too_many_attempts": 429,
    "engine_error": 500,
    "inference_failed": 500,
    "internal_error": 500,
    "task_error": 500,
    "worker_died": 500,
    "worker_name_taken": 500,
    "port_taken": 500,
    "url_unreachable": 502,
    "broker_down": 503,
    "document_engine_down": 503,
    "device_missing": 503,
    "model_error": 503,
    "model_missing": 503,
    "no_worker": 503,
    "store_down": 503,
    "queue_timeout": 504,
    "run_timeout": 504,
    "spool_full": 507,
}

_CODES: Final = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    502: "url_unreachable",
}
"""Of errors that have none: the framework's, and those of compat routes."""

PICTURE_CODES: Final = frozenset({"not_a_picture", "picture_undecodable", "picture_out_of_range"})


class ApiError(Exception):
    """What the HTTP side itself refuses."""

    def __init__(self, code: str, message: str, hint: str | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
        self.headers = headers or {}


ServiceError = ApiError | Failure | TaskError | EngineError
SERVICE_ERRORS: Final = (ApiError, Failure, TaskError, EngineError)


def status_of(code: str) -> int:
    """HTTP status of an error code; 500 for one that is not in the table."""
    return STATUS.get(code, 500)


def told(scope: Scope, code: str) -> None:
    """Count an error that a request is answered with, and keep its code for who measures the request."""
    scope["darkroom.error"] = code
    count(code)


def count(code: str | None) -> None:
    """Count an error that a client is told of, in an answer or in the middle of a stream."""
    metrics.ERRORS.labels(code if code in STATUS else "other").inc()


def code_of(scope: Scope) -> str | None:
    """The error that a request was answered with."""
    code: str | None = scope.get("darkroom.error")
    return code


def headers_of(error: ServiceError) -> dict[str, str]:
    """Headers that go with an error."""
    if isinstance(error, QueueFull):
        return {"Retry-After": str(error.retry_after)}
    return error.headers if isinstance(error, ApiError) else {}


def body(code: str, message: str, hint: str | None = None) -> dict[str, Any]:
    """The native form of an error."""
    inner = {"code": code, "message": message}
    return {"error": inner | {"hint": hint} if hint else inner}


def respond(status: int, content: Any, headers: dict[str, str] | None = None) -> Response:
    """JSON, by orjson."""
    return Response(orjson.dumps(content), status, headers, media_type="application/json")


async def on_service_error(request: Request, error: Exception) -> Response:
    """Native answer to an error of ours."""
    assert isinstance(error, SERVICE_ERRORS)
    told(request.scope, error.code)
    return respond(status_of(error.code), body(error.code, str(error), error.hint), headers_of(error))


async def on_broker_error(request: Request, _error: Exception) -> Response:
    """503 where Redis does not answer, whichever route needed it."""
    return await on_service_error(request, BrokerDown(*BrokerDown.SAYS))


async def on_store_error(request: Request, error: Exception) -> Response:
    """503 where the database does not answer or cannot write; the log says how."""
    log.error("the database failed: %s", error)
    return await on_service_error(request, StoreDown(*StoreDown.SAYS))


async def on_data_error(request: Request, _error: Exception) -> Response:
    """400 for what the database cannot hold, such as a NUL in PostgreSQL."""
    return await on_service_error(request, ApiError("bad_request", "A text or a number is none that can be stored."))


async def on_validation_error(request: Request, error: Exception) -> Response:
    """400 in our form on native routes; compat routes keep their framework's 422."""
    assert isinstance(error, RequestValidationError)
    told(request.scope, "bad_request")
    details = [{"type": e["type"], "loc": e["loc"], "msg": e["msg"], "input": None} for e in error.errors()]
    if _is_compat(request):
        return respond(422, {"detail": details})
    first = details[0]
    where = ".".join(str(part) for part in first["loc"])
    return respond(400, body("bad_request", f"{where}: {first['msg']}"))


async def on_http_error(request: Request, error: Exception) -> Response:
    """Errors that the framework raises, in our form; compat routes keep the framework's."""
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, ApiError):  # raised while the framework read the body, which calls it unreadable
        return await on_service_error(request, error.__cause__)
    code = _CODES.get(error.status_code, "bad_request" if error.status_code < 500 else "internal_error")
    told(request.scope, code)
    if _is_compat(request):
        return respond(error.status_code, {"detail": error.detail}, dict(error.headers or {}))
    return respond(error.status_code, body(code, str(error.detail)), dict(error.headers or {}))


def _is_compat(request: Request) -> bool:
    return _tags(request) in (["MT Photos"], ["Immich"], ["My OCR"])


def _tags(request: Request) -> list[str] | None:
    return getattr(request.scope.get("route"), "tags", None)


async def on_unexpected(request: Request, _error: Exception) -> Response:
    """What nobody foresaw, in the form of its protocol: nothing internal leaks, the log has the rest by this id."""
    said, name = "Something went wrong here.", context.current().request
    hint = f"The log of the API has the details, under request {name}."
    content = body("internal_error", said, hint)
    if _is_compat(request):
        content = {"detail": f"{said} {hint}"}
    if _tags(request) == ["MT Photos"]:
        content = {"result": [], "msg": f"{said} {hint}"}
    return respond(500, content, {"X-Request-ID": name})


ANSWERS: Final[dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]]] = {
    **dict.fromkeys(SERVICE_ERRORS, on_service_error),
    redis.RedisError: on_broker_error,
    DataError: on_data_error,
    SQLAlchemyError: on_store_error,
    RequestValidationError: on_validation_error,
    HTTPException: on_http_error,
    Exception: on_unexpected,
}
