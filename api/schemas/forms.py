"""Request bodies that a route reads itself: forms, and bodies told apart by their type."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, WithJsonSchema

Binary = Annotated[bytes, WithJsonSchema({"type": "string", "format": "binary"})]
MEDIA: Final = {"multipart": "multipart/form-data", "json": "application/json", "jsonl": "application/jsonl"}
Flag = Annotated[bool, Field(description="true or false.")]


class FileForm(BaseModel):
    """One file."""

    file: Binary


class FilesForm(BaseModel):
    """Pictures of a job."""

    files: list[Binary]
    tasks: str = Field(default="ocr", description="Comma-separated.")
    options: str = Field(default="{}", description="JSON; see UploadOptions.")


class ManyForm(BaseModel):
    """Pictures or PDFs, a job each."""

    files: list[Binary]
    mode: str = "ocr"


class DocumentForm(BaseModel):
    """A PDF or a picture, and how it is read."""

    file: Binary
    prompt: str | None = Field(default=None, description="In place of the mode's own; what mode `locate` looks for.")
    mode: str | None = Field(default=None, description="ocr, document, describe, figure, locate or layout.")
    resolution: str | None = Field(default=None, description="tiny, small, base, large or gundam.")
    pages: str | None = Field(default=None, description="Such as `1-3,7`; all without it.")
    password: str | None = None
    engine: str | None = Field(default=None, description="`classic`, or without it the configured one.")
    force: Flag = Field(default=False, description="Read again what is known.")
    raw: Flag = Field(default=False, description="Stream the engine's own output in place of clean Markdown.")
    cancel_on_disconnect: Flag = False


class NewDocument(DocumentForm):
    """The same as a job, or streamed."""

    stream: Flag = Field(default=False, description="Answer with frames in place of a job.")
    custom_id: str | None = None


def body(**contents: type[BaseModel]) -> dict[str, Any]:
    """`openapi_extra` of a route that reads its body itself; `multipart`, `json` and `jsonl` by their names."""
    content = {MEDIA[name]: {"schema": {"$ref": f"#/components/schemas/{m.__name__}"}} for name, m in contents.items()}
    return {"requestBody": {"required": True, "content": content}}


def file(*media: str) -> dict[str, Any]:
    """The description of an answer that is a file."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {"description": "The file.", "content": dict.fromkeys(media, schema)}
