"""Accounts: register, sign in, who am I, and what is refused."""

from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from tests.conftest import Service, picture

pytestmark = pytest.mark.e2e
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with accounts that trusts no network."""
    settings = {
        "AUTH_ENABLED": "true",
        "TRUSTED_NETWORKS": "none",
        "BOOTSTRAP_USER": "root",
        "BOOTSTRAP_PASS": PASSWORD,
    }
    made = Service(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("library"), **settings)
    yield made
    made.stop()


def sign_in(service: Service, username: str, password: str = PASSWORD) -> Any:
    return service.http.post("/api/auth/token", data={"username": username, "password": password})


def bearer(service: Service, username: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {sign_in(service, username).json()['access_token']}"}


def test_with_accounts_off_everybody_is_anonymous(service: Service) -> None:
    answer = service.http.get("/api/users/me")
    assert (answer.status_code, answer.json()["username"]) == (200, "anonymous")
    usage = service.http.get("/api/users/me/usage").json()  # other tests may have read documents by this service
    assert service.http.get("/api/users/me/usage/summary").json()["documents"] >= len(usage)


def test_somebody_registers_and_signs_in(closed: Service) -> None:
    answer = closed.http.post("/api/auth/register", json={"username": "ada", "password": PASSWORD})
    assert answer.status_code == 200
    assert set(answer.json()) == {"id", "username", "created_at"}
    token = sign_in(closed, "ada").json()
    assert (set(token), token["token_type"]) == ({"access_token", "token_type"}, "bearer")
    me = closed.http.get("/api/users/me", headers={"Authorization": f"Bearer {token['access_token']}"})
    assert me.json() == answer.json()


def test_a_taken_name_is_400(closed: Service) -> None:
    answer = closed.http.post("/api/auth/register", json={"username": "root", "password": PASSWORD})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "name_taken")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "", "password": PASSWORD},
        {"username": "a b", "password": PASSWORD},
        {"username": "bob", "password": "short"},
        {"username": 5, "password": PASSWORD},
    ],
)
def test_a_name_or_password_of_no_use_is_400(closed: Service, body: Any) -> None:
    answer = closed.http.post("/api/auth/register", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


def test_the_bootstrap_user_may_use_the_service_and_strangers_may_not(closed: Service) -> None:
    upload = {"file": ("a.png", picture())}
    assert closed.http.post("/api/photos?tasks=probe", files=upload).status_code == 401
    mine = closed.http.post("/api/photos?tasks=probe", files=upload, headers=bearer(closed, "root"))
    assert mine.status_code == 200
    key = {"Authorization": "Bearer mt_photos_ai_extra"}
    assert closed.http.post("/api/photos?tasks=probe", files=upload, headers=key).status_code == 200


def test_a_token_of_another_key_or_of_none_is_401(closed: Service) -> None:
    made = {"sub": "root", "exp": 4_000_000_000}
    for token in (
        jwt.encode(made, "x" * 32, algorithm="HS256"),
        jwt.encode(made, "", algorithm="none"),
        "not.a.token",
    ):
        answer = closed.http.get("/api/users/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401


def test_guessing_a_password_is_stopped(closed: Service) -> None:
    codes = [sign_in(closed, "victim", f"guess number {n}").status_code for n in range(12)]
    assert codes == [401] * 10 + [429] * 2
    answer = sign_in(closed, "victim")
    assert int(answer.headers["retry-after"]) > 0
    assert sign_in(closed, "root").status_code == 200, "others are not shut out"


def test_no_password_and_no_token_is_in_the_log(closed: Service) -> None:
    token = sign_in(closed, "root").json()["access_token"]
    log = "".join(closed.log)
    assert PASSWORD not in log
    assert token not in log
