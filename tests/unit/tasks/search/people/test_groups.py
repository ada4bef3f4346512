"""Faces are gathered as they belong: drawn people, whose faces lie about a middle of their own."""

import numpy as np
import pytest

from tasks.search.people import alike
from tasks.search.people.alike import link
from tasks.search.people.groups import gather
from tests.unit.tasks.search import drawn

DIM = 64


def people(sizes: list[int], spread: float = 0.6, seed: int = 0) -> tuple[drawn.Matrix, list[int]]:
    """Faces of people, and whose each is; faces of one have a cosine of about 1 / (1 + spread^2)."""
    middles = drawn.unit(len(sizes), seed, DIM)
    truth = [who for who, size in enumerate(sizes) for _ in range(size)]
    own = np.random.default_rng(seed + 1).standard_normal((len(truth), DIM)) / np.sqrt(DIM)
    found = middles[truth] + spread * own
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32), truth


def grouped(found: drawn.Matrix, pins: dict[int, str] | None = None) -> list[int]:
    return [int(group) for group in gather(found, link(found, 0.5), pins or {}, 0.5)]


@pytest.mark.parametrize("exact", [True, False])
def test_each_group_is_one_person_and_each_person_one_group(exact: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not exact:
        monkeypatch.setattr(alike, "EXACT", 10)
    found, truth = people([400, 60, 12, 3, 2, 1, 1])
    pairs = set(zip(truth, grouped(found), strict=True))
    assert len(pairs) == 7
    assert len({group for _, group in pairs}) == 7


def test_the_same_faces_make_the_same_groups() -> None:
    found, _ = people([30, 30, 5])
    assert grouped(found) == grouped(found)


def test_faces_of_one_pin_are_together_and_of_two_apart() -> None:
    found, _ = people([20, 20])
    made = grouped(found, {0: "anna", 30: "anna"})  # two groups that somebody says are one person
    assert made[0] == made[30]
    apart = grouped(found, {0: "anna", 1: "anna", 2: "ben"})
    assert apart[0] == apart[1] != apart[2]
    assert {apart[0], apart[2]} >= set(apart[:20])
    assert not {apart[0], apart[2]} & set(apart[20:])


def test_groups_with_two_names_are_never_joined() -> None:
    found, _ = people([40], spread=0.1)
    made = grouped(found, {0: "anna", 39: "ben"})
    assert made[0] != made[39]


def test_no_face_at_all_is_no_group() -> None:
    assert grouped(np.empty((0, DIM), np.float32)) == []
