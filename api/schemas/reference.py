"""The reference of all calls, made of the OpenAPI document: `python -m api.schemas.reference > docs/reference.md`."""

import re
import sys
from collections.abc import Iterator
from typing import Any, Final

from api.main import create_app

HEAD: Final = """# Reference

Every call and every shape, as `/api/openapi.json` of a running service describes them. How they are used:
[API](api.md).
"""
CHAPTERS: Final = {
    "photos": "Photos and texts",
    "search": "Search",
    "people": "People",
    "jobs": "Jobs and rescans",
    "schedules": "Rescans by the clock",
    "documents": "Documents",
    "system": "The system",
    "health": "Health",
    "accounts": "Accounts",
    "MT Photos": "MT Photos",
    "Immich": "Immich",
    "My OCR": "My OCR",
    "DeepSeek-OCR": "DeepSeek-OCR",
}
Json = dict[str, Any]


def markdown() -> str:
    """The page: calls by what they are for, then shapes by name."""
    document = create_app().openapi()
    calls: dict[str, list[str]] = {tag: [] for tag in CHAPTERS}
    for path, methods in sorted(document["paths"].items()):
        for method, call in methods.items():
            calls[call["tags"][0]].append("\n".join(_call(f"{method.upper()} {path}", call)))
    chapters = [f"## {title}\n\n" + "\n\n".join(calls[tag]) for tag, title in CHAPTERS.items()]
    shapes = ["\n".join(_shape(name, shape)) for name, shape in sorted(document["components"]["schemas"].items())]
    return "\n\n".join([HEAD.rstrip(), *chapters, "## Shapes", *shapes]) + "\n"


def _call(title: str, call: Json) -> Iterator[str]:
    yield from (f"### {title}", "", f"{call['summary']}. {_line(call.get('description', ''))}".rstrip())
    if parameters := call.get("parameters"):
        yield from ("", "| parameter | in | type | |", "|---|---|---|---|")
        for each in parameters:
            schema = each["schema"]
            notes = _notes(schema, each.get("required"), each.get("description") or schema.get("description", ""))
            yield f"| `{each['name']}` | {each['in']} | {_type(schema)} | {notes} |"
    for media, content in call.get("requestBody", {}).get("content", {}).items():
        yield from ("", f"Send `{media}`: {_type(content['schema'])}.")
    answers = [each for each in _answers(call["responses"]) if each]
    if answers:
        yield from ("", "Answers: " + "; ".join(answers) + ".")


def _answers(responses: Json) -> Iterator[str]:
    for status, answer in responses.items():
        for media, content in answer.get("content", {}).items():
            if content.get("schema"):
                named = "errors" if status == "default" else f"{status}"
                yield f"{named} `{media}` {_type(content['schema'])}"


def _shape(name: str, shape: Json) -> Iterator[str]:
    yield f"### {_named(name)}"
    if said := _line(shape.get("description", "")):
        yield from ("", said)
    if kinds := shape.get("oneOf"):
        yield from ("", "One of " + ", ".join(_type(kind) for kind in kinds) + ".")
    if fields := shape.get("properties"):
        yield from ("", "| field | type | |", "|---|---|---|")
        for field, schema in fields.items():
            needed = field in shape.get("required", ())
            yield f"| `{field}` | {_type(schema)} | {_notes(schema, needed, schema.get('description', ''))} |"


def _type(schema: Json) -> str:
    """A schema in a few words, with a link to the shape that it names."""
    if "$ref" in schema:
        name = _named(schema["$ref"].rpartition("/")[2])
        return f"[{name}](#{name.lower()})"
    if kinds := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(_type(kind) for kind in kinds)
    if values := schema.get("enum") or ([schema["const"]] if "const" in schema else []):
        return ", ".join(f"`{value}`" for value in values)
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}" if schema.get("items") else "list"
    if schema.get("type") == "object" and isinstance(inner := schema.get("additionalProperties"), dict):
        return f"names with {_type(inner)}" if inner else "object"
    if schema.get("type") == "object" and (fields := schema.get("properties")):
        return "a form with " + ", ".join(f"`{name}`" for name in fields)
    return "file" if schema.get("format") == "binary" else str(schema.get("type", "anything"))


def _notes(schema: Json, needed: bool | None, said: str) -> str:
    """What is known of a field beside its type."""
    default = schema.get("default")
    usual = str(default).lower() if isinstance(default, bool) else default
    notes = [_line(said), "needed" if needed else "", f"default `{usual}`" if usual not in (None, "", []) else ""]
    return "; ".join(note.rstrip(".") for note in notes if note).replace("|", "\\|")


def _line(text: str) -> str:
    return " ".join(text.split())


def _named(name: str) -> str:
    """A shape's name for people: the framework puts the module before names that are there twice."""
    return {"photos__TextQuery": "TextQuery", "mt_photos__TextQuery": "MtPhotosTextQuery"}.get(
        found := re.sub(r"^api__(routes|compat)__", "", name),
        "SignIn" if found.startswith("Body_post_token") else found,
    )


if __name__ == "__main__":
    sys.stdout.write(markdown())
