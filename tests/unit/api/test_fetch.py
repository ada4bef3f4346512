"""Which addresses may be fetched, whatever their names say."""

import pytest

from api.errors import ApiError
from api.fetch import fetch
from api.settings import ApiSettings

OPEN = ApiSettings(allow_url_fetch="*")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://localhost/",
        "http://10.0.0.8/a.png",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fd00::1]/",
        "http://2130706433/",
    ],
)
async def test_private_addresses_are_never_asked_even_where_all_is_allowed(url: str) -> None:
    with pytest.raises(ApiError) as refused:
        await fetch(url, OPEN)
    assert refused.value.code == "url_not_allowed"


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://example.org/", "http://user:pass@example.org/", "http:///"]
)
async def test_other_kinds_of_addresses_are_refused(url: str) -> None:
    with pytest.raises(ApiError) as refused:
        await fetch(url, OPEN)
    assert refused.value.code == "url_not_allowed"


async def test_only_hosts_that_are_named_are_asked() -> None:
    with pytest.raises(ApiError, match="not fetched from there"):
        await fetch("https://other.example/a.png", ApiSettings(allow_url_fetch="pictures.example"))
