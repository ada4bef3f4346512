"""Who must say who they are, and what they see until then."""

import re

import pytest

from tests.conftest import Service
from tests.e2e.browsing import expect
from tests.e2e.conftest import Open
from tests.integration.conftest import Start

pytestmark = pytest.mark.e2e
REFUSED = "401"
USER, PASSWORD, KEY = "ada", "notes on the engine", "a-key-of-the-house"


@pytest.fixture
def with_accounts(start: Start) -> Service:
    return start(AUTH_ENABLED="true", BOOTSTRAP_USER=USER, BOOTSTRAP_PASS=PASSWORD)


@pytest.fixture
def with_key(start: Start) -> Service:
    return start(TRUSTED_NETWORKS="none", API_AUTH_KEY=KEY)


def test_a_service_with_accounts_asks_for_a_name_and_a_password(with_accounts: Service, visit: Open) -> None:
    window = visit(with_accounts)
    window.expect(REFUSED)
    page = window.go("/system").page
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_role("heading", name="System")).to_have_count(0)
    page.get_by_role("textbox", name="Name").fill(USER)
    page.get_by_role("textbox", name="Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("Name or password is wrong")
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="System", exact=True)).to_be_visible()
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 1], "kept longer than asked for"
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_somebody_new_makes_an_account_and_is_in(with_accounts: Service, visit: Open) -> None:
    window = visit(with_accounts)
    window.expect(REFUSED)
    page = window.go("/system").page
    page.get_by_role("button", name="Create an account").click()
    page.get_by_role("textbox", name="Name").fill("grace")
    page.get_by_role("textbox", name="Password").fill("nanoseconds")
    page.get_by_label("Remember on this device").check()
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_role("heading", name="System", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="System", exact=True)).to_be_visible()


def test_a_sign_in_that_is_over_is_asked_for_again_in_front_of_the_work(with_accounts: Service, visit: Open) -> None:
    window = visit(with_accounts)
    window.expect(REFUSED)
    page = window.go("/system").page
    page.get_by_role("textbox", name="Name").fill(USER)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="System", exact=True)).to_be_visible()
    page.evaluate("document.querySelector('main h1').dataset.kept = 'yes'")
    page.route(re.compile("/api/"), _as_if_expired)
    expect(page.get_by_role("dialog")).to_contain_text("Sign in again")
    page.unroute(re.compile("/api/"))
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("textbox", name="Name").fill(USER)
    page.get_by_role("dialog").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.locator("main h1").first.get_attribute("data-kept") == "yes", "the view was made anew"


def _as_if_expired(route: object) -> None:
    error = {"error": {"code": "unauthorized", "message": "The key is wrong."}}
    route.fulfill(status=401, json=error)  # type: ignore[attr-defined]


def test_a_service_with_a_key_asks_for_it_and_keeps_only_the_right_one(with_key: Service, visit: Open) -> None:
    window = visit(with_key)
    window.expect(REFUSED)
    page = window.go("/system").page
    page.get_by_role("textbox", name="API key").fill("a guess")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_contain_text("This key is wrong")
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    page.get_by_role("textbox", name="API key").fill(f" {KEY} ")
    page.get_by_label("Remember on this device").check()
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name="System", exact=True)).to_be_visible()
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [1, 0]


def test_a_service_of_ones_own_machine_asks_nobody(service: Service, visit: Open) -> None:
    page = visit(service).go("/system").page
    expect(page.get_by_role("heading", name="System", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
