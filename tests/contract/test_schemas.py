"""Real answers of every native route, held against the models that the OpenAPI document has of them."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from api.main import create_app
from api.schemas import errors, openapi
from api.schemas.frames import NDJSON
from tests.conftest import Service, picture, until
from tests.pdfs import pdf

pytestmark = pytest.mark.e2e
PASSWORD = "correct horse battery"
ROUTES = {
    (method, route.path): route
    for route in create_app().routes
    if isinstance(route, APIRoute) and route.include_in_schema
    for method in route.methods
}
LINES = {model.__name__: model for model in openapi.ANSWERED}


def check(answer: httpx.Response, path: str) -> Any:
    """Fail unless an answer has every field of its model, of the right type, and no other."""
    described = ROUTES[answer.request.method, path].responses
    model = described.get(answer.status_code, {}).get("model")
    if answer.headers["content-type"].startswith(NDJSON):
        schema = described[answer.status_code]["content"][NDJSON]["schema"]
        lines = TypeAdapter(LINES[schema["$ref"].rpartition("/")[2]])
        found = [line for line in answer.text.split("\n") if line]
        for line in found:
            lines.validate_json(line, strict=True, extra="forbid")
        return [json.loads(line) for line in found]
    assert model is not None or answer.status_code >= 400, f"{answer.status_code} is not described: {answer.text}"
    TypeAdapter(model or errors.ErrorBody).validate_json(answer.content, strict=True, extra="forbid")
    return answer.json()


class Made:
    """A job of each kind that has ended, and a schedule."""

    def __init__(self, service: Service) -> None:
        self.http = service.http
        folder = service.library / "schemas"
        (folder / "deep").mkdir(parents=True)
        (folder / "good.png").write_bytes(picture(seed=700))
        (folder / "dead.png").symlink_to(folder / "nothing")
        self.folder = str(folder)
        everything = {"tasks": "ocr,clip,face", "options": '{"custom_id": "album"}'}
        files = [
            ("text.png", picture(600, 200, "Platform 9", seed=701)),
            ("bad.jpg", b"none"),
        ]
        self.photos = self.post("/api/jobs", files=[("files", file) for file in files], data=everything)
        self.library = self.post("/api/jobs", json={"library": self.folder, "tasks": ["probe"]})
        document = {"file": ("a.pdf", pdf([["The first page says this.", "And this."], ["The second page."]]))}
        self.document = self.post("/api/documents", files=document, data={"mode": "document"})
        lines = b'{"custom_id":"a","path":"%s/good.png","tasks":["probe"]}\n{"nonsense":1}' % self.folder.encode()
        self.batch = self.post("/api/jobs", content=lines, headers={"Content-Type": "application/jsonl"})
        self.photo = hashlib.sha256(files[0][1]).hexdigest()
        broken = self.post("/api/documents", files={"file": ("b.pdf", b"%PDF-1.4 nothing")})
        schedule = {"cron": "0 3 * * *", "library": self.folder, "tasks": ["probe"]}
        self.schedule = check(self.http.post("/api/schedules", json=schedule), "/api/schedules")["id"]
        self.ended = [self.photos, self.library, self.document, self.batch, broken]
        for job in self.ended:
            self.ends(job)

    def ends(self, job: str) -> None:
        until(lambda: self.http.get(f"/api/jobs/{job}").json()["finished_at"], 120, "a job's end")

    def post(self, path: str, **what: Any) -> str:
        return str(check(self.http.post(path, **what), path)["task_id"])


@pytest.fixture(scope="module")
def made(service: Service) -> Made:
    return Made(service)


def _photo(made: Made, **more: Any) -> httpx.Response:
    file = {"file": ("a.png", picture(600, 200, "Gate 4", seed=702))}
    return made.http.post("/api/photos?tasks=ocr,clip,face,probe", files=file, **more)


def _again(made: Made, method: str, path: str = "", **what: Any) -> httpx.Response:
    return made.http.request(method, f"/api/photos/{made.photo}{path}", **what)


def _restored(made: Made) -> httpx.Response:
    _again(made, "POST", "/reprocess?tasks=ocr&model=PP-OCRv5_mobile").raise_for_status()
    _again(made, "POST", "/reprocess?tasks=ocr").raise_for_status()
    (earlier,) = _again(made, "GET").json()["history"]
    return _again(made, "POST", "/restore", json={"history": earlier["id"]})


def _document(made: Made, path: str, data: bytes, **form: str) -> httpx.Response:
    return made.http.post(path, files={"file": ("a", data)}, data=form)


def _action(made: Made, action: str) -> httpx.Response:
    return made.http.post(f"/api/jobs/{made.photos}/{action}")


def _scratch(made: Made) -> str:
    fields = {"cron": "0 4 * * *", "library": made.folder, "tasks": ["probe"]}
    return str(made.http.post("/api/schedules", json=fields).json()["id"])


PDF = pdf([["A page about boats."], ["And one about harbours."]])
BASE64 = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
CALLS: dict[tuple[str, str], list[Callable[[Made], httpx.Response]]] = {
    ("POST", "/api/photos"): [_photo, lambda m: _photo(m, headers={"Prefer": "respond-async"})],
    ("GET", "/api/photos/{sha256}"): [lambda m: _again(m, "GET"), lambda m: m.http.get(f"/api/photos/{'0' * 64}")],
    ("PUT", "/api/photos/{sha256}/text"): [lambda m: _again(m, "PUT", "/text", json={"text": "Platform nine"})],
    ("POST", "/api/photos/{sha256}/reprocess"): [
        lambda m: _again(m, "POST", "/reprocess?tasks=ocr&model=PP-OCRv5_mobile"),
        lambda m: _again(m, "POST", "/reprocess?tasks=face", headers={"Prefer": "respond-async"}),
        lambda m: _again(m, "POST", "/reprocess?tasks=none"),
    ],
    ("POST", "/api/photos/{sha256}/restore"): [_restored],
    ("DELETE", "/api/photos/{sha256}/text"): [lambda m: _again(m, "DELETE", "/text")],
    ("GET", "/api/search"): [
        lambda m: m.http.get("/api/search", params={"q": "platform"}),
        lambda m: m.http.get("/api/search"),
        lambda m: m.http.get("/api/search", params={"mode": "face"}),
    ],
    ("GET", "/api/people"): [lambda m: m.http.get("/api/people"), lambda m: m.http.get("/api/people?cursor=none")],
    ("POST", "/api/people/cluster"): [lambda m: m.http.post("/api/people/cluster")],
    ("GET", "/api/people/{person_id}"): [lambda m: m.http.get("/api/people/nobody")],
    ("PATCH", "/api/people/{person_id}"): [lambda m: m.http.patch("/api/people/nobody", json={"name": "Ada"})],
    ("POST", "/api/people/{person_id}/merge"): [lambda m: m.http.post("/api/people/nobody/merge", json={})],
    ("POST", "/api/people/{person_id}/split"): [lambda m: m.http.post("/api/people/nobody/split", json={"faces": [1]})],
    ("POST", "/api/text"): [lambda m: m.http.post("/api/text", json={"text": "a dog"})],
    ("POST", "/api/jobs"): [
        lambda m: m.http.post("/api/jobs", json={"library": m.folder, "tasks": ["probe"], "dry_run": True}),
        lambda m: m.http.post("/api/jobs", json={}),
    ],
    ("GET", "/api/jobs"): [lambda m: m.http.get("/api/jobs?limit=3"), lambda m: m.http.get("/api/jobs?state=none")],
    ("GET", "/api/jobs/{job_id}"): [lambda m, n=n: m.http.get(f"/api/jobs/{m.ended[n]}") for n in range(5)],
    ("POST", "/api/jobs/{job_id}/{action}"): [lambda m: _action(m, "retry"), lambda m: _action(m, "resume")],
    ("GET", "/api/jobs/{job_id}/events"): [
        lambda m, n=n: m.http.get(f"/api/jobs/{m.ended[n]}/events?follow=false") for n in range(5)
    ],
    ("GET", "/api/jobs/{job_id}/results"): [
        lambda m, n=n: m.http.get(f"/api/jobs/{m.ended[n]}/results") for n in range(4)
    ],
    ("GET", "/api/jobs/{job_id}/results.jsonl"): [lambda m: m.http.get(f"/api/jobs/{m.document}/results.jsonl")],
    ("GET", "/result/{task_id}"): [
        lambda m: m.http.get(f"/result/{m.photos}"),
        lambda m: m.http.get(f"/result/{m.document}"),
        lambda m: m.http.get("/result/none"),
    ],
    ("POST", "/api/documents"): [
        lambda m: _document(m, "/api/documents", PDF, stream="true"),
        lambda m: _document(m, "/api/documents", b"%PDF-1.4 broken", stream="true"),
        lambda m: _document(m, "/api/documents", PDF, mode="none"),
    ],
    ("GET", "/api/documents/{job_id}/stream"): [lambda m: m.http.get(f"/api/documents/{m.document}/stream?raw=true")],
    ("POST", "/api/ocr/image"): [
        lambda m: _document(m, "/api/ocr/image", picture(600, 200, "Pier 3", seed=703)),
        lambda m: _document(m, "/api/ocr/image", picture(600, 200, "Cut", seed=704)[:400]),
    ],
    ("POST", "/api/ocr/pdf"): [lambda m: _document(m, "/api/ocr/pdf", PDF)],
    ("POST", "/api/v1/ocr"): [lambda m: m.http.post("/api/v1/ocr", json={"image": BASE64})],
    ("POST", "/api/v1/ocr/batch"): [
        lambda m: m.http.post("/api/v1/ocr/batch", files=[("files", ("a.png", picture(seed=705)))])
    ],
    ("GET", "/api/schedules"): [lambda m: m.http.get("/api/schedules")],
    ("POST", "/api/schedules"): [lambda m: m.http.post("/api/schedules", json={"cron": "never"})],
    ("POST", "/api/schedules/{schedule_id}/{action}"): [
        lambda m: m.http.post(f"/api/schedules/{m.schedule}/pause"),
        lambda m: m.http.post("/api/schedules/none/pause"),
    ],
    ("DELETE", "/api/schedules/{schedule_id}"): [lambda m: m.http.delete(f"/api/schedules/{_scratch(m)}")],
    ("GET", "/api/libraries"): [
        lambda m: m.http.get("/api/libraries"),
        lambda m: m.http.get("/api/libraries", params={"path": m.folder}),
        lambda m: m.http.get("/api/libraries?path=/etc"),
    ],
    ("GET", "/api/models"): [lambda m: m.http.get("/api/models")],
    ("GET", "/api/devices"): [lambda m: m.http.get("/api/devices")],
    ("GET", "/api/queues"): [lambda m: m.http.get("/api/queues")],
    ("GET", "/api/history"): [lambda m: m.http.get("/api/history")],
    ("GET", "/livez"): [lambda m: m.http.get("/livez")],
    ("GET", "/readyz"): [lambda m: m.http.get("/readyz"), lambda m: m.http.get("/readyz?require=smell")],
    ("GET", "/api/users/me"): [lambda m: m.http.get("/api/users/me")],
    ("GET", "/api/users/me/usage"): [lambda m: m.http.get("/api/users/me/usage")],
    ("GET", "/api/users/me/usage/summary"): [lambda m: m.http.get("/api/users/me/usage/summary")],
}
FILES = {"results.csv", "results.parquet", "{name:path}", "metrics", "picture"}
WITH_ACCOUNTS = {("POST", "/api/auth/register"), ("POST", "/api/auth/token")}


def test_no_route_is_left_out() -> None:
    framework = ("MT Photos", "Immich")
    native = {key for key, route in ROUTES.items() if not set(route.tags) & set(framework)}
    assert {key for key in native if key[1].rpartition("/")[2] not in FILES} == set(CALLS) | WITH_ACCOUNTS


@pytest.mark.parametrize(("method", "path"), CALLS, ids=map(" ".join, CALLS))
def test_answers_are_as_described(made: Made, method: str, path: str) -> None:
    for call in CALLS[method, path]:
        answer = call(made)
        assert answer.request.method == method
        check(answer, path)


def test_every_kind_of_frame_was_seen(made: Made) -> None:
    kinds = set()
    for job in made.ended:
        path = f"/api/jobs/{job}/events?follow=false"
        kinds |= {frame["type"] for frame in check(made.http.get(path), "/api/jobs/{job_id}/events")}
    assert kinds >= {"start", "item", "warning", "error", "end"}
    items = check(made.http.get(f"/api/jobs/{made.photos}/results"), "/api/jobs/{job_id}/results")
    assert {name for item in items for name in item["results"] or ()} == {"ocr", "clip", "face"}


def test_a_face_is_as_described(made: Made, shared: Path) -> None:
    photo = (shared / "testdata" / "faces" / "insightface_t1.jpg").read_bytes()
    answer = made.http.post("/api/photos?tasks=face", files={"file": ("t1.jpg", photo)})
    assert check(answer, "/api/photos")["results"]["face"]


def test_people_are_as_described(made: Made, shared: Path) -> None:
    group = (shared / "testdata" / "faces" / "insightface_t1.jpg").read_bytes()
    made.ends(made.post("/api/jobs", files=[("files", ("t1.jpg", group))], data={"tasks": "face"}))
    made.ends(made.post("/api/people/cluster", json={"min_faces": 1}))
    some = check(made.http.get("/api/people"), "/api/people")["items"]
    one, other = (f"/api/people/{each['id']}" for each in some[:2])
    check(made.http.get(one), "/api/people/{person_id}")
    check(made.http.patch(one, json={"name": "Ada"}), "/api/people/{person_id}")
    merged = made.http.post(f"{one}/merge", json={"people": [other.rpartition("/")[2]]})
    faces = [face["id"] for face in check(merged, "/api/people/{person_id}/merge")["faces"]]
    check(made.http.post(f"{one}/split", json={"faces": faces[:1]}), "/api/people/{person_id}/split")


def test_users_are_as_described(tmp_path_factory: pytest.TempPathFactory) -> None:
    homes = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("library")
    closed = Service(*homes, AUTH_ENABLED="true", TRUSTED_NETWORKS="none")
    try:
        credentials = {"username": "ada", "password": PASSWORD}
        check(closed.http.post("/api/auth/register", json=credentials), "/api/auth/register")
        token = check(closed.http.post("/api/auth/token", data=credentials), "/api/auth/token")["access_token"]
        check(closed.http.get("/api/users/me", headers={"Authorization": f"Bearer {token}"}), "/api/users/me")
        check(closed.http.get("/api/jobs"), "/api/jobs")
    finally:
        closed.stop()
