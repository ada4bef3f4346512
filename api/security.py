"""Who may ask: keys, trusted networks, and pages in somebody's browser that may not."""

import asyncio
import hmac
from ipaddress import ip_address
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Header, HTTPException, Request

from api import quotas, tokens
from api.errors import ApiError
from api.settings import ApiSettings
from tasks.accounts import User

MINUTE_S: Final = 60


def settings_of(request: Request) -> ApiSettings:
    """The settings that the application was made with."""
    settings: ApiSettings = request.app.state.settings
    return settings


def key_matches(given: str, settings: ApiSettings) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(given.encode(), settings.api_auth_key.encode())


def client_of(request: Request, settings: ApiSettings) -> str:
    """The client's address; a proxy's word is taken only if the proxy is trusted."""
    peer = request.client.host if request.client else ""
    forwarded = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()]
    while forwarded and _within(peer, settings.proxies):
        peer = forwarded.pop()
    return peer


def caller_of(request: Request) -> str:
    """Whose limits a request counts against: who can prove a name or a key, else the client's address."""
    settings = settings_of(request)
    bearer = _bearer(request)
    given = request.headers.get("api-key") or bearer
    if given and settings.needs_key and key_matches(given, settings):
        return "key"
    if settings.auth_enabled and bearer:
        username = tokens.username_of(bearer, settings, request.app.state.signing_key)
        if username is not None:
            return f"user:{username}"
    return f"address:{client_of(request, settings)}"


async def count_request(request: Request) -> None:
    """Count a request of its caller. Raises ApiError rate_limited over RATE_LIMIT_PER_MINUTE."""
    if limit := settings_of(request).rate_limit_per_minute:
        error = ApiError("rate_limited", f"More than {limit} requests in a minute.", "Try again later.")
        await quotas.spend(request, f"requests:{caller_of(request)}", limit, MINUTE_S, error)


async def require_native_key(request: Request) -> None:
    """A key in `api-key` or `Authorization: Bearer`, or a client of a trusted network that no browser page drives.

    Raises:
        ApiError: rate_limited, unauthorized.
    """
    await count_request(request)
    settings = settings_of(request)
    if not settings.needs_key and not settings.auth_enabled:
        return
    bearer = _bearer(request)
    if given := request.headers.get("api-key") or bearer:
        if settings.needs_key and key_matches(given, settings):
            return
        if settings.auth_enabled and bearer and await user_of(request) is not None:
            return
        raise ApiError("unauthorized", "The key is wrong.", "Send the value of API_AUTH_KEY in the header api-key.")
    if _within(client_of(request, settings), settings.trusted) and _asked_by_our_name(request, settings):
        return
    raise ApiError("unauthorized", "A key is needed.", "Send the value of API_AUTH_KEY in the header api-key.")


async def user_of(request: Request) -> User | None:
    """The user whose token came with a request; None without one, or with one that is not good."""
    settings = settings_of(request)
    token = _bearer(request)
    if not settings.auth_enabled or not token:
        return None
    username = tokens.username_of(token, settings, request.app.state.signing_key)
    return await asyncio.to_thread(request.app.state.accounts.find, username) if username else None


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def require_mt_photos_key(request: Request, api_key: Annotated[str, Header(alias="api-key")]) -> None:
    """The header `api-key`, always: missing is FastAPI's own 422, wrong is 401."""
    await count_request(request)
    settings = settings_of(request)
    if settings.needs_key and not key_matches(api_key, settings):
        raise HTTPException(401, "Invalid API key")


async def require_immich_network(request: Request) -> None:
    """Immich sends no key: its routes answer the networks of IMMICH_ALLOW, and no page in a browser."""
    if request.method != "GET":  # how often it asks whether anybody is there is not its users' doing
        await count_request(request)
    settings = settings_of(request)
    if request.headers.get("origin") is None and _within(client_of(request, settings), settings.immich_networks):
        return
    raise HTTPException(403, "IMMICH_ALLOW does not name your network")


ImmichNetwork = Depends(require_immich_network)
NativeKey = Depends(require_native_key)
MtPhotosKey = Depends(require_mt_photos_key)


def _within(address: str, networks: tuple[object, ...]) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return not address and bool(networks)  # a unix socket has no address, and is local
    mapped = getattr(ip, "ipv4_mapped", None) or ip
    return any(mapped in network for network in networks)  # type: ignore[operator]


def _asked_by_our_name(request: Request, settings: ApiSettings) -> bool:
    host = request.headers.get("host", "")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return False
    name = (urlsplit(f"//{host}").hostname or "").lower()
    if name in {"localhost", settings.host.lower(), *settings.hosts}:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
