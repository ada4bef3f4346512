"""Search over what was read and seen."""

import asyncio
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from api import vectors
from api.errors import SERVICE_ERRORS, ApiError, respond
from api.schemas.errors import REFUSED
from api.schemas.search import Mode, SearchPage
from api.security import NativeKey
from api.state import dispatch_of
from api.times import iso
from tasks.dispatch import Dispatch
from tasks.search import find, queries
from tasks.search.filters import Filters
from tasks.search.find import Asked, Meaning
from tasks.search.language import ENGLISH_ONLY, language_of
from tasks.search.queries import Query as Words

MEANING_S: Final = 5.0
"""So long a search by words waits for their vector before it answers by text alone."""

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_PHOTO: Final = r"^[0-9a-f]{64}$"
_FACE: Final = r"^[0-9a-f]{64}:\d{1,5}$"
_CURSOR: Final = r"^\d{1,9}$"

router = APIRouter(prefix="/api", tags=["search"], dependencies=[NativeKey], responses=REFUSED)


@dataclass(frozen=True, slots=True)
class Limits:
    """The parameters that limit a search."""

    library: Annotated[str | None, Query(max_length=4096, description="A folder; what is below it too.")] = None
    since: Annotated[str | None, Query(max_length=40, description="A day or a time, ISO 8601.")] = None
    until: Annotated[str | None, Query(max_length=40, description="A day, itself included, or a time.")] = None
    person: Annotated[str | None, Query(max_length=32, description="Who is to be on it; an id.")] = None

    def filters(self) -> Filters:
        """The same for `tasks.search`. Raises ApiError."""
        since, until = _time("since", self.since), _time("until", self.until)
        return Filters(self.library or None, since, until, self.person or None)


@dataclass(frozen=True, slots=True)
class Wish:
    """The parameters that say what is looked for."""

    q: Annotated[str, Query(max_length=1000, description='Words; `ocr:` and `clip:` before them, "quotes".')] = ""
    mode: Mode = "hybrid"
    like: Annotated[str | None, Query(pattern=_PHOTO, description="A photo that others are to be like.")] = None
    face: Annotated[str | None, Query(pattern=_FACE, description="SHA256:N, face N of a photo, from 0.")] = None
    language: Annotated[str | None, Query(max_length=16, description="Of the query; else its script says it.")] = None

    def words(self) -> Words:
        """The query's parts that the mode has use for. Raises ApiError."""
        if self.mode == "face" and not self.face:
            raise ApiError("bad_request", "mode=face looks for a face: name one as face=SHA256:N.")
        said = queries.parse(self.q)
        terms = said.terms if self.mode in ("hybrid", "text") else ()
        picture = said.picture if self.mode in ("hybrid", "image") else ""
        if self.q.strip() and self.mode != "face" and not terms and not picture:
            raise ApiError("bad_request", f"q: there are no words in it that mode={self.mode} could look for.")
        return Words(terms, picture)


@router.get("/search", responses={200: {"model": SearchPage}}, summary="Find photos and pages")
async def get_search(
    request: Request,
    wish: Annotated[Wish, Depends()],
    limits: Annotated[Limits, Depends()],
    limit: int = Query(50, ge=1, le=200),
    cursor: str | None = Query(None, pattern=_CURSOR),
) -> Response:
    """Photos and pages by their text, by what they show, or by both; without words the newest."""
    dispatch, notes = dispatch_of(request), list[str]()
    words = wish.words()
    meaning = await _meaning(dispatch, words.picture, wish, notes) if words.picture else None
    sha256, _, number = (wish.face or "").partition(":")
    face = (sha256, int(number)) if wish.face else None
    start = int(cursor or 0)
    asked = Asked(words.terms, meaning, wish.like, face, limits.filters(), start, limit)
    if words.picture and meaning is None and not words.terms and not wish.like and not face:
        page = find.Page()
    else:
        page = await asyncio.to_thread(find.search, dispatch.store, dispatch.nearest, asked)
    items = [{**item, "taken_at": iso(item["taken_at"])} for item in page.items]
    following = str(start + limit) if page.more else None
    return respond(200, {"items": items, "next": following, "models": page.models, "notes": notes + page.notes})


async def _meaning(dispatch: Dispatch, picture: str, wish: Wish, notes: list[str]) -> Meaning | None:
    """The vector of what a query says; None with a note where a search by text can do without.

    Raises:
        As `Dispatch.text`, where only pictures are searched.
    """
    language = wish.language or language_of(picture)
    try:
        answer = await asyncio.wait_for(dispatch.text(picture, None, language), MEANING_S)
    except (*SERVICE_ERRORS, TimeoutError) as error:
        if wish.mode == "image":
            raise
        notes.append(f"Only text was searched: {_why(error)}")
        return None
    if answer.model in ENGLISH_ONLY and language is not None and not language.startswith("en"):
        if wish.mode != "image":
            notes.append(f"Only text was searched: {answer.model} understands English only.")
            return None
        notes.append(f"{answer.model} understands English only.")
    model, revision = await asyncio.to_thread(dispatch.answering, "clip", None) or (answer.model, None)
    return Meaning(vectors.numbers(answer.vector), answer.model, revision if model == answer.model else None)


def _why(error: Any) -> str:
    if isinstance(error, TimeoutError):
        return f"no worker made the query's vector within {MEANING_S:g} s."
    return f"{str(error).rstrip('.')}. {error.hint or ''}".strip()


def _time(name: str, said: str | None) -> float | None:
    """Seconds since 1970; without a zone in this machine's, and of a day that ends a span its end. Raises ApiError."""
    if not said:
        return None
    try:
        if _DAY.fullmatch(said):
            day = date.fromisoformat(said) + timedelta(days=name == "until")
            return datetime(day.year, day.month, day.day).timestamp()
        return datetime.fromisoformat(said).timestamp()
    except (ValueError, OverflowError) as error:
        raise ApiError("bad_request", f"{name}: not a day or a time, such as 2024-12-31.") from error
