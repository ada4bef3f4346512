"""The tables. Times are seconds since 1970 as floats; identifiers of jobs are 32 hex digits."""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from tasks.store.columns import FilePath, Serial, where_known

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


jobs: Final = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),  # photos | library | batch | document | reprocess | people
    Column("state", String(16), nullable=False),
    Column("priority", String(16), nullable=False),
    Column("tasks", JSON, nullable=False),
    Column("options", JSON, nullable=False),
    Column("custom_id", Text),
    Column("listing", Boolean, nullable=False),  # items are still being added
    Column("total", Integer, nullable=False, default=0),
    Column("done", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("cached", Integer, nullable=False, default=0),
    Column("cancelled", Integer, nullable=False, default=0),
    Column("seq", Integer, nullable=False, default=0),  # of the newest frame
    Column("created_at", Double, nullable=False),
    Column("started_at", Double),
    Column("finished_at", Double),
    Column("drawn_at", Double, nullable=False, default=0.0),  # fairness: least recently drawn first
    Column("progress_at", Double, nullable=False, default=0.0),
    Column("error_code", String(64)),
    Column("error_message", Text),
    # Of a library: its photos beside what was known of them, and what could not be listed.
    Column("new", Integer, nullable=False, default=0, server_default="0"),
    Column("changed", Integer, nullable=False, default=0, server_default="0"),
    Column("unchanged", Integer, nullable=False, default=0, server_default="0"),
    Column("deleted", Integer, nullable=False, default=0, server_default="0"),
    Column("warnings", Integer, nullable=False, default=0, server_default="0"),
    Index(None, "state", "priority"),
    Index(None, "created_at", "id"),
)

items: Final = Table(
    "items",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("job_id", String(32), ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("custom_id", Text),
    Column("blob", Text),  # an upload's key, or
    Column("path", Text),  # a file under LIBRARY_ROOTS, as library.written has it
    Column("file", String(32)),  # its key in files
    Column("stamp", String(80)),  # with which it was listed
    Column("tasks", JSON),  # where they are not its job's
    Column("page", Integer),  # of a document, from 1
    Column("sha256", String(64)),
    Column("width", Integer),
    Column("height", Integer),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),  # starts that were not given back in order
    Column("lease_size", Integer, nullable=False, default=0, server_default="0"),  # items drawn together with it last
    Column("lease_owner", Text),
    Column("lease_until", Double),
    Column("results", JSON),  # analysis -> id in results
    Column("cached", JSON),  # analyses answered without inference
    Column("error_code", String(64)),
    Column("error_message", Text),
    Column("seq", Integer),  # of its newest item frame
    Column("finished_at", Double),
    Index(None, "job_id", "state", "id"),
    where_known("job_id", "seq"),
    where_known("lease_owner"),
    Index(None, "job_id", "file"),
    where_known("sha256"),  # which results are shown
)

files: Final = Table(
    "files",
    metadata,
    Column("key", String(32), primary_key=True),  # of the path, which may be too long for an index
    Column("path", Text, nullable=False),
    Column("stamp", String(80)),  # size, time of change and inode, if they prove that it is unchanged
    Column("sha256", String(64)),  # of its bytes, once it was looked at
    Column("error", Text),  # how it took its workers down
    Column("seen_by", String(32), nullable=False),  # the job that listed it last
    Column("seen_at", Double, nullable=False, server_default="0"),  # when that was
    Index(None, "seen_at"),
    Index(None, "sha256"),  # where else a photo lies
)

events: Final = Table(
    "events",
    metadata,
    Column("job_id", String(32), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("type", String(16), nullable=False),
    Column("item_id", Serial),
    Column("body", JSON),
    Column("at", Double, nullable=False),
)

results: Final = Table(
    "results",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("sha256", String(64), nullable=False),
    Column("analysis", String(16), nullable=False),
    Column("model", String(128), nullable=False),
    Column("revision", String(64), nullable=False),
    Column("options", String(64), nullable=False, default=""),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("body", JSON, nullable=False),
    Column("created_at", Double, nullable=False),
    UniqueConstraint("sha256", "analysis", "model", "revision", "options"),
)

users: Final = Table(
    "users",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("username", String(64), nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),  # argon2id, with its parameters and salt
    Column("created_at", Double, nullable=False),
)

usage: Final = Table(
    "usage",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("user_id", Serial, ForeignKey("users.id", ondelete="CASCADE")),  # none: nobody was signed in
    Column("job_id", String(32), nullable=False, unique=True),  # counted once, whatever is done twice
    Column("kind", String(16), nullable=False),  # image | pdf
    Column("name", Text, nullable=False),
    Column("engine", String(128), nullable=False),
    Column("pages", Integer, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("prompt_chars", Integer, nullable=False),
    Column("completion_chars", Integer, nullable=False),
    Column("input_bytes", BigInteger, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("created_at", Double, nullable=False),
    Index(None, "user_id", "id"),
)

schedules: Final = Table(
    "schedules",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("cron", String(100), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("library", Text, nullable=False),
    Column("tasks", JSON, nullable=False),
    Column("priority", String(16), nullable=False),
    Column("options", JSON, nullable=False),
    Column("custom_id", Text),  # of each of its jobs
    Column("enabled", Boolean, nullable=False),
    Column("next_at", Double, nullable=False),  # moved in the transaction that makes the job
    Column("last_job_id", String(32)),  # which may have expired
    Column("created_at", Double, nullable=False),
)

photos: Final = Table(
    "photos",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),  # never given to another photo
    Column("sha256", String(64), nullable=False),
    Column("page", Integer, nullable=False),  # of a document, from 1; 0 for a photo
    Column("name", Text, nullable=False),
    Column("folder", FilePath, nullable=False),  # that it lies in, as library.shown has it; empty for an upload
    Column("path", Text),  # of a file under LIBRARY_ROOTS, as library.written has it
    Column("job_id", String(32)),  # of its newest item, which may have expired
    Column("taken_at", Double),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("gone_at", Double),  # its file is there no more: no search finds it, and some time later it is removed
    UniqueConstraint("sha256", "page"),
    Index(None, "folder", "id"),
    Index(None, "path"),
    Index(None, "taken_at"),
    where_known("gone_at"),
    sqlite_autoincrement=True,
)

shown: Final = Table(
    "shown",
    metadata,
    Column("photo_id", Serial, ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True),
    Column("analysis", String(16), primary_key=True),
    Column("result_id", Serial, ForeignKey("results.id", ondelete="CASCADE"), nullable=False),
    Index(None, "result_id"),
)

texts: Final = Table(
    "texts",
    metadata,
    Column("photo_id", Serial, ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("words", TSVECTOR().with_variant(Text, "sqlite"), nullable=False),  # as search.words makes them
    Index("ix_texts_words", "words", postgresql_using="gin").ddl_if(dialect="postgresql"),
)

spaces: Final = Table(
    "spaces",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),  # clip | face
    Column("model", String(128), nullable=False),
    Column("revision", String(64), nullable=False),
    Column("dim", Integer, nullable=False),
    UniqueConstraint("kind", "model", "revision", "dim"),
)

vectors: Final = Table(
    "vectors",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),  # never given to another vector
    Column("space", Integer, ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("photo_id", Serial, ForeignKey("photos.id", ondelete="CASCADE"), nullable=False),
    Column("face", Integer),  # its number in the finding
    Column("data", LargeBinary, nullable=False),  # little-endian float16, of length one
    Column("at", Double, nullable=False),
    Index(None, "photo_id"),
    Index(None, "space", "id"),
    sqlite_autoincrement=True,
)

history: Final = Table(
    "history",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("sha256", String(64), nullable=False),
    Column("analysis", String(16), nullable=False),
    Column("model", String(128), nullable=False),
    Column("revision", String(64), nullable=False),
    Column("options", String(64), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("body", JSON, nullable=False),
    Column("created_at", Double, nullable=False),  # when it was found
    Column("replaced_at", Double, nullable=False),
    Column("reason", String(32), nullable=False),
    Index(None, "sha256", "id"),
    sqlite_autoincrement=True,  # a number that somebody holds never becomes another finding
)

corrections: Final = Table(
    "corrections",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("text", Text, nullable=False),
    Column("at", Double, nullable=False),
)

people: Final = Table(
    "people",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("space", Integer, ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text),
    Column("created_at", Double, nullable=False),
    Index(None, "space", "created_at", "id"),
)

person_faces: Final = Table(
    "person_faces",
    metadata,
    Column("vector_id", Serial, ForeignKey("vectors.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("person_id", String(32), ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("pinned", Boolean, nullable=False),  # by a person's decision, which no clustering changes
    Index(None, "person_id", "vector_id"),
)
