"""All three exports of a job: what they hold, and how they are made."""

import base64
import csv
import io
import json
import subprocess
import sys
from types import SimpleNamespace

import httpx
import numpy as np
import pyarrow.parquet as pq
import pytest
from fastapi import FastAPI

from api.routes import exports
from api.security import require_native_key
from tasks.jobs import Jobs, NewItem, Outcome
from tasks.results import Finding
from tasks.store.session import Store

COUNT = 3000
TEXT = "a\u2028b\x85c\x00d\x1be\r\n发票"


@pytest.fixture
def jobs(store: Store) -> Jobs:
    return Jobs(store)


async def exported(store: Store, job: str, kind: str) -> bytes:
    app = FastAPI()
    app.include_router(exports.router)
    app.dependency_overrides[require_native_key] = lambda: None
    app.state.dispatch = SimpleNamespace(store=store)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://exports") as client:
        answer = await client.get(f"/api/jobs/{job}/results.{kind}")
    assert answer.status_code == 200
    return answer.content


def outcome(number: int) -> Outcome:
    if number % 10 == 3:
        return Outcome(error_code="not_a_picture", error_message="No.")
    vector = np.arange(4, dtype="<f4") / 3 + number
    if number == 0:
        vector[:2] = np.nan, np.inf
    body = {"vector": base64.b64encode(vector.tobytes()).decode()}
    lines = [{"text": TEXT, "score": 1.0, "box": [[0, 0], [1, 0], [1, 1], [0, 1]]}]
    found = Finding("clip", "concepts", "1", 3, 2, body), Finding("ocr", "PP-OCRv6_small", "1", 3, 2, {"lines": lines})
    return Outcome(sha256=f"{number:064x}", width=3, height=2, found=found)


async def test_3000_photos_are_the_same_in_all_three_files_and_none_is_made_in_one_piece(
    jobs: Jobs, store: Store
) -> None:
    job = jobs.create("photos", ["ocr", "clip"], new_items=[NewItem(f"p{n}", path=f"/p{n}") for n in range(COUNT)])
    lease = jobs.draw("w/1#1", "bulk", COUNT, 60)
    assert lease is not None
    jobs.finish_all(job, [(item.id, outcome(n)) for n, item in enumerate(lease.items)])

    lines = [json.loads(line) for line in (await exported(store, job, "jsonl")).split(b"\n") if line]
    file = pq.ParquetFile(io.BytesIO(await exported(store, job, "parquet")))
    rows = file.read().to_pylist()
    cells = list(csv.DictReader(io.StringIO((await exported(store, job, "csv")).decode(), newline="")))

    assert len(lines) == COUNT
    assert {file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)} == {exports.PAGE}
    assert rows[0]["clip"][:2] == [0, 0]  # what is no number is nought in every protocol
    for line, row, cell in zip(lines, rows, cells, strict=True):
        same = ("seq", "item_id", "name", "sha256", "width", "height", "status")
        assert [row[name] for name in same] == [line[name] for name in same]
        assert [cell[name] for name in same] == ["" if line[name] is None else str(line[name]) for name in same]
        code = (line["error"] or {}).get("code")
        assert (row["error_code"], cell["error_code"]) == (code, code or "")
        if code:
            assert (row["clip"], row["ocr_text"], cell["clip_embedding"]) == (None, None, "")
            continue
        assert json.loads(row["results"]) == line["results"]
        assert row["ocr_text"] == cell["ocr_text"] == line["results"]["ocr"]["text"] == TEXT
        embedding = line["results"]["clip"]["embedding"]
        assert json.loads(cell["clip_embedding"]) == embedding
        assert [float(np.float32(number)) for number in embedding] == row["clip"]


async def test_a_job_without_photos_is_a_file_without_rows(jobs: Jobs, store: Store) -> None:
    job = jobs.create("photos", ["ocr"], new_items=[])
    assert await exported(store, job, "jsonl") == b""
    assert (await exported(store, job, "csv")).decode().splitlines() == [",".join(exports.COLUMNS)]
    assert pq.read_table(io.BytesIO(await exported(store, job, "parquet"))).num_rows == 0


def test_the_api_loads_the_parquet_library_only_with_the_first_such_export() -> None:
    code = "import sys, api.main; print('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def read_back(**fields: object) -> dict[str, str]:
    text = (exports._line([exports.COLUMNS]) + exports._csv([dict(fields)])).decode()
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    return row


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n"])
def test_text_that_a_spreadsheet_would_run_is_marked_wherever_it_stands(first: str) -> None:
    evil = f"{first}HYPERLINK(1)"
    row = read_back(name=evil, custom_id=evil, error={"code": "c", "message": evil}, results={"ocr": {"text": evil}})
    assert {row[name] for name in ("name", "custom_id", "error_message", "ocr_text")} == {f"'{evil}"}


@pytest.mark.parametrize("text", ["two\nlines", "a\r\nb", 'quo"ted, with', "a\x00b\x1b[31m\x85\u2028", "1+1=2"])
def test_other_text_comes_back_as_it_was_in_one_cell(text: str) -> None:
    assert read_back(results={"ocr": {"text": text}})["ocr_text"] == text


def test_numbers_below_zero_are_left_alone() -> None:
    assert read_back(seq=-1)["seq"] == "-1"
