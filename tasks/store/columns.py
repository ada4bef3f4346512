"""Kinds of columns and indexes that several tables have."""

from typing import Final

from sqlalchemy import BigInteger, Index, Integer, Text, text

Serial: Final = BigInteger().with_variant(Integer, "sqlite")

FilePath: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""Sorted by its bytes, so that what is below a folder is a range."""


def where_known(*columns: str) -> Index:
    """An index of the rows whose last column has a value; most have none when they are added, and need no entry."""
    known = text(f"{columns[-1]} IS NOT NULL")
    return Index(None, *columns, sqlite_where=known, postgresql_where=known)
