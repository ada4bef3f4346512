"""People: cluster faces, see who there is, and put it right."""

import asyncio
from functools import partial
from typing import Any

from fastapi import APIRouter, Query, Request, Response

from api.errors import ApiError, respond
from api.routes.jobs import accepted
from api.schemas.errors import REFUSED
from api.schemas.jobs import Job
from api.schemas.people import Clustering, Merging, Naming, Person, PersonPage, Splitting
from api.security import NativeKey
from api.state import dispatch_of
from tasks.search.people import decisions, views

router = APIRouter(prefix="/api/people", tags=["people"], dependencies=[NativeKey], responses=REFUSED)
FACES_PAGE = 100


@router.post("/cluster", status_code=202, responses={202: {"model": Job}}, summary="Gather all faces into people")
async def post_cluster(request: Request, wanted: Clustering | None = None) -> Response:
    """Accept a job that does it; where one has not ended yet, that one is answered. What was decided by hand stays."""
    asked = wanted or Clustering()
    return await accepted(request, await asyncio.to_thread(dispatch_of(request).submit_people, asked.min_faces))


@router.get("", responses={200: {"model": PersonPage}}, summary="People, those with most faces first")
async def get_people(
    request: Request, limit: int = Query(50, ge=1, le=500), cursor: str | None = Query(None, max_length=100)
) -> Response:
    """A page of people and the cursor of the next."""
    try:
        listing = partial(views.listed, dispatch_of(request).store, limit, cursor)
        page, following = await asyncio.to_thread(listing)
    except ValueError as error:
        raise ApiError("bad_request", "cursor: not one of ours.") from error
    return respond(200, {"items": page, "next": following})


@router.get("/{person_id}", responses={200: {"model": Person}}, summary="One person and the faces")
async def get_person(
    request: Request,
    person_id: str,
    limit: int = Query(FACES_PAGE, ge=1, le=1000),
    cursor: int = Query(0, ge=0, le=2**63 - 1),
) -> Response:
    """A person with a page of faces, in the order in which they were found."""
    return respond(200, await _person(request, person_id, limit, cursor))


@router.patch("/{person_id}", responses={200: {"model": Person}}, summary="Name a person")
async def patch_person(request: Request, person_id: str, wanted: Naming) -> Response:
    """Give or take away a name. The faces that a named person has now stay, whatever a clustering finds."""
    await asyncio.to_thread(decisions.name, dispatch_of(request).store, person_id, wanted.name)
    return respond(200, await _person(request, person_id))


@router.post("/{person_id}/merge", responses={200: {"model": Person}}, summary="Let other people be this person")
async def post_merge(request: Request, person_id: str, wanted: Merging) -> Response:
    """All their faces are this person's from now on, and the others are gone."""
    await asyncio.to_thread(decisions.merge, dispatch_of(request).store, person_id, wanted.people)
    return respond(200, await _person(request, person_id))


@router.post(
    "/{person_id}/split", status_code=201, responses={201: {"model": Person}}, summary="Part faces from a person"
)
async def post_split(request: Request, person_id: str, wanted: Splitting) -> Response:
    """Let some of the faces be somebody new, who is answered; no clustering puts the two together again."""
    split = partial(decisions.split, dispatch_of(request).store, person_id, wanted.faces)
    return respond(201, await _person(request, await asyncio.to_thread(split)))


async def _person(request: Request, person_id: str, limit: int = FACES_PAGE, after: int = 0) -> dict[str, Any]:
    return await asyncio.to_thread(views.one, dispatch_of(request).store, person_id, limit, after)
