"""`darkroom api`: the HTTP server."""

import logging
import socket
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.up import api_processes

if TYPE_CHECKING:
    from fastapi import FastAPI

APPLICATION = "cli.api:application"
GRACE_S = 2
"""Seconds that requests in flight get when the server stops; accepted jobs are in the store, not lost."""


def api(
    host: Annotated[str, typer.Option(envvar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="HTTP_PORT", min=0, max=65535, help="TCP port.")] = 8060,
    fd: Annotated[int | None, typer.Option(hidden=True, help="An inherited listening socket.")] = None,
) -> None:
    """Serve HTTP without workers of its own; WEB_CONCURRENCY says with how many processes.

    REDIS_URL, DATABASE_URL and BLOB_URL say where the service is that it belongs to.

    Example: REDIS_URL=redis://nas:6379/0 darkroom api --host 0.0.0.0
    """
    import uvicorn

    from api.connections import Connection
    from api.settings import ApiSettings
    from cli import environment, logs

    logs.configure("api")
    options: dict[str, Any] = {
        "factory": True,
        "host": host,
        "port": port,
        "loop": "uvloop",
        "http": partial(Connection, header_timeout_s=ApiSettings().header_timeout_s),
        "ws": "none",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,  # api/security.py reads them, with the trusted proxies in mind
        "timeout_graceful_shutdown": GRACE_S,
        "backlog": 2048,
    }
    if fd is None:
        with environment.counting_together(api_processes()):
            uvicorn.run(APPLICATION, workers=api_processes(), **options)
        return
    logging.getLogger("uvicorn").setLevel(logging.WARNING)  # the supervisor says when it starts and ends
    with socket.socket(fileno=fd) as listener:
        uvicorn.Server(uvicorn.Config(APPLICATION, **options)).run(sockets=[listener])


def application() -> "FastAPI":
    """The application of this process, of which there may be several, and its log."""
    from api.main import create_app
    from cli import logs

    logs.configure("api")
    return create_app()
