"""The classic engine's name, and what only a language model can do with a page."""

from typing import Final

from engines.document.errors import ModeMissing

CLASSIC: Final = "classic"
REMOTE: Final = "vllm"
"""Names of engines."""
FOREIGN: Final = ("describe", "figure", "locate")


def refuse_foreign(mode: str) -> None:
    """Plain text must not pass for a description. Raises ModeMissing where the classic engine cannot do this."""
    if mode in FOREIGN:
        raise ModeMissing(
            f"The classic engine reads text and cannot {mode}.",
            "Set LLM_BASE_URL or start with --document-engine vllm, or ask for the mode ocr or document.",
        )
