"""What Immich asks for: the form field `entries`, taken apart and checked."""

from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.exceptions import HTTPException

from tasks import analyses
from tasks.analyses import TEXT_FLOOR, Wanted

USUAL_RESOLUTION: Final = 736
"""Immich's default: the shorter side that its detector sees. Ours sees the longer one, and finds as much in 960."""

USUAL_SIDE: Final = 960


class NotServedHere(Exception):
    """A task of which nothing is known here; perhaps IMMICH_API knows it."""


@dataclass(frozen=True, slots=True)
class Least:
    """What a reply must reach to be given: certainty of a face or a box, and of what was read in it."""

    box: float = 0.0
    text: float = 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One task of a request.

    Attributes:
        task: Immich's name of it, and of its reply.
        wanted: as our queue knows it; None for the vector of a text.
        least: thresholds of the reply.
        model: its name.
        language: of the text, where Immich says it.
    """

    task: str
    wanted: Wanted | None
    least: Least
    model: str
    language: str | None = None


def parse(entries: str) -> dict[str, dict[str, Any]]:
    """The field as it came: task -> type -> {"modelName", "options"}.

    Raises:
        HTTPException: 422, for what has another form.
    """
    try:
        tasks = orjson.loads(entries)
        for types in tasks.values():
            for entry in types.values():
                if not isinstance(entry["modelName"], str) or not isinstance(entry.get("options", {}), dict):
                    raise TypeError(entry)
        if not tasks or not all(tasks.values()):
            raise ValueError(tasks)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise invalid() from error
    checked: dict[str, dict[str, Any]] = tasks
    return checked


def invalid() -> HTTPException:
    """Immich's own words for a request that cannot be understood."""
    return HTTPException(422, "Invalid request format.")


def entry(task: str, types: dict[str, Any]) -> Entry:
    """One task in our terms.

    Raises:
        NotServedHere: an unknown task or type.
        HTTPException: 422, for options that are no numbers.
    """
    try:
        if task == "clip" and set(types) == {"visual"}:
            name = clean(types["visual"]["modelName"])
            return Entry(task, Wanted("clip", name), Least(), name)
        if task == "clip" and set(types) == {"textual"}:
            language = types["textual"].get("options", {}).get("language")
            return Entry(task, None, Least(), clean(types["textual"]["modelName"]), language and str(language))
        if task == "facial-recognition" and {"recognition"} <= set(types) <= {"detection", "recognition"}:
            name = clean(types["recognition"]["modelName"])
            least = _number(types, "detection", "minScore", 0.7)
            return Entry(task, analyses.faces(name, least), Least(box=least), name)
        if task == "ocr" and {"recognition"} <= set(types) <= {"detection", "recognition"}:
            return _ocr(types)
    except (TypeError, ValueError) as error:
        raise invalid() from error
    raise NotServedHere(f"{task}: {', '.join(types)}")


def clean(name: str) -> str:
    """A model's name as Immich makes it safe for a folder."""
    return name.rpartition("/")[2].replace(":", "_")


def _ocr(types: dict[str, Any]) -> Entry:
    name = clean(types["recognition"]["modelName"])
    least = Least(_number(types, "detection", "minScore", 0.5), _number(types, "recognition", "minScore", 0.8))
    resolution = _number(types, "detection", "maxResolution", USUAL_RESOLUTION)
    side = max(128, min(4096, round(USUAL_SIDE * resolution / USUAL_RESOLUTION / 32) * 32))
    options: dict[str, float] = {} if side == USUAL_SIDE else {"side": side}
    if least.text < TEXT_FLOOR:
        options["min_score"] = least.text
    return Entry("ocr", Wanted("ocr", name, options), least, name)


def _number(types: dict[str, Any], kind: str, option: str, usual: float) -> float:
    value = types.get(kind, {}).get("options", {}).get(option, usual)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(option)
    return float(value)
