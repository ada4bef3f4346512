"""what a search looks through: photos, their words and vectors; findings of the past; people

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WORDS = """
CREATE VIRTUAL TABLE found USING fts5(words, content='texts', content_rowid='photo_id', tokenize='ascii')
"""
FOLLOW = (
    """CREATE TRIGGER texts_added AFTER INSERT ON texts BEGIN
    INSERT INTO found(rowid, words) VALUES (new.photo_id, new.words);
END""",
    """CREATE TRIGGER texts_removed AFTER DELETE ON texts BEGIN
    INSERT INTO found(found, rowid, words) VALUES ('delete', old.photo_id, old.words);
END""",
    """CREATE TRIGGER texts_changed AFTER UPDATE ON texts BEGIN
    INSERT INTO found(found, rowid, words) VALUES ('delete', old.photo_id, old.words);
    INSERT INTO found(rowid, words) VALUES (new.photo_id, new.words);
END""",
)


def serial() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _photos()
    _texts()
    _vectors()
    _past()
    _people()


def _photos() -> None:
    op.create_table(
        "photos",
        sa.Column("id", serial(), autoincrement=True, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("job_id", sa.String(length=32), nullable=True),
        sa.Column("taken_at", sa.Double(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("gone_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photos")),
        sa.UniqueConstraint("sha256", "page", name=op.f("uq_photos_sha256_page")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_photos_folder_photos_id"), "photos", ["folder", "id"])
    op.create_index(op.f("ix_photos_path"), "photos", ["path"])
    op.create_index(op.f("ix_photos_taken_at"), "photos", ["taken_at"])
    # Of the few only: as an index of all it would look useful to every search, which asks for those that are not gone.
    gone = sa.text("gone_at IS NOT NULL")
    op.create_index(op.f("ix_photos_gone_at"), "photos", ["gone_at"], sqlite_where=gone, postgresql_where=gone)
    op.create_index(op.f("ix_files_sha256"), "files", ["sha256"])
    op.create_table(
        "shown",
        sa.Column("photo_id", serial(), nullable=False),
        sa.Column("analysis", sa.String(length=16), nullable=False),
        sa.Column("result_id", serial(), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name=op.f("fk_shown_photo_id_photos"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["result_id"], ["results.id"], name=op.f("fk_shown_result_id_results"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("photo_id", "analysis", name=op.f("pk_shown")),
    )
    op.create_index(op.f("ix_shown_result_id"), "shown", ["result_id"])


def _texts() -> None:
    op.create_table(
        "texts",
        sa.Column("photo_id", serial(), autoincrement=False, nullable=False),
        sa.Column("words", postgresql.TSVECTOR().with_variant(sa.Text(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name=op.f("fk_texts_photo_id_photos"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("photo_id", name=op.f("pk_texts")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_index(op.f("ix_texts_words"), "texts", ["words"], postgresql_using="gin")
        return
    for statement in (WORDS, *FOLLOW):  # the index of words follows its table, whatever changes that
        op.execute(statement)


def _vectors() -> None:
    op.create_table(
        "spaces",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.Column("dim", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spaces")),
        sa.UniqueConstraint("kind", "model", "revision", "dim", name=op.f("uq_spaces_kind_model_revision_dim")),
    )
    op.create_table(
        "vectors",
        sa.Column("id", serial(), autoincrement=True, nullable=False),
        sa.Column("space", sa.Integer(), nullable=False),
        sa.Column("photo_id", serial(), nullable=False),
        sa.Column("face", sa.Integer(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name=op.f("fk_vectors_space_spaces"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["photos.id"], name=op.f("fk_vectors_photo_id_photos"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vectors")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_vectors_photo_id"), "vectors", ["photo_id"])
    op.create_index(op.f("ix_vectors_space_vectors_id"), "vectors", ["space", "id"])


def _past() -> None:
    op.create_table(
        "history",
        sa.Column("id", serial(), autoincrement=True, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("analysis", sa.String(length=16), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.Column("options", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("replaced_at", sa.Double(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_history_sha256_history_id"), "history", ["sha256", "id"])
    op.create_table(
        "corrections",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_corrections")),
    )


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("space", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name=op.f("fk_people_space_spaces"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_index(op.f("ix_people_space_people_created_at_people_id"), "people", ["space", "created_at", "id"])
    op.create_table(
        "person_faces",
        sa.Column("vector_id", serial(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["vector_id"], ["vectors.id"], name=op.f("fk_person_faces_vector_id_vectors"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_person_faces_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("vector_id", name=op.f("pk_person_faces")),
    )
    op.create_index(
        op.f("ix_person_faces_person_id_person_faces_vector_id"), "person_faces", ["person_id", "vector_id"]
    )


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        op.execute("DROP TABLE found")
    for table in ("person_faces", "people", "corrections", "history", "vectors", "spaces", "texts", "shown", "photos"):
        op.drop_table(table)
    op.drop_index(op.f("ix_files_sha256"), "files")
