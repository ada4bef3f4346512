"""Whether what a data folder holds fits together, and how it is mended where it does not.

Nothing is written before a fault's `mend` is called. Each look is one transaction, so a store in use may be looked at;
it may be mended only while no service works on it.
"""

from collections.abc import Iterator

from tasks.consistency import database, frames, references, rows
from tasks.consistency.fault import Fault, Kept

__all__ = ["Fault", "Kept", "faults"]


def faults(kept: Kept) -> Iterator[Fault]:
    """All faults, in the order in which they can be mended: what one mend leaves behind, a later look finds.

    Raises:
        SQLAlchemyError: the store does not answer.
        BlobsDown: the place for uploads does not answer.
    """
    for base in (database.damage, database.schema):
        found = list(base(kept))
        yield from found
        if found and list(base(kept)):
            return  # nothing more can be said of it
    for look in (
        rows.orphans,
        rows.counts,
        rows.leases,
        references.results_gone,
        references.uploads_gone,
        rows.unended,
        rows.ended_too_early,
        frames.gaps,
        references.uploads_unneeded,
    ):
        yield from look(kept)
