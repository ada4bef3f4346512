"""an item's frame is the item itself

Revision ID: 0010
Revises: 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "DELETE FROM events WHERE type = 'item' AND (body IS NULL OR CAST(body AS TEXT) = 'null') AND EXISTS "
        "(SELECT 1 FROM items WHERE items.job_id = events.job_id AND items.seq = events.seq)"
    )


def downgrade() -> None:
    op.execute(
        "INSERT INTO events (job_id, seq, type, item_id, at) "
        "SELECT job_id, seq, 'item', id, COALESCE(finished_at, 0) FROM items WHERE seq IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM events WHERE events.job_id = items.job_id AND events.seq = items.seq)"
    )
