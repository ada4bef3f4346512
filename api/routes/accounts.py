"""Accounts: who somebody is, and what their documents have cost. My OCR's calls, by their names."""

import asyncio
import logging
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, FastAPI, Form, Request, Response
from pydantic import BaseModel, Field

from api import quotas, tokens
from api.errors import ApiError, respond
from api.schemas.accounts import Token, Usage, UsageSummary
from api.schemas.accounts import User as ShownUser
from api.schemas.errors import REFUSED
from api.security import client_of, count_request, settings_of, user_of
from api.settings import ApiSettings
from tasks.accounts import Accounts, NameTaken, User

router = APIRouter(prefix="/api", tags=["accounts"], responses=REFUSED)
log = logging.getLogger(__name__)

ANONYMOUS: Final = User(0, "anonymous", 0.0)
ATTEMPTS: Final = 10
WINDOW_S: Final = 300
MIN_PASSWORD: Final = 8


class Credentials(BaseModel):
    """A name and a password."""

    username: str = Field(min_length=1, max_length=64, pattern=r"^[\w.@+-]+$")
    password: str = Field(min_length=MIN_PASSWORD, max_length=1024)


def prepare(app: FastAPI) -> None:
    """Get the signing key, and add BOOTSTRAP_USER if it is not there."""
    settings: ApiSettings = app.state.settings
    accounts: Accounts = app.state.accounts
    app.state.signing_key = tokens.signing_key(settings, app.state.dispatch.settings.home)
    if settings.bootstrap_user and accounts.find(settings.bootstrap_user) is None:
        if len(settings.bootstrap_pass) < MIN_PASSWORD:
            log.warning("BOOTSTRAP_USER is not added: BOOTSTRAP_PASS needs %d characters", MIN_PASSWORD)
            return
        try:
            accounts.register(settings.bootstrap_user, settings.bootstrap_pass)
        except NameTaken:  # another process of the API was quicker
            return
        log.warning("added the user %s of BOOTSTRAP_USER", settings.bootstrap_user)


def accounts_of(request: Request) -> Accounts:
    """Users and usage."""
    accounts: Accounts = request.app.state.accounts
    return accounts


async def signed_in(request: Request) -> User:
    """The user of a request; anonymous where accounts are off. Raises ApiError rate_limited, unauthorized."""
    await count_request(request)
    if not settings_of(request).auth_enabled:
        return ANONYMOUS
    user = await user_of(request)
    if user is None:
        raise ApiError("unauthorized", "Sign in first.", "POST /api/auth/token", {"WWW-Authenticate": "Bearer"})
    return user


SignedIn = Annotated[User, Depends(signed_in)]


@router.post("/auth/register", responses={200: {"model": ShownUser}}, summary="Add a user")
async def post_register(request: Request, credentials: Credentials) -> Response:
    """400 where the name is taken or accounts are off."""
    if not settings_of(request).auth_enabled:
        raise ApiError("bad_request", "Accounts are off.", "Start with AUTH_ENABLED=true.")
    await _count_attempt(request, "register")
    user = await asyncio.to_thread(accounts_of(request).register, credentials.username, credentials.password)
    return respond(200, _user(user))


@router.post("/auth/token", responses={200: {"model": Token}}, summary="Sign in")
async def post_token(request: Request, username: Annotated[str, Form()], password: Annotated[str, Form()]) -> Response:
    """A token for `Authorization: Bearer`; 401 where name and password do not belong together, 429 after many tries."""
    settings = settings_of(request)
    if not settings.auth_enabled:
        raise ApiError("bad_request", "Accounts are off.", "Start with AUTH_ENABLED=true.")
    await _count_attempt(request, username[:64])
    user = await asyncio.to_thread(accounts_of(request).sign_in, username, password[:1024])
    if user is None:
        raise ApiError("unauthorized", "Name or password is wrong.", None, {"WWW-Authenticate": "Bearer"})
    token = tokens.issue(user.username, settings, request.app.state.signing_key)
    return respond(200, {"access_token": token, "token_type": "bearer"})


@router.get("/users/me", responses={200: {"model": ShownUser}}, summary="Who am I")
async def get_me(user: SignedIn) -> Response:
    """The user; `anonymous` where accounts are off, by which clients notice it."""
    return respond(200, _user(user))


@router.get("/users/me/usage", responses={200: {"model": list[Usage]}}, summary="What my documents cost")
async def get_usage(request: Request, user: SignedIn) -> Response:
    """The latest 200 documents, newest first."""
    return respond(200, await asyncio.to_thread(accounts_of(request).costs, user.id or None))


@router.get(
    "/users/me/usage/summary", responses={200: {"model": UsageSummary}}, summary="What my documents cost in all"
)
async def get_usage_summary(request: Request, user: SignedIn) -> Response:
    """Sums over all documents."""
    return respond(200, await asyncio.to_thread(accounts_of(request).totals, user.id or None))


async def _count_attempt(request: Request, what: str) -> None:
    """Refuse more than ATTEMPTS in WINDOW_S, for one name from one address."""
    client = client_of(request, settings_of(request))
    error = ApiError("too_many_attempts", "Too many attempts.", "Wait a while.")
    await quotas.spend(request, f"login:{client}:{what}", ATTEMPTS, WINDOW_S, error)


def _user(user: User) -> dict[str, Any]:
    return {"id": user.id, "username": user.username, "created_at": user.created_at}
