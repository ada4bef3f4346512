"""Users, their passwords, and what their documents have cost."""

import time
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from tasks.errors import TaskError
from tasks.store.models import jobs, usage, users
from tasks.store.session import Store

LATEST: Final = 200
SUMS: Final = ("pages", "prompt_tokens", "completion_tokens", "prompt_chars", "completion_chars", "input_bytes")


@cache
def _nobody() -> str:
    """A wrong name costs as much as a wrong password, so that nobody learns which names there are."""
    return PasswordHasher().hash("nobody has this password")


class NameTaken(TaskError):
    """Somebody has this name already."""

    code = "name_taken"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who signs in; `id` 0 is whoever asks while accounts are off."""

    id: int
    username: str
    created_at: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What one document cost; tokens are the engine's own count."""

    job_id: str
    kind: str
    name: str
    engine: str
    pages: int
    prompt_tokens: int
    completion_tokens: int
    prompt_chars: int
    completion_chars: int
    input_bytes: int
    seconds: float
    user_id: int | None = None


class Accounts:
    """Users and usage in the store. Passwords are kept as argon2id; checking one takes tens of milliseconds."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._hasher = PasswordHasher()

    def register(self, username: str, password: str) -> User:
        """Add a user. Raises NameTaken."""
        now = time.time()
        values = {"username": username, "password_hash": self._hasher.hash(password), "created_at": now}
        try:
            with self._store.write() as connection:
                user_id: int = connection.execute(insert(users).values(**values).returning(users.c.id)).scalar_one()
        except IntegrityError as error:
            raise NameTaken(f"The name {username} is taken.", "Choose another, or sign in.") from error
        return User(user_id, username, now)

    def sign_in(self, username: str, password: str) -> User | None:
        """The user, if name and password belong together."""
        query = select(users.c.id, users.c.username, users.c.created_at, users.c.password_hash)
        with self._store.read() as connection:
            row = connection.execute(query.where(users.c.username == username)).first()
        try:
            self._hasher.verify(row.password_hash if row is not None else _nobody(), password)
        except (VerificationError, InvalidHashError):
            return None
        return User(row.id, row.username, row.created_at) if row is not None else None

    def find(self, username: str) -> User | None:
        """A user by name."""
        query = select(users.c.id, users.c.username, users.c.created_at).where(users.c.username == username)
        with self._store.read() as connection:
            row = connection.execute(query).first()
        return User(*row) if row is not None else None

    def count(self) -> int:
        """How many users there are."""
        with self._store.read() as connection:
            return int(connection.execute(select(func.count()).select_from(users)).scalar_one())

    def charge(self, cost: Cost) -> bool:
        """Note what a document cost; False where that was noted before, and is now noted anew."""
        try:
            with self._store.write() as connection:
                connection.execute(insert(usage).values(**asdict(cost), created_at=time.time()))
        except IntegrityError:  # some of its pages were tried again
            with self._store.write() as connection:
                connection.execute(update(usage).where(usage.c.job_id == cost.job_id).values(**asdict(cost)))
            return False
        return True

    def uncharged(self, limit: int = LATEST) -> list[str]:
        """Documents that have ended and whose cost was not noted."""
        noted = select(usage.c.id).where(usage.c.job_id == jobs.c.id).exists()
        ended = jobs.c.kind == "document", jobs.c.state.in_(("completed", "failed", "cancelled"))
        with self._store.read() as connection:
            return list(connection.scalars(select(jobs.c.id).where(*ended, ~noted).limit(limit)))

    def costs(self, user_id: int | None, limit: int = LATEST) -> list[dict[str, Any]]:
        """The latest documents of a user, newest first; of everybody for None."""
        query = select(usage).order_by(usage.c.id.desc()).limit(limit)
        if user_id is not None:
            query = query.where(usage.c.user_id == user_id)
        with self._store.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [{f"{name}": value for name, value in row.items()} for row in rows]  # plain str

    def totals(self, user_id: int | None) -> dict[str, Any]:
        """Sums over all documents of a user; of everybody for None."""
        query = select(func.count(), *(func.coalesce(func.sum(usage.c[name]), 0) for name in SUMS))
        if user_id is not None:
            query = query.where(usage.c.user_id == user_id)
        with self._store.read() as connection:
            documents, *sums = connection.execute(query).one()
        totals = {name: int(value) for name, value in zip(SUMS, sums, strict=True)}
        return {"documents": int(documents), **totals, "tokens": totals["prompt_tokens"] + totals["completion_tokens"]}
