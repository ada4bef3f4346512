"""Names, paths, headers and ids that are made to be more than that: they stay what they are wherever they come out."""

import csv
import io
import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.conftest import Service, picture, until

pytestmark = pytest.mark.e2e
KEY = {"api-key": "mt_photos_ai_extra"}
SPLIT = "a\r\nX-Evil: 1\r\n\r\n<script>"
NASTY = (
    SPLIT,
    "nul\0nul.png",
    "\u202egnp.exe",
    "\u2066a\u2069\u2028b\x85c",
    "\x1b]0;title\x07\x1b[2J",
    '"; rm -rf /; "',
    "'); DROP TABLE jobs; --",
    "../../../../etc/passwd",
    "..\\..\\boot.ini",
    "%0d%0aX-Evil:%201",
    "{0.__class__}%s%n${jndi:ldap://x}",
    "=HYPERLINK(1)",
    "🙈" * 300,
    "..",
    "",
)


def raw(service: Service, sent: bytes) -> bytes:
    """What the service answers to these bytes, to the end of the connection."""
    url = httpx.URL(service.url)
    with socket.create_connection((url.host, url.port or 80), timeout=60) as connection:
        connection.sendall(sent)
        got = b""
        while piece := connection.recv(65536):
            got += piece
    return got


def ended(service: Service, job: str) -> list[dict[str, Any]]:
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["finished_at"], 60, "its end")
    return [json.loads(line) for line in service.http.get(f"/api/jobs/{job}/results").text.split("\n") if line]


def multipart(name: bytes) -> bytes:
    """A form whose file has exactly this name."""
    head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="%b"\r\n\r\n' % name
    return head + picture(40, 40, seed=len(name)) + b"\r\n--b--\r\n"


def evil_headers(answer: httpx.Response) -> list[str]:
    return [name for name in answer.headers if "evil" in name]


def code(answer: httpx.Response) -> str:
    return str(answer.json().get("error", {}).get("code", ""))


def exports(service: Service, job: str) -> Iterator[httpx.Response]:
    for kind in ("results", "results.jsonl", "results.csv", "results.parquet", "events"):
        yield service.http.get(f"/api/jobs/{job}/{kind}")


@pytest.mark.parametrize("nasty", NASTY)
def test_a_nasty_name_of_an_upload_is_a_name_without_what_nobody_sees(service: Service, nasty: str) -> None:
    form = {"content-type": "multipart/form-data; boundary=b"}
    name = nasty.replace("\r\n", "\n").replace('"', "%22")  # a line that ends as lines of headers do ends the header
    answer = service.http.post("/api/jobs?tasks=probe", content=multipart(name.encode()), headers=form)
    assert answer.status_code in (202, 400), answer.text
    if answer.status_code == 400:
        return
    (item,) = ended(service, answer.json()["task_id"])
    assert item["status"] == "done"
    assert item["name"].isprintable()
    assert not set("/\\") & set(item["name"])
    for export in exports(service, answer.json()["task_id"]):
        assert export.status_code == 200
        assert not evil_headers(export)


@pytest.mark.parametrize("nasty", NASTY)
def test_a_nasty_id_comes_back_as_it_was_or_is_refused(service: Service, nasty: str) -> None:
    options = json.dumps({"custom_id": nasty})
    answer = service.http.post(
        "/api/jobs?tasks=probe", files={"files": ("a.png", picture())}, data={"options": options}
    )
    assert answer.status_code == (400 if "\0" in nasty else 202), answer.text
    if answer.status_code == 202:
        assert answer.json()["custom_id"] == nasty
    line = json.dumps({"custom_id": nasty, "path": nasty, "tasks": ["probe"]}).encode()
    answer = service.http.post("/api/jobs", content=line, headers={"content-type": "application/jsonl"})
    assert answer.status_code == 202, answer.text
    (item,) = ended(service, answer.json()["task_id"])
    assert (item["status"], item["custom_id"]) == ("failed", nasty.replace("\0", ""))
    for export in exports(service, answer.json()["task_id"]):
        assert export.status_code == 200
        assert export.headers.get("content-disposition", "").count('"') in (0, 2)
        assert not evil_headers(export)


@pytest.mark.parametrize("nasty", NASTY)
def test_nasty_text_is_no_fault_of_ours_wherever_it_may_stand(service: Service, nasty: str) -> None:
    http, data = service.http, picture(40, 40)
    path = quote(nasty, safe="")
    entries = {"ocr": {"detection": {"modelName": nasty}, "recognition": {"modelName": nasty}}}
    calls = [
        ("GET", f"/api/jobs/{path}", {}),
        ("GET", f"/api/jobs/{path}/results.csv", {}),
        ("GET", f"/api/jobs/{'0' * 32}/artifacts/{path}", {}),
        ("GET", f"/result/{path}", {}),
        ("GET", f"/assets/{path}", {}),
        ("GET", f"/{path}/", {}),
        ("DELETE", f"/api/schedules/{path}", {}),
        ("GET", "/api/jobs", {"params": {"cursor": f"1.5-{nasty}"}}),
        ("GET", "/readyz", {"params": {"require": nasty}}),
        ("POST", "/api/jobs", {"json": {"library": nasty, "tasks": [nasty], "include": [nasty or "*"]}}),
        (
            "POST",
            "/api/jobs",
            {"json": {"library": str(service.library), "tasks": ["probe"], "include": [nasty or "*"]}},
        ),
        ("POST", "/api/schedules", {"json": {"library": nasty, "cron": nasty, "time_zone": nasty, "custom_id": nasty}}),
        ("POST", "/api/photos", {"params": {"tasks": nasty}, "files": {"file": (None, data)}}),
        ("POST", "/api/documents", {"files": {"file": ("a", data)}, "data": {"mode": nasty}}),
        ("POST", "/api/auth/token", {"data": {"username": nasty, "password": nasty}}),
        ("POST", "/clip/txt", {"json": {"text": 1, nasty: nasty}, "headers": KEY}),
        ("POST", "/predict", {"data": {"entries": json.dumps(entries)}, "files": {"image": ("a", data)}}),
        ("POST", "/predict", {"data": {"entries": json.dumps({nasty: {nasty: {"modelName": nasty}}}), "text": nasty}}),
        ("POST", "/api/v1/ocr", {"json": {"image": nasty, "mode": "ocr"}}),
    ]
    for method, url, sent in calls:
        answer = http.request(method, url, follow_redirects=False, **sent)
        assert answer.status_code < 500 or url == "/readyz" or code(answer) == "no_worker", (method, url, answer.text)
        assert not evil_headers(answer), (method, url)


@pytest.mark.parametrize("number", ["99999999999999999999", "-1", "1e9", "0x10", "٣"])
def test_numbers_out_of_measure_are_400(service: Service, number: str) -> None:
    job = service.http.post("/api/jobs?tasks=probe", files={"files": ("a.png", picture())}).json()["task_id"]
    for url in (f"/api/jobs/{job}/events", f"/api/jobs/{job}/results"):
        answer = service.http.get(url, params={"after": number, "follow": "false"})
        assert answer.status_code in (200, 400), answer.text
        assert answer.status_code == 400 or number == "٣"


def test_headers_that_are_not_headers_are_400_and_no_second_request(service: Service) -> None:
    host = b"Host: 127.0.0.1\r\nConnection: close\r\n"
    for sent in (
        b"GET /livez HTTP/1.1\r\nX-Nul: a\0b\r\n" + host,
        b"GET /livez HTTP/1.1\r\nX-Bare: a\rX-Evil: 1\r\n" + host,
        b"GET /livez HTTP/1.1\r\n X-Folded: 1\r\n" + host,
        b"POST /livez HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 50\r\n" + host,
        b"POST /livez HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n" + host,
        b"POST /livez HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n" + host,
        b"POST /livez HTTP/1.1\r\nContent-Length: -1\r\n" + host,
    ):
        got = raw(service, sent + b"\r\n")
        assert got.startswith(b"HTTP/1.1 400 "), (sent, got)
        assert got.count(b"HTTP/1.1 ") == 1, (sent, got)


def test_a_file_with_lines_in_its_name_is_rescanned_and_known_by_that_name(service: Service) -> None:
    folder = service.library / "nasty"
    folder.mkdir()
    names = ["a\n2026-01-01 00:00:00  api  warning: lost\n\x1b[2J.png", "b\u202egnp.png", "=1+1.png"]
    for seed, name in enumerate(names):
        (folder / name).write_bytes(picture(seed=seed))
    answer = service.http.post("/api/jobs", json={"library": str(folder), "tasks": ["probe"]})
    job = answer.json()["task_id"]
    items = ended(service, job)
    assert sorted((item["name"], item["status"]) for item in items) == [(name, "done") for name in sorted(names)]
    cells = list(csv.DictReader(io.StringIO(service.http.get(f"/api/jobs/{job}/results.csv").text, newline="")))
    assert sorted(cell["name"] for cell in cells) == sorted([*names[:2], "'=1+1.png"])
