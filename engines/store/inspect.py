"""Says with what the files of a model were compared."""

from collections import Counter
from typing import Final

from engines.errors import ModelMissing
from engines.settings import EngineSettings
from engines.store import record
from engines.store.locate import place
from engines.store.types import Weights

AGAINST: Final = {
    "catalogue": ("as the catalogue has it", "as the catalogue has them"),
    "source": ("as {source} published it", "as {source} published them"),
    "nothing": (
        "as it came from {source}, which published no digest",
        "as they came from {source}, which published no digest",
    ),
}
"""What a note says a file was compared with -> the words for one file, and for several."""


def unaliased(settings: EngineSettings) -> EngineSettings:
    """Settings with which a model is found only by its own name."""
    return settings.model_copy(update={"model_aliases": ""})


def report(task: str, weights: Weights, settings: EngineSettings) -> str:
    """What is known of the files of a model that was verified; nothing is read again.

    Raises:
        ModelMissing: a file that was fetched is gone.
    """
    folder = place(task, weights.name, settings)
    if folder not in next(iter(weights.files.values())).parents:
        return _counted("catalogue", len(weights.expected))
    note = record.read(folder)
    files = note.get("files", {})
    if gone := sorted(path for path in files if not (folder / path).is_file()):
        raise ModelMissing(f"{', '.join(gone)} is gone from {folder}", hint=f"darkroom models pull {weights.name}")
    counts = Counter(file["checked"] for file in files.values())
    parts = [_counted(how, counts[how], note["source"]) for how in AGAINST if counts[how]]
    return "; ".join(parts) or "no digest is known of it"


def _counted(how: str, count: int, source: str = "") -> str:
    one, several = AGAINST[how]
    return f"1 file {one}".format(source=source) if count == 1 else f"{count} files {several}".format(source=source)
