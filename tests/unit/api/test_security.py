"""Who may ask: keys, trusted networks, and pages in somebody's browser that may not."""

import asyncio
from types import SimpleNamespace

import pytest
from fastapi import HTTPException, Request

from api.errors import ApiError
from api.security import require_mt_photos_key, require_native_key
from api.settings import ApiSettings

HOME = {"host": "127.0.0.1:8060"}


def request(settings: ApiSettings, peer: str = "127.0.0.1", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in {**HOME, **headers}.items()]
    app = SimpleNamespace(state=SimpleNamespace(settings=settings))
    return Request({"type": "http", "client": (peer, 1), "headers": raw, "app": app})


def allowed(settings: ApiSettings, peer: str = "127.0.0.1", **headers: str) -> bool:
    try:
        asyncio.run(require_native_key(request(settings, peer, **headers)))
    except ApiError as error:
        if error.code != "unauthorized" or not error.hint:
            raise
        return False
    return True


KEY = ApiSettings(api_auth_key="secret")


def test_the_key_is_taken_from_either_header_and_from_anywhere() -> None:
    for peer in ("127.0.0.1", "203.0.113.9"):
        assert allowed(KEY, peer, api_key="secret")
        assert allowed(KEY, peer, authorization="Bearer secret")
        assert allowed(KEY, peer, authorization="bearer  secret")


@pytest.mark.parametrize("wrong", ["Secret", "secret ", "s", "ключ", "secret" * 100])
def test_a_wrong_key_is_refused_even_from_this_machine(wrong: str) -> None:
    assert not allowed(KEY, api_key=wrong)
    assert not allowed(KEY, authorization=f"Bearer x{wrong}")


def test_only_this_machine_needs_no_key_by_default() -> None:
    assert allowed(KEY, "127.0.0.1")
    assert allowed(KEY, "::1")
    assert allowed(KEY, "::ffff:127.0.0.1")
    for peer in ("192.168.1.5", "10.0.0.1", "203.0.113.9", "2001:db8::1", "::ffff:203.0.113.9", "nonsense"):
        assert not allowed(KEY, peer), peer


def test_the_home_network_can_be_trusted_or_nobody() -> None:
    home = ApiSettings(api_auth_key="secret", trusted_networks="private")
    assert allowed(home, "192.168.1.5")
    assert not allowed(home, "203.0.113.9")
    assert not allowed(ApiSettings(api_auth_key="secret", trusted_networks="none"))


@pytest.mark.parametrize("key", ["", "no-key"])
def test_the_check_can_be_turned_off(key: str) -> None:
    settings = ApiSettings(api_auth_key=key)
    assert allowed(settings, "203.0.113.9")
    asyncio.run(require_mt_photos_key(request(settings), "anything"))


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("localhost:8060", True),
        ("LOCALHOST", True),
        ("127.0.0.1:8060", True),
        ("[::1]:8060", True),
        ("photos.home", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
    ],
)
def test_a_name_that_is_not_ours_needs_a_key(host: str, ours: bool) -> None:
    settings = ApiSettings(api_auth_key="secret", allowed_hosts="photos.home")
    assert allowed(settings, host=host) is ours
    assert allowed(settings, host=host, api_key="secret")


@pytest.mark.parametrize(
    ("origin", "ours"),
    [
        ("http://127.0.0.1:8060", True),
        ("https://evil.example", False),
        ("http://127.0.0.1:9999", False),
        ("null", False),
        ("", False),
    ],
)
def test_a_page_of_another_origin_needs_a_key(origin: str, ours: bool) -> None:
    assert allowed(KEY, origin=origin) is ours


def test_a_client_behind_an_untrusted_proxy_cannot_say_that_it_is_local() -> None:
    assert not allowed(KEY, "203.0.113.9", x_forwarded_for="127.0.0.1")
    behind = ApiSettings(api_auth_key="secret", trusted_proxies="loopback")
    assert not allowed(behind, "127.0.0.1", x_forwarded_for="203.0.113.9")


def test_mt_photos_asks_for_its_key_from_anywhere() -> None:
    asyncio.run(require_mt_photos_key(request(KEY), "secret"))
    with pytest.raises(HTTPException) as refused:
        asyncio.run(require_mt_photos_key(request(KEY), "wrong"))
    assert (refused.value.status_code, refused.value.detail) == (401, "Invalid API key")


def test_keys_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[bytes, bytes]] = []

    def compare(given: bytes, right: bytes) -> bool:
        seen.append((given, right))
        return given == right

    monkeypatch.setattr("hmac.compare_digest", compare)
    assert not allowed(KEY, api_key="wrong")
    assert seen == [(b"wrong", b"secret")]
