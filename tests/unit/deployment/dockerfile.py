"""The Dockerfile taken apart: its stages, and each one's instructions."""

import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from tests.sources import ROOT

FILE: Final = ROOT / "Dockerfile"


@dataclass
class Stage:
    """A stage.

    Attributes:
        base: what it is made from, variables filled in with their defaults.
        steps: (instruction, words) in their order, without FROM.
    """

    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        """The words of every such instruction here."""
        return [words for name, words in self.steps if name == instruction]


@cache
def stages() -> dict[str, Stage]:
    """All stages by their names."""
    found: dict[str, Stage] = {}
    defaults: dict[str, str] = {}
    current: Stage | None = None
    for name, words in instructions():
        if name == "FROM":
            match = re.fullmatch(r"(?:--platform=\S+ )?(\S+) AS (\S+)", words)
            assert match, f"a stage without a name: {words}"
            current = found[match[2]] = Stage(re.sub(r"\$\{(\w+)\}", lambda each: defaults[each[1]], match[1]))
        elif current is None:
            assert name == "ARG", name
            variable, _, value = words.partition("=")
            defaults[variable] = value
        else:
            current.steps.append((name, words))
    return found


def instructions() -> list[tuple[str, str]]:
    """Instructions and their words, comments left out and lines that go on joined."""
    text = "\n".join(line for line in FILE.read_text().splitlines() if not line.lstrip().startswith("#"))
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in lines if line.strip()]


def effective(target: str, instruction: str) -> str:
    """The words of the last such instruction that holds for a target, from itself or what it is made from."""
    stage = stages()[target]
    if own := stage.all(instruction):
        return own[-1]
    return effective(stage.base, instruction) if stage.base in stages() else ""


def words_of(exec_form: str) -> list[str]:
    """Of a command in exec form. Raises ValueError for another."""
    return list(json.loads(exec_form))
