"""The OpenAPI document: what FastAPI gathers from the routes, and the models that only streams and bodies name."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from api import batches
from api.routes import jobs
from api.schemas import forms, frames, pictures, results

SENT: Final = (
    forms.FileForm,
    forms.FilesForm,
    forms.ManyForm,
    forms.DocumentForm,
    forms.NewDocument,
    jobs.LibraryJob,
    jobs.UploadOptions,
    batches.Line,
)
ANSWERED: Final = (frames.JobFrame, frames.DocumentFrame, pictures.PictureFrame, results.Item)


def describe(app: FastAPI) -> dict[str, Any]:
    """The document of an application, made once."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        schemas = document["components"]["schemas"]
        for name, schema in _models().items():
            schemas.setdefault(name, schema)
        app.openapi_schema = document
    return app.openapi_schema


def _models() -> dict[str, Any]:
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((model, "validation") for model in SENT),
        *((model, "serialization") for model in ANSWERED),
    ]
    _, found = models_json_schema(wanted, ref_template="#/components/schemas/{model}")
    definitions: dict[str, Any] = found["$defs"]
    return definitions
