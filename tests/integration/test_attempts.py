"""A photo is started three times at most."""

from tasks import bulk, views
from tasks.jobs import Jobs, NewItem
from tasks.worker import Worker
from tests.conftest import picture


def start_and_die(jobs: Jobs, owner: str) -> list[str]:
    lease = jobs.draw(owner, "bulk", 16, 60)
    assert lease is not None
    jobs.release_dead(owner, "SIGSEGV")
    return [item.name for item in lease.items]


def test_a_photo_whose_worker_died_three_times_fails_and_its_neighbour_is_finished(worker: Worker) -> None:
    data = picture()
    blob = worker.spool.put(data, "a" * 64)
    job = worker.jobs.create("photos", ["probe"], new_items=[NewItem("poison", blob=blob), NewItem("good", blob=blob)])
    assert start_and_die(worker.jobs, "dead/1#1") == ["poison", "good"]
    assert start_and_die(worker.jobs, "dead/2#1") == ["poison"]
    bulk_lease = worker.jobs.draw("x/1#1", "bulk", 16, 60)
    assert bulk_lease is not None
    assert [item.name for item in bulk_lease.items] == ["good"]
    bulk._work_on(worker, bulk_lease, "x/1#1", "bulk.jobs")
    assert start_and_die(worker.jobs, "dead/3#1") == ["poison"]
    bulk.take_turn(worker, "bulk")
    found = {line["name"]: line["error"] for line in views.finished(worker.store, job, 0, 10)}
    assert found["good"] is None
    assert found["poison"]["code"] == "worker_died"
    assert "SIGSEGV" in found["poison"]["message"]
    assert views.job(worker.store, job)["state"] == "completed"
