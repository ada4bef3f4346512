"""What the application keeps while it runs."""

from fastapi import Request

from tasks.dispatch import Dispatch


def dispatch_of(request: Request) -> Dispatch:
    """The door to queue and memory."""
    dispatch: Dispatch = request.app.state.dispatch
    return dispatch
