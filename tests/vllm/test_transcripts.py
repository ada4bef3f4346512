"""What the model says arrives to the letter, by every way that a client may ask."""

import io
from itertools import pairwise
from typing import Any

import pytest
from PIL import Image

from tests.conftest import Service, picture, until
from tests.contract.my_ocr_client import read
from tests.vllm.asking import frames, pages, stream
from tests.vllm.rig.server import MODEL
from tests.vllm.rig.transcripts import GROUNDED, GROUNDED_CLEAN, INVOICE

pytestmark = pytest.mark.e2e

A4 = (827, 1169)
PIECES = 33
"""Tokens of the invoice, which the rig's tokenizer cuts at every word, with the one that ends it."""


def test_a_picture_comes_to_the_letter_with_the_engines_own_count_of_tokens(darkroom: Service) -> None:
    lines = stream(darkroom, "/api/ocr/image", picture(*A4, seed=1))
    told = frames(lines)

    assert read(lines).text == INVOICE
    assert [told[0]["type"], told[-1]["type"]] == ["start", "end"]
    usage = told[-1]["usage"]
    assert usage["completion_tokens"] == PIECES
    assert usage["completion_chars"] == len(INVOICE)
    assert usage["prompt_chars"] == len("Free OCR.")
    assert usage["prompt_tokens"] > 100, "the picture is most of it"


def test_ten_pages_come_to_the_letter_four_at_a_time(darkroom: Service) -> None:
    lines = stream(darkroom, "/api/ocr/pdf", pages(10, "a report"), resolution="tiny")
    told = frames(lines)

    seen = read(lines)
    assert seen.pages == dict.fromkeys(range(1, 11), INVOICE)
    assert seen.text == ""
    open_now: set[int] = set()
    most = 0
    for frame in told[1:-1]:
        page = frame["page"]
        if frame["type"] == "page_start":
            open_now.add(page)
        assert page in open_now, "nothing comes before a page's start or after its end"
        if frame["type"] == "page_end":
            open_now.remove(page)
            assert frame["usage"]["completion_tokens"] == PIECES
            assert (frame["engine"], frame.get("notes")) == (MODEL, None)
        most = max(most, len(open_now))
    assert not open_now
    assert 2 <= most <= 4
    assert told[-1]["usage"]["completion_tokens"] == 10 * PIECES
    assert told[-1]["usage"]["pages"] == 10


def test_text_arrives_while_the_model_writes(darkroom: Service) -> None:
    told = frames(stream(darkroom, "/api/ocr/image", picture(*A4, seed=2), mode="describe", resolution="tiny"))
    deltas = [frame for frame in told if frame["type"] == "delta"]

    assert len(deltas) > 20, "the model takes seconds for this text, and pieces are joined for 30 ms at most"


def test_a_document_may_be_streamed_and_looked_up_afterwards(darkroom: Service) -> None:
    lines = stream(darkroom, "/api/documents", picture(*A4, seed=3), stream="true", resolution="tiny")
    job = frames(lines)[0]["task_id"]

    assert read(lines).pages == {1: GROUNDED_CLEAN}
    check_grounded(darkroom, job)


def test_a_document_may_be_a_job(darkroom: Service) -> None:
    answer = darkroom.http.post(
        "/api/documents", files={"file": ("a.png", picture(*A4, seed=4))}, data={"resolution": "tiny"}
    )
    assert answer.status_code == 202
    job = answer.json()["task_id"]
    until(lambda: darkroom.http.get(f"/api/jobs/{job}").json()["state"] == "completed", 60, "the document's end")

    check_grounded(darkroom, job)


def check_grounded(darkroom: Service, job: str) -> None:
    """The blocks have the boxes that the model gave, in pixels, and figures are cut out."""
    (item,) = darkroom.http.get(f"/result/{job}").json()["result"]["items"]
    page: dict[str, Any] = item["results"]["document"]
    assert (page["markdown"], page["raw"], page["engine"]) == (GROUNDED_CLEAN, GROUNDED, MODEL)
    labels = [block["label"] for block in page["blocks"]]
    assert labels == ["title", "text", "table", "image", "text"]
    assert [block["figure"] for block in page["blocks"]] == [None, None, None, 1, None]
    tops = [block["boxes"][0][1] for block in page["blocks"]]
    assert all(above < below for above, below in pairwise(tops))
    width, height = A4
    expected = (610 / 999 * width, 620 / 999 * height, 940 / 999 * width, 910 / 999 * height)
    assert page["blocks"][3]["boxes"][0] == pytest.approx(expected, abs=1.5)


def test_figures_are_cut_out_and_the_raw_text_is_kept(darkroom: Service) -> None:
    data = pages(2, "a grounded report")
    lines = stream(darkroom, "/api/documents", data, stream="true", raw="true", resolution="tiny")
    job = frames(lines)[0]["task_id"]

    assert read(lines).pages == {1: GROUNDED, 2: GROUNDED}
    figure = Image.open(io.BytesIO(darkroom.http.get(f"/api/jobs/{job}/artifacts/images/2_1.jpg").content))
    assert figure.height > figure.width > 100


def test_the_classic_engine_may_be_asked_for_by_name(darkroom: Service) -> None:
    lines = stream(darkroom, "/api/ocr/pdf", pages(1, "a page of words"), engine="classic")

    assert "Page 1 of a page of words." in read(lines).pages[1]
