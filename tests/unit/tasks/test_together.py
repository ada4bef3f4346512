"""Requests that came together: what is alike is computed in one call, and no one pays for another's fault."""

import hashlib
import time
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
import redis

from engines.errors import InferenceFailed
from engines.images import Image
from engines.types import Embedding, ModelInfo
from tasks import answer
from tasks.rounds import Answers, Batch, Taken
from tasks.worker import Worker
from tests.conftest import picture
from tests.unit.tasks.test_rounds import asked


def with_model(worker: Worker, monkeypatch: pytest.MonkeyPatch, vectors: Callable[..., list[dict[str, Any]]]) -> None:
    info = ModelInfo("clip_text", "M", "1", "M", "cpu", "onnxruntime", "f32", loaded=True)
    monkeypatch.setattr(worker.engines, "resolve", lambda *_: info)
    monkeypatch.setattr(worker.inference, "texts", vectors)


def test_a_text_that_cannot_be_read_harms_no_other(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def vectors(texts: list[str], *_: Any) -> list[dict[str, Any]]:
        calls.append(texts)
        if "bad" in texts:
            raise InferenceFailed("no vector")
        return [{"vector": text} for text in texts]

    with_model(worker, monkeypatch, vectors)
    words = ["one", "bad", "two"]
    batch = [Taken(asked(place, text=text, model=None, language=None)) for place, text in enumerate(words)]
    batch.append(Taken(asked(7, text="drei", model=None, language="de")))
    with answer.texts(worker, batch) as answers:
        found = [each.get("report", {}).get("vector") or each["error"]["code"] for each in answers]
    assert found == ["one", "inference_failed", "two", "drei"]
    assert calls == [["one", "bad", "two"], ["one"], ["bad"], ["two"], ["drei"]]


def test_a_late_text_is_told_so_and_the_others_are_answered(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    with_model(worker, monkeypatch, lambda texts, *_: [{"vector": text} for text in texts])
    late = {**asked(1, text="late", model=None, language=None), "deadline": time.time() - 1}
    batch = [Taken(late), Taken(asked(2, text="good", model=None, language=None))]
    wait = partial(answer.texts, worker)
    with wait(batch) as answers:
        assert [each.get("error", {}).get("code") for each in answers] == ["queue_timeout", None]
    assert uuid.UUID(int=2).hex == answers[1]["id"]


class Clip:
    """A CLIP network that notes what comes together; RED is more than it bears."""

    at_least = 64

    def __init__(self) -> None:
        self.calls: list[list[int]] = []

    def embed_many(self, images: Sequence[Image]) -> list[Embedding]:
        seeds = [int(image.pixels[0, 0, 0]) for image in images]
        self.calls.append(seeds)
        if RED in seeds:
            raise InferenceFailed("no vector")
        return [Embedding(np.array(seed, "<f4").tobytes()) for seed in seeds]

    def embed(self, image: Image) -> Embedding:
        return self.embed_many([image])[0]


RED, GREEN, BLUE, GREY = range(1, 5)


@pytest.fixture
def clip(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> Clip:
    made = Clip()
    info = ModelInfo("clip", "M", "1", "M", "cpu", "onnxruntime", "f32", loaded=True)
    monkeypatch.setattr(worker.engines, "resolve", lambda *_: info)
    monkeypatch.setattr(worker.engines, "engine", lambda *_: made)
    return made


def photo_of(worker: Worker, number: int, what: bytes | int) -> dict[str, Any]:
    content = what if isinstance(what, bytes) else picture(8, 8, seed=what)
    digest = hashlib.sha256(content).hexdigest()
    blob = worker.spool.put(content, digest, owner=f"{number}")
    return asked(number, blob=blob, sha256=digest, tasks=[["clip", None, {}]], cache=True)


def told(answers: Answers) -> list[str]:
    return [each["error"]["code"] if "error" in each else each["report"]["findings"]["clip"].model for each in answers]


def test_photos_of_which_a_vector_is_wanted_are_computed_together(worker: Worker, clip: Clip) -> None:
    batch = Batch([Taken(photo_of(worker, place, which)) for place, which in enumerate((GREEN, BLUE))], lambda _: [])
    with answer.photos(worker, batch) as answers:
        assert told(answers) == ["M", "M"]
    assert clip.calls == [[GREEN, BLUE]]
    with answer.photos(worker, Batch([Taken(photo_of(worker, 5, BLUE))], lambda _: [])) as answers:
        assert answers[0]["report"]["cached"] == ("clip",)  # kept once the answers were sent
    assert len(clip.calls) == 1


def test_a_photo_that_fails_harms_none_that_came_with_it(worker: Worker, clip: Clip) -> None:
    late = photo_of(worker, 3, GREY) | {"deadline": time.time() - 1}
    given = [photo_of(worker, 0, GREEN), photo_of(worker, 1, b"no picture"), photo_of(worker, 2, RED), late]
    given += [photo_of(worker, 4, BLUE), photo_of(worker, 5, BLUE) | {"blob": "gone"}]
    with answer.photos(worker, Batch([Taken(each) for each in given], lambda _: [])) as answers:
        assert told(answers[:5]) == ["M", "not_a_picture", "inference_failed", "queue_timeout", "M"]
        assert "error" in answers[5]
    assert clip.calls == [[GREEN, RED, BLUE], [GREEN], [RED], [BLUE]]
    assert [each["id"] for each in answers] == [each["id"] for each in given]


def test_photos_that_come_while_others_are_decoded_go_along(worker: Worker, clip: Clip) -> None:
    coming = [[Taken(photo_of(worker, 1, BLUE))], [Taken(photo_of(worker, 2, GREY))], []]
    batch = Batch([Taken(photo_of(worker, 0, GREEN))], lambda _: coming.pop(0))
    with answer.photos(worker, batch) as answers:
        assert [each["id"] for each in answers] == [uuid.UUID(int=number).hex for number in range(3)]
    assert clip.calls == [[GREEN, BLUE, GREY]]


def test_a_broker_that_goes_away_meanwhile_spoils_no_answer(worker: Worker, clip: Clip) -> None:
    def away(_: Sequence[Taken]) -> list[Taken]:
        raise redis.ConnectionError("gone")

    with answer.photos(worker, Batch([Taken(photo_of(worker, 0, GREEN))], away)) as answers:
        assert told(answers) == ["M"]
