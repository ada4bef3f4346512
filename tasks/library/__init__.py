"""Libraries: folders under LIBRARY_ROOTS, listed into the store while work already begins."""

from tasks.library.paths import allowed, folder, stored, written

__all__ = ["allowed", "folder", "stored", "written"]
