"""A photo is started three times at most."""

from tasks import bulk, views
from tasks.jobs import Jobs, NewItem
from tasks.worker import Worker
from tests.conftest import picture


def start_and_die(jobs: Jobs, owner: str) -> None:
    lease = jobs.draw(owner, "bulk", 16, 60)
    assert lease is not None
    jobs.begin(lease.items[0].id, owner, 60)
    jobs.release(owner)


def test_a_photo_whose_worker_died_three_times_fails_and_its_neighbour_is_finished(worker: Worker) -> None:
    data = picture()
    blob = worker.spool.put(data, "a" * 64)
    job = worker.jobs.create("photos", ["probe"], new_items=[NewItem("poison", blob=blob), NewItem("good", blob=blob)])
    for attempt in range(3):
        start_and_die(worker.jobs, f"dead/{attempt}#1")
        if attempt == 0:  # the neighbour comes first from now on: a photo that was started before is drawn alone
            bulk_lease = worker.jobs.draw("x/1#1", "bulk", 16, 60)
            assert bulk_lease is not None
            assert [item.name for item in bulk_lease.items] == ["good"]
            bulk._work_on(worker, bulk_lease, "x/1#1")
    bulk.take_turn(worker, "bulk")
    found = {line["name"]: line["error"] for line in views.finished(worker.store, job, 0, 10)}
    assert found["good"] is None
    assert found["poison"]["code"] == "worker_died"
    assert views.job(worker.store, job)["state"] == "completed"
