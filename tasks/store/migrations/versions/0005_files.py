"""files of libraries, and what a rescan found beside them

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COUNTS = ("new", "changed", "unchanged", "deleted", "warnings")


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("stamp", sa.String(length=80), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("seen_by", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_files")),
    )
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.add_column(sa.Column("file", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("stamp", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("tasks", sa.JSON(), nullable=True))
        batch_op.create_index(batch_op.f("ix_items_job_id_items_file"), ["job_id", "file"])
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        for name in COUNTS:
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        for name in COUNTS:
            batch_op.drop_column(name)
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_items_job_id_items_file"))
        batch_op.drop_column("tasks")
        batch_op.drop_column("stamp")
        batch_op.drop_column("file")
    op.drop_table("files")
