"""Clusterings in a store: ids that stay, decisions that are kept, and what changes while one is made."""

import base64
import json

import pytest
from sqlalchemy import select

from tasks import queues, upkeep
from tasks.broker import queue_key
from tasks.search import people
from tasks.search.nearest import Space
from tasks.search.people import clustering, decisions, views
from tasks.search.people.clustering import cluster
from tasks.search.people.decisions import DecisionWrong
from tasks.search.people.rows import PersonUnknown
from tasks.store.models import jobs, person_faces
from tasks.store.session import Store
from tasks.worker import Worker
from tests.unit.tasks.search import drawn
from tests.unit.tasks.search.people.test_groups import DIM
from tests.unit.tasks.search.people.test_groups import people as drawn_people


@pytest.fixture
def space(store: Store) -> Space:
    return drawn.space(store, "face", dim=DIM)


def who(store: Store) -> dict[int, str]:
    with store.read() as connection:
        found = connection.execute(select(person_faces.c.vector_id, person_faces.c.person_id))
        return {row.vector_id: row.person_id for row in found}


def test_people_are_found_and_stay_when_faces_come_and_go(store: Store, space: Space) -> None:
    found, _ = drawn_people([9, 6, 4, 2])
    first, second, third, few = (
        drawn.add(store, space, found[start:end], faces=2) for start, end in ((0, 9), (9, 15), (15, 19), (19, 21))
    )
    cluster(store, space, 3)
    before = who(store)
    assert [len({before[face] for face in some}) for some in (first, second, third)] == [1, 1, 1]
    assert len(set(before.values())) == 3
    assert not set(few) & set(before)
    drawn.remove(store, [*first[:3], *third])
    (more,) = drawn.add(store, space, found[20:21])
    cluster(store, space, 3)
    after = who(store)
    assert {after[face] for face in first[3:]} == {before[first[0]]}
    assert {after[face] for face in second} == {before[second[0]]}
    assert len({after[face] for face in (*few, more)}) == 1
    listed, following = views.listed(store, 2)
    assert [each["faces"] for each in listed] == [6, 6]
    rest, last = views.listed(store, 2, following)
    assert ([each["faces"] for each in rest], last) == ([3], None)
    assert before[third[0]] not in {each["id"] for each in (*listed, *rest)}


def test_names_merges_and_splits_outlast_clusterings(store: Store, space: Space) -> None:
    found, _ = drawn_people([8, 8, 8])
    one, two, three = (drawn.add(store, space, found[start : start + 8]) for start in (0, 8, 16))
    cluster(store, space, 3)
    a, b, c = (who(store)[some[0]] for some in (one, two, three))
    decisions.name(store, a, "Anna")
    decisions.merge(store, a, [b, a])
    new = decisions.split(store, c, three[:2])
    for _ in range(2):
        cluster(store, space, 3)
        now = who(store)
        assert {now[face] for face in (*one, *two)} == {a}
        assert {now[face] for face in three[2:]} == {c}
        assert {now[face] for face in three[:2]} == {new}
    (fresh,) = drawn.add(store, space, found[:1])
    cluster(store, space, 3)
    assert who(store)[fresh] == a
    assert views.one(store, a, 100)["name"] == "Anna"
    with pytest.raises(PersonUnknown):
        views.one(store, b, 1)


def test_a_merge_takes_over_the_name_that_there_is(store: Store, space: Space) -> None:
    found, _ = drawn_people([4, 4])
    keys = drawn.add(store, space, found)
    cluster(store, space, 3)
    a, b = who(store)[keys[0]], who(store)[keys[4]]
    decisions.name(store, b, "Ben")
    decisions.merge(store, a, [b])
    assert views.one(store, a, 1) | {"faces": [], "next": ""} == {
        "id": a,
        "name": "Ben",
        "count": 8,
        "faces": [],
        "next": "",
    }


def test_what_cannot_be_decided_changes_nothing(store: Store, space: Space) -> None:
    found, _ = drawn_people([4, 4])
    keys = drawn.add(store, space, found)
    other = drawn.space(store, "face", "another", DIM)
    strangers = drawn.add(store, other, found[:4])
    cluster(store, space, 3)
    cluster(store, other, 3)
    before = who(store)
    a, theirs = before[keys[0]], before[strangers[0]]
    with pytest.raises(DecisionWrong):
        decisions.split(store, a, [keys[5]])
    with pytest.raises(DecisionWrong):
        decisions.split(store, a, keys[:4])
    with pytest.raises(DecisionWrong):
        decisions.merge(store, a, [theirs])
    with pytest.raises(PersonUnknown):
        decisions.merge(store, a, ["nobody"])
    assert who(store) == before


def test_a_decision_made_meanwhile_is_heard(store: Store, space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = drawn_people([8])
    keys = drawn.add(store, space, found)
    cluster(store, space, 3)
    person = who(store)[keys[0]]
    gathered, split = clustering.gather, []

    def gather(*asked: object) -> object:
        made = gathered(*asked)  # type: ignore[arg-type]
        if not split:
            split.append(decisions.split(store, person, keys[:3]))
        return made

    monkeypatch.setattr(clustering, "gather", gather)
    cluster(store, space, 3)
    assert {who(store)[face] for face in keys[:3]} == set(split)
    assert {who(store)[face] for face in keys[3:]} == {person}


def test_faces_that_go_meanwhile_are_nobodys(store: Store, space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = drawn_people([8])
    keys = drawn.add(store, space, found)
    gathered = clustering.gather

    def gather(*asked: object) -> object:
        drawn.remove(store, keys[:2])
        return gathered(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(clustering, "gather", gather)
    cluster(store, space, 3)
    assert set(who(store)) == set(keys[2:])


def job(worker: Worker) -> str:
    return worker.jobs.create(people.KIND, ["face"], listing=True, options={"min_faces": 3})


def state(worker: Worker, job_id: str) -> tuple[str, str | None]:
    with worker.store.read() as connection:
        row = connection.execute(select(jobs.c.state, jobs.c.error_code).where(jobs.c.id == job_id)).one()
    return row.state, row.error_code


def test_a_job_clusters_every_model_and_ends(worker: Worker) -> None:
    store = worker.store
    found, _ = drawn_people([5])
    for model in ("one", "other"):
        drawn.add(store, drawn.space(store, "face", model, DIM), found)
    job_id, told = job(worker), []
    clustering.work(worker, job_id, lambda: told.append(1))
    assert state(worker, job_id) == ("completed", None)
    assert len(set(who(store).values())) == 2
    assert told


@pytest.mark.parametrize("action", ["pause", "cancel"])
def test_a_job_that_is_paused_or_cancelled_changes_nothing(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    drawn.add(worker.store, drawn.space(worker.store, "face", dim=DIM), drawn_people([5])[0])
    job_id, loaded = job(worker), clustering.load

    def load(*asked: object) -> object:
        getattr(worker.jobs, action)(job_id)
        return loaded(*asked)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(clustering, "load", load)
        clustering.work(worker, job_id, lambda: None)
    assert who(worker.store) == {}
    if action == "pause":
        worker.jobs.resume(job_id)
    clustering.work(worker, job_id, lambda: None)
    assert state(worker, job_id)[0] == ("completed" if action == "pause" else "cancelled")
    assert len(who(worker.store)) == (5 if action == "pause" else 0)


def test_word_of_a_clustering_that_was_lost_is_sent_again(worker: Worker) -> None:
    job_id = job(worker)
    upkeep._restart_old_lists(worker)
    (message,) = worker.redis.lrange(queue_key(queues.LIST_QUEUE), 0, -1)
    assert job_id in base64.b64decode(json.loads(message)["body"]).decode()
    upkeep._restart_old_lists(worker)
    assert worker.redis.llen(queue_key(queues.LIST_QUEUE)) == 1


def test_a_job_that_takes_its_workers_down_fails_in_the_end(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn.add(worker.store, drawn.space(worker.store, "face", dim=DIM), drawn_people([5])[0])
    job_id = job(worker)

    def crash(*_: object) -> None:
        raise SystemExit

    monkeypatch.setattr(clustering, "load", crash)
    for _ in range(worker.settings.max_attempts):
        with pytest.raises(SystemExit):
            clustering.work(worker, job_id, lambda: None)
    clustering.work(worker, job_id, lambda: None)
    assert state(worker, job_id) == ("failed", "worker_died")
