"""Follows the frames of a job, through restarts of the service and broken connections."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from cli.client import Client
from cli.errors import CommandError, ServerRefused, ServerUnreachable

Frame = dict[str, Any]

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 15.0
PATIENCE_S = 300.0
PASSING = frozenset({429, 502, 503, 504})
"""Answers of a service that restarts or is very busy."""


def follow(
    client: Client,
    job_id: str,
    after: int = 0,
    patience_s: float = PATIENCE_S,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Frame]:
    """Every frame of a job after a number, once and in order, until the run that is current ends.

    Args:
        client: of the server that has the job.
        job_id: the job's `task_id`.
        after: number of the last frame that is known already.
        patience_s: seconds without any sign of the server until giving up.
        sleep: waits between attempts.

    Raises:
        ServerRefused: the server knows no such job, or does not let us see it.
        CommandError: the server stayed away; the message says how to go on later.
    """
    ended, pause, lost_at = False, FIRST_PAUSE_S, None
    while True:
        try:
            with client.lines(f"/api/jobs/{job_id}/events", after=after, follow=True) as lines:
                for line in lines:
                    pause, lost_at = FIRST_PAUSE_S, None
                    if line.strip():
                        frame: Frame = json.loads(line)
                        after, ended = frame["seq"], frame["type"] == "end"
                        yield frame
            if ended:
                return
        except ServerRefused as error:
            if error.status not in PASSING:
                raise
            pause = max(pause, error.retry_after_s or 0)
        except (ServerUnreachable, json.JSONDecodeError):
            pass  # gone, or cut off in the middle of a line
        lost_at = lost_at or time.monotonic()
        if time.monotonic() - lost_at > patience_s:
            raise CommandError(
                f"{client.server} has not answered for {patience_s:.0f} s.",
                f"The job goes on there; look again with: darkroom jobs watch {job_id}",
            )
        sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_S)
