"""Pictures by URL: only from hosts that are allowed, never from private addresses, within limits of size and time."""

import asyncio
import socket
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx

from api.errors import ApiError
from api.settings import ApiSettings

TIMEOUT_S: Final = 20.0
REDIRECTS: Final = 3
TRANSLATED: Final = (ip_network("64:ff9b::/96"), ip_network("2002::/16"), ip_network("2001::/32"))


async def fetch(url: str, settings: ApiSettings) -> bytes:
    """The bytes behind a URL.

    The name is looked up once and that address is asked, so that it cannot change between the check and the request.

    Raises:
        ApiError: bad_request, url_not_allowed, too_large, or url_unreachable.
    """
    try:
        async with asyncio.timeout(TIMEOUT_S), httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_S) as client:
            for _ in range(REDIRECTS + 1):
                answer = await _ask(client, url, settings)
                if isinstance(answer, bytes):
                    return answer
                url = answer
    except (ValueError, httpx.InvalidURL) as error:  # a port, a host or an address in it that is none
        raise ApiError("bad_request", "The URL cannot be understood.") from error
    except (httpx.HTTPError, TimeoutError, OSError) as error:
        raise ApiError("url_unreachable", f"The URL cannot be fetched: {type(error).__name__}.") from error
    raise ApiError("url_unreachable", "The URL leads to others too often.")


async def _ask(client: httpx.AsyncClient, url: str, settings: ApiSettings) -> bytes | str:
    """The body, or the address that it leads to."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    allowed = {name.strip().lower() for name in settings.allow_url_fetch.split(",") if name.strip()}
    if parts.scheme not in ("http", "https") or not host or parts.username or not ({"*", host} & allowed):
        raise ApiError("url_not_allowed", "Pictures are not fetched from there.", "ALLOW_URL_FETCH names the hosts.")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = await _address(host, port)
    shown = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    request = client.build_request(
        "GET",
        urlunsplit((parts.scheme, shown, parts.path or "/", parts.query, "")),
        headers={"Host": parts.netloc, "Accept-Encoding": "identity"},
        extensions={"sni_hostname": host},
    )
    answer = await client.send(request, stream=True)
    try:
        if answer.is_redirect:
            return urljoin(url, answer.headers["location"])
        answer.raise_for_status()
        body = bytearray()
        async for chunk in answer.aiter_raw():  # whatever is packed may be of any size
            body += chunk
            if len(body) > settings.max_upload_bytes:
                raise ApiError("too_large", f"The picture is over {settings.max_upload_mb} MiB.")
        return bytes(body)
    finally:
        await answer.aclose()


async def _address(host: str, port: int) -> str:
    """A public address of a host; none of its addresses may be another."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(info[4][0]) for info in found]
    if not addresses or not all(_is_public(address) for address in addresses):
        raise ApiError("url_not_allowed", "The URL leads to an address that is not public.")
    return addresses[0]


def _is_public(address: str) -> bool:
    ip = ip_address(address)
    # Addresses that stand for IPv4 ones lead wherever those do.
    translated = any(ip in network for network in TRANSLATED)
    return ip.is_global and not ip.is_multicast and not translated
