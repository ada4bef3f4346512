"""Items as Parquet, read back by the library that others would use."""

import io
import json

import pyarrow.parquet as pq

from api.parquet import ParquetFile

PHOTO = {
    "seq": 1,
    "item_id": 7,
    "name": "a\nb.jpg",
    "sha256": "a" * 64,
    "width": 30,
    "height": 20,
    "status": "done",
    "error": None,
    "results": {
        "ocr": {"lines": [], "text": "发票 =1+1\nzwei"},
        "clip": {"embedding": [0.5, -0.25], "model": "concepts"},
        "face": [{"box": [0, 0, 1, 1], "embedding": [1.0, 2.0]}],
    },
}
FAILED = {
    "seq": 2,
    "item_id": 8,
    "name": "b.jpg",
    "custom_id": "mine",
    "status": "failed",
    "error": {"code": "truncated", "message": "It ends too early."},
    "results": None,
}


def test_photos_and_failures_come_back_as_they_were_with_vectors_as_float32() -> None:
    file = ParquetFile()
    table = pq.read_table(io.BytesIO(file.head() + file.rows([PHOTO, FAILED]) + file.end()))
    assert str(table.schema.field("clip").type) == "list<element: float>"
    photo, failed = table.to_pylist()
    assert (photo["name"], photo["ocr_text"], photo["clip"]) == ("a\nb.jpg", "发票 =1+1\nzwei", [0.5, -0.25])
    assert photo["face_embeddings"] == [[1.0, 2.0]]
    assert json.loads(photo["results"]) == PHOTO["results"]
    assert (failed["custom_id"], failed["status"], failed["error_code"]) == ("mine", "failed", "truncated")
    assert failed["clip"] is None


def test_a_job_without_items_is_a_file_without_rows() -> None:
    file = ParquetFile()
    assert pq.read_table(io.BytesIO(file.head() + file.end())).num_rows == 0


def test_each_group_is_sent_when_it_is_made() -> None:
    file = ParquetFile()
    pieces = [file.head(), *(file.rows([{**PHOTO, "seq": n}] * 1000) for n in range(3)), file.end()]
    assert all(pieces)
    read = pq.ParquetFile(io.BytesIO(b"".join(pieces)))
    assert (read.num_row_groups, read.metadata.num_rows) == (3, 3000)
