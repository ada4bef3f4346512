"""The nearest vectors of photos and faces: an index that is only a cache of SQL, and what is newer than it.

A search asks the index and the newer vectors for candidates and looks each up in SQL, in the caller's transaction. So
it shows nothing that is gone, scores by what is kept, and misses nothing of what has just come.
"""

from tasks.search.nearest.hit import Hit
from tasks.search.nearest.nearest import Nearest
from tasks.search.nearest.spaces import Space, all_spaces, vectors_of

__all__ = ["Hit", "Nearest", "Space", "all_spaces", "vectors_of"]
