"""indexes of items without those rows that have nothing to be found by

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_items_job_id_items_seq": ["job_id", "seq"],
    "ix_items_lease_owner": ["lease_owner"],
    "ix_items_sha256": ["sha256"],
}


def upgrade() -> None:
    for name, columns in INDEXES.items():
        known = sa.text(f"{columns[-1]} IS NOT NULL")
        op.drop_index(name, "items")
        op.create_index(name, "items", columns, sqlite_where=known, postgresql_where=known)


def downgrade() -> None:
    for name, columns in INDEXES.items():
        op.drop_index(name, "items")
        op.create_index(name, "items", columns)
