"""The history of photos, forgotten with time as findings are."""

from typing import Final

from sqlalchemy import delete, select

from tasks.store.models import history
from tasks.store.session import Store

BATCH: Final = 300


def forget(store: Store, before: float) -> int:
    """Forget some hundred findings that were replaced before a time (seconds since 1970); how many."""
    over = select(history.c.id).where(history.c.replaced_at < before).limit(BATCH).with_for_update(skip_locked=True)
    with store.write() as connection:
        return connection.execute(delete(history).where(history.c.id.in_(over))).rowcount
