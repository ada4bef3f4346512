"""Items of a job as Parquet, written group by group while it is sent; vectors are lists of float32."""

import io
from collections.abc import Sequence
from typing import Any

import orjson


class ParquetFile:
    """One file on its way: `head`, `rows` as often as there are some, `end`; joined, the pieces are the file.

    Columns: `seq`, `item_id`, `name`, `custom_id`, `page`, `sha256`, `width`, `height`, `status`, `error_code`,
    `error_message`, `ocr_text`, `clip` (list of float32), `clip_model`, `face_embeddings` (a list of float32 for each
    face), and `results` (JSON, all of them, in the native form).
    """

    def __init__(self) -> None:
        """An empty file. Takes about 0.2 s for the first one of a process, which loads the library."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        whole, words, vector = pa.int64(), pa.string(), pa.list_(pa.float32())
        self._arrow = pa
        columns = {"seq": whole, "item_id": whole, "name": words, "custom_id": words, "page": whole, "sha256": words}
        columns |= {"width": whole, "height": whole, "status": words, "error_code": words, "error_message": words}
        columns |= {"ocr_text": words, "clip": vector, "clip_model": words, "face_embeddings": pa.list_(vector)}
        self._schema = pa.schema(columns | {"results": words})
        self._sink = _Sink()
        self._writer = pq.ParquetWriter(self._sink, self._schema, compression="zstd")

    def head(self) -> bytes:
        """What stands before the first row."""
        return self._sink.take()

    def rows(self, items: Sequence[dict[str, Any]]) -> bytes:
        """A group of rows; items in the native form."""
        table = self._arrow.Table.from_pylist([_row(item) for item in items], schema=self._schema)
        self._writer.write_table(table)
        return self._sink.take()

    def end(self) -> bytes:
        """What stands after the last row."""
        self._writer.close()
        return self._sink.take()


class _Sink(io.RawIOBase):
    """A file that is taken away while it is written."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._at += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._at

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _row(item: dict[str, Any]) -> dict[str, Any]:
    found, error = item.get("results") or {}, item.get("error") or {}
    clip = found.get("clip") or {}
    return {
        **{name: item.get(name) for name in ("seq", "item_id", "name", "custom_id", "page", "sha256")},
        **{name: item.get(name) for name in ("width", "height", "status")},
        "error_code": error.get("code"),
        "error_message": error.get("message"),
        "ocr_text": (item.get("correction") or found.get("ocr") or {}).get("text"),
        "clip": clip.get("embedding"),
        "clip_model": clip.get("model"),
        "face_embeddings": [face["embedding"] for face in found["face"]] if "face" in found else None,
        "results": orjson.dumps(found).decode() if found else None,
    }
