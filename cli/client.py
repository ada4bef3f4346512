"""A small client of Darkroom's own HTTP API."""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from typing import Any

import httpx

from cli.errors import ServerRefused, ServerUnreachable

DEFAULT_SERVER = "http://127.0.0.1:8060"
TIMEOUT = httpx.Timeout(60.0, connect=5.0)
"""Seconds; a followed stream has a heartbeat every 10 s, so a minute of silence is a broken connection."""

Json = dict[str, Any]


class Client:
    """Speaks to one server; close it, or use it as a context.

    Args:
        server: its base URL; None takes `DARKROOM_SERVER`, then this machine's default.
        key: the API key; None takes `API_AUTH_KEY`.

    Attributes:
        local: whether the address is this machine's loopback.
    """

    def __init__(self, server: str | None = None, key: str | None = None) -> None:
        chosen = server or os.environ.get("DARKROOM_SERVER") or DEFAULT_SERVER
        self.server = (chosen if "://" in chosen else f"http://{chosen}").rstrip("/")
        key = os.environ.get("API_AUTH_KEY", "") if key is None else key
        headers = {"api-key": key} if key and key != "no-key" else {}
        self.local = httpx.URL(self.server).host in ("127.0.0.1", "localhost", "::1")
        self._http = httpx.Client(
            base_url=self.server,
            headers=headers,
            timeout=TIMEOUT,
            trust_env=not self.local,  # a proxy for the internet knows no way to this machine's loopback
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **params: Any) -> Json:
        """The JSON answer of GET. Raises ServerRefused, ServerUnreachable."""
        return self._json("GET", path, params={k: v for k, v in params.items() if v is not None})

    def post(self, path: str, **how: Any) -> Json:
        """The JSON answer of POST; `how` as for httpx. Raises ServerRefused, ServerUnreachable."""
        return self._json("POST", path, **how)

    def put(self, path: str, **how: Any) -> Json:
        """The JSON answer of PUT; `how` as for httpx. Raises ServerRefused, ServerUnreachable."""
        return self._json("PUT", path, **how)

    def delete(self, path: str) -> Json:
        """The JSON answer of DELETE. Raises ServerRefused, ServerUnreachable."""
        return self._json("DELETE", path)

    @contextlib.contextmanager
    def lines(self, path: str, **params: Any) -> Iterator[Iterator[str]]:
        """The lines of a streamed answer, as they come. Raises ServerRefused, ServerUnreachable."""
        with self._plainly(), self._http.stream("GET", path, params=params) as response:
            if response.is_error:
                response.read()
                raise _refusal(response)
            yield _lines(response.iter_bytes())

    @contextlib.contextmanager
    def pieces(self, path: str) -> Iterator[Iterator[bytes]]:
        """The bytes of a file, as they come. Raises ServerRefused, ServerUnreachable."""
        with self._plainly(), self._http.stream("GET", path) as response:
            if response.is_error:
                response.read()
                raise _refusal(response)
            yield response.iter_bytes()

    def _json(self, method: str, path: str, **how: Any) -> Json:
        with self._plainly():
            response = self._http.request(method, path, **how)
        if response.is_error:
            raise _refusal(response)
        try:
            answer: Json = response.json()
        except ValueError as error:
            raise self._stranger() from error
        return answer

    @contextlib.contextmanager
    def _plainly(self) -> Iterator[None]:
        """Turns what httpx raises into one line for people."""
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            hint = "Start one with: darkroom up" if self.local else "Is the address right, and the service running?"
            raise ServerUnreachable(f"No Darkroom answers at {self.server}.", hint) from error
        except httpx.TransportError as error:
            raise ServerUnreachable(f"The connection to {self.server} broke: {error}.", sent=True) from error
        except httpx.InvalidURL as error:
            raise ServerUnreachable(f"{self.server} is no address of a server: {error}.") from error

    def _stranger(self) -> ServerRefused:
        return ServerRefused(200, "", f"What answers at {self.server} is not Darkroom.", "Name it with --server.")


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Lines that end with a line feed; httpx's own also end at characters that JSON allows inside a string."""
    begun: list[bytes] = []
    for piece in pieces:
        first, *rest = piece.split(b"\n")
        begun.append(first)
        for following in rest:
            yield b"".join(begun).decode(errors="replace")
            begun = [following]
    if last := b"".join(begun):
        yield last.decode(errors="replace")


def _refusal(response: httpx.Response) -> ServerRefused:
    """The error in an answer, in our form or another's."""
    try:
        said = json.loads(response.content)["error"]
        code, message, hint = str(said["code"]), str(said["message"]), said.get("hint")
    except (ValueError, KeyError, TypeError):
        code, hint = "", None
        message = f"{response.request.url} answered {response.status_code} {response.reason_phrase}."
    if response.status_code == 401 and not hint:
        hint = "Put the service's key into API_AUTH_KEY."
    wait = response.headers.get("retry-after", "")
    return ServerRefused(response.status_code, code, message, hint, float(wait) if wait.isdecimal() else None)
