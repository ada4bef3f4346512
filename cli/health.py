"""`darkroom health`: what a container's health check asks."""

import asyncio
import sys
from typing import Annotated

import typer

PATIENCE_S = 5.0


def health(
    worker: Annotated[bool, typer.Option("--worker", help="Ask for a worker on this host, not for the API.")] = False,
    live: Annotated[bool, typer.Option("--live", help="It is enough that the API answers.")] = False,
    host: Annotated[str, typer.Option(envvar="HOST", help="Address that the API listens on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="HTTP_PORT", min=1, max=65535, help="Its TCP port.")] = 8060,
) -> None:
    """Say whether what runs here is well; the exit status is 1 if it is not.

    The API is well when it can serve: broker, database and a worker answer.
    A worker is well while it gives signs of life to the broker.

    Example: darkroom health && echo well
    """
    problems = _of_workers() if worker else asyncio.run(_of_api(host, port, live))
    print("; ".join(problems) or "well", file=sys.stderr if problems else sys.stdout)
    if problems:
        raise typer.Exit(1)


async def _of_api(host: str, port: int, live: bool) -> list[str]:
    from cli import readiness

    if live:
        return [] if await readiness.answers(host, port, "/livez", PATIENCE_S) else ["the API does not answer"]
    found = await readiness.ask(host, port, PATIENCE_S)
    return [] if found.ready else found.waiting_for()


def _of_workers() -> list[str]:
    import socket

    import redis

    from tasks import liveness
    from tasks.broker import connect
    from tasks.settings import TaskSettings

    client = connect(TaskSettings().redis)
    try:
        alive = [record for record in liveness.workers(client) if record.host == socket.gethostname()]
    except redis.RedisError as error:
        return [f"Redis does not answer: {error}"]
    finally:
        client.close()
    return [] if alive else [f"no worker on {socket.gethostname()} gives signs of life"]
