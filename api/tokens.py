"""Signed tokens that say who somebody is."""

import contextlib
import os
import secrets
import tempfile
import time
from pathlib import Path

import jwt

from api.settings import ApiSettings


def issue(username: str, settings: ApiSettings, key: str) -> str:
    """A token for a user, good for ACCESS_TOKEN_EXPIRE_MINUTES."""
    now = time.time()
    claims = {"sub": username, "iat": int(now), "exp": int(now + settings.access_token_expire_minutes * 60)}
    return jwt.encode(claims, key, algorithm=settings.algorithm)


def username_of(token: str, settings: ApiSettings, key: str) -> str | None:
    """Whom a token names; None for one that is not ours, or too old."""
    try:
        claims = jwt.decode(token, key, algorithms=[settings.algorithm], options={"require": ["exp", "sub"]})
    except jwt.InvalidTokenError:
        return None
    return str(claims["sub"])


def signing_key(settings: ApiSettings, home: Path) -> str:
    """SECRET_KEY; where none is set, one of our own that is made once and kept in the data folder."""
    if settings.secret_key:
        return settings.secret_key
    path = home / "secret.key"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        descriptor, made = tempfile.mkstemp(dir=home)  # readable by its owner only
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):  # another process was quicker: its key is everybody's
            os.link(made, path)
        Path(made).unlink()
    return path.read_text(encoding="ascii")
