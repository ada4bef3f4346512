"""when a file was seen, and what finds the results that are shown

Revision ID: 0007
Revises: 0006
"""

import time

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seen_at", sa.Double(), nullable=False, server_default="0"))
        batch_op.create_index(batch_op.f("ix_files_seen_at"), ["seen_at"])
    files = sa.table("files", sa.column("seen_at", sa.Double()))
    op.execute(files.update().values(seen_at=time.time()))  # their time begins now
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_items_sha256"), ["sha256"])


def downgrade() -> None:
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_items_sha256"))
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_files_seen_at"))
        batch_op.drop_column("seen_at")
