"""People over HTTP: what may be asked, and what is refused."""

from typing import Any

import pytest

from tests.conftest import Service, until

pytestmark = pytest.mark.e2e


def ended(service: Service, job_id: str) -> Any:
    body = service.http.get(f"/api/jobs/{job_id}").json()
    return body if body["finished_at"] else None


@pytest.mark.parametrize("asked", [{}, {"json": {}}, {"json": {"min_faces": 2}}], ids=str)
def test_a_clustering_is_a_job_that_ends(service: Service, asked: dict[str, Any]) -> None:
    answer = service.http.post("/api/people/cluster", **asked)
    assert answer.status_code == 202, answer.text
    job_id = answer.json()["task_id"]
    assert answer.headers["location"] == f"/api/jobs/{job_id}"
    job = until(lambda: ended(service, job_id), 60, "its end")
    assert (job["kind"], job["state"], job["counts"]["total"]) == ("people", "completed", 0)
    frames = service.http.get(f"/api/jobs/{job_id}/events").text.splitlines()
    assert '"type":"start"' in frames[0]
    assert '"type":"end"' in frames[-1]
    listed = service.http.get("/api/jobs", params={"kind": "people"}).json()["items"]
    assert job_id in {each["task_id"] for each in listed}


def test_one_who_is_not_there_is_404(service: Service) -> None:
    http = service.http
    answers = (
        http.get("/api/people/nobody"),
        http.patch("/api/people/nobody", json={"name": "Anna"}),
        http.post("/api/people/nobody/merge", json={"people": ["nothing"]}),
        http.post("/api/people/nobody/split", json={"faces": [1]}),
    )
    assert [answer.status_code for answer in answers] == [404] * 4
    assert {answer.json()["error"]["code"] for answer in answers} == {"person_not_found"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "cluster", {"min_faces": 0}),
        ("POST", "cluster", {"min": 2}),
        ("PATCH", "nobody", {"name": " \u200b".strip("\u200b")}),
        ("PATCH", "nobody", {"name": "a" * 201}),
        ("PATCH", "nobody", {}),
        ("POST", "nobody/merge", {"people": []}),
        ("POST", "nobody/split", {"faces": [2**63]}),
        ("POST", "nobody/split", {"faces": []}),
        ("GET", "?cursor=none", None),
        ("GET", "?limit=0", None),
    ],
    ids=str,
)
def test_what_means_nothing_is_refused_in_our_form(service: Service, method: str, path: str, body: Any) -> None:
    answer = service.http.request(method, f"/api/people/{path}".replace("/?", "?"), json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == "bad_request"


def test_a_cursor_past_every_number_is_one(service: Service) -> None:
    answer = service.http.get("/api/people", params={"cursor": f"{10**30}-x", "limit": 5})
    assert (answer.status_code, sorted(answer.json())) == (200, ["items", "next"])
