"""What a rescan means: which files it finds, which of them need nothing, and what it says of the rest."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from tasks import events, views
from tasks.jobs import Jobs, Outcome
from tasks.library import known, listing, stored
from tasks.library.patterns import Patterns
from tasks.library.walk import Found, Trouble, Walk
from tasks.results import Finding
from tasks.store.session import Store

MODEL = {"ocr": ("m", "1", "")}
HOUR_NS = 3600 * 10**9


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder.resolve()


def photo(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    before = time.time_ns() - HOUR_NS
    os.utime(path, ns=(before, before))
    return path


def rescan(store: Store, root: Path, wanted: listing.Wanted = MODEL, **options: Any) -> str:
    """The id of a job whose folder is listed, and none of whose photos is looked at yet."""
    asked = {**options, "library": str(root)}
    job = Jobs(store).create("library", ["ocr"], options=asked, listing=True)
    listing.list_folder(listing.Listing(store, job, wanted), asked, [root])
    return job


def look_at_all(store: Store, job: str, outcome: Outcome | None = None) -> int:
    """How many photos waited; each is looked at, or ends as `outcome` says."""
    jobs, looked_at = Jobs(store), 0
    while lease := jobs.draw("w/1#1", "bulk", 100, 60):
        for item in lease.items:
            finding = Finding("ocr", "m", "1", 4, 3, {"lines": []})
            found = Outcome(sha256=f"{item.id:064}", width=4, height=3, found=(finding,))
            jobs.finish(item.id, outcome or found)
            looked_at += 1
    assert views.job(store, job)["state"] == "completed"
    return looked_at


def counts(store: Store, job: str) -> dict[str, int]:
    found: dict[str, int] = views.job(store, job)["counts"]
    assert found["total"] == sum(found[name] for name in ("queued", "running", "done", "failed", "cancelled"))
    return found


def picked(store: Store, job: str, *names: str) -> list[int]:
    found = counts(store, job)
    return [found[name] for name in names]


def warnings(store: Store, job: str) -> list[tuple[str, str]]:
    page, _ = events.frames(store, job, 0, 5000)
    return sorted((frame["code"], frame["name"]) for frame in page if frame["type"] == "warning")


def test_a_second_rescan_reads_no_photo_that_is_unchanged_and_still_shows_its_results(store: Store, root: Path) -> None:
    for n in range(3):
        photo(root / f"{n}.jpg")
    first = rescan(store, root)
    assert look_at_all(store, first) == 3
    second = rescan(store, root)
    assert look_at_all(store, second) == 0
    assert picked(store, second, "done", "cached", "unchanged", "new", "changed", "deleted") == [3, 3, 3, 0, 0, 0]
    page, over = events.frames(store, second, 0, 100)
    assert [frame["seq"] for frame in page] == [1, 2, 3, 4, 5]
    assert over
    assert all(frame["cached"] == ["ocr"] and frame["sha256"] for frame in page if frame["type"] == "item")
    assert all(line["results"]["ocr"]["body"] == {"lines": []} for line in views.finished(store, second, 0, 10))


def test_changed_new_and_deleted_photos_are_found(store: Store, root: Path) -> None:
    for name in ("same", "other", "gone"):
        photo(root / f"{name}.jpg")
    look_at_all(store, rescan(store, root))
    photo(root / "other.jpg", b"longer than before")
    photo(root / "fresh.jpg")
    (root / "gone.jpg").unlink()
    job = rescan(store, root)
    assert picked(store, job, "unchanged", "changed", "new", "deleted") == [1, 1, 1, 1]
    assert look_at_all(store, job) == 2
    assert picked(store, rescan(store, root), "unchanged", "deleted") == [3, 0]


def test_a_photo_that_is_excluded_is_not_deleted(store: Store, root: Path) -> None:
    photo(root / "a.jpg")
    photo(root / "b" / "c.jpg")
    look_at_all(store, rescan(store, root))
    job = rescan(store, root, exclude=["b"])
    assert picked(store, job, "total", "unchanged", "deleted") == [1, 1, 0]


def test_another_model_revision_looks_again(store: Store, root: Path) -> None:
    photo(root / "a.jpg")
    look_at_all(store, rescan(store, root))
    job = rescan(store, root, {"ocr": ("m", "2", "")})
    assert picked(store, job, "unchanged", "cached", "queued") == [1, 0, 1]


def test_a_photo_that_was_just_written_is_read_again(store: Store, root: Path) -> None:
    photo(root / "a.jpg")
    os.utime(root / "a.jpg")
    look_at_all(store, rescan(store, root))
    assert picked(store, rescan(store, root), "changed", "queued") == [1, 1]


def test_a_photo_that_changes_while_it_is_looked_at_is_looked_at_again(store: Store, root: Path) -> None:
    photo(root / "a.jpg")
    job = rescan(store, root)
    photo(root / "a.jpg", b"changed meanwhile")
    look_at_all(store, job)
    assert picked(store, rescan(store, root), "changed", "queued") == [1, 1]


def test_what_an_older_rescan_read_is_not_taken_for_what_a_newer_one_listed(store: Store, root: Path) -> None:
    photo(root / "a.jpg")
    rescan(store, root)
    older = Jobs(store).draw("w/1#1", "bulk", 1, 60)
    photo(root / "a.jpg", b"changed meanwhile")
    rescan(store, root)
    assert older is not None
    Jobs(store).finish(older.items[0].id, Outcome(results={}, sha256="a" * 64))
    with store.read() as connection:
        (found,) = known.compare(connection, [each for each in Walk(root, [root], {}) if isinstance(each, Found)], {})
    assert (found.status, found.sha256) == ("unchanged", None)


def test_a_photo_that_killed_its_workers_is_not_tried_again_until_it_changes_or_force_is_used(
    store: Store, root: Path
) -> None:
    photo(root / "deadly.jpg")
    look_at_all(store, rescan(store, root), Outcome(error_code="worker_died", error_message="by SIGSEGV"))
    again = rescan(store, root)
    assert look_at_all(store, again) == 0
    (line,) = views.finished(store, again, 0, 10)
    assert (line["status"], line["error"]) == ("failed", {"code": "worker_died", "message": "by SIGSEGV"})
    assert look_at_all(store, rescan(store, root, {}, force=True)) == 1
    photo(root / "deadly.jpg", b"mended by its owner")
    assert look_at_all(store, rescan(store, root)) == 1


def test_force_looks_at_everything(store: Store, root: Path) -> None:
    photo(root / "a.jpg")
    look_at_all(store, rescan(store, root))
    assert look_at_all(store, rescan(store, root, {}, force=True)) == 1


def test_a_listing_that_runs_again_doubles_nothing(store: Store, root: Path) -> None:
    for n in range(700):
        photo(root / f"{n}.jpg")
    asked = {"library": str(root)}
    job = Jobs(store).create("library", ["ocr"], options=asked, listing=True)
    halfway = listing.Listing(store, job, MODEL)
    photos, _ = next(listing.chunks(Walk(root, [root], asked)))
    halfway.add(photos)
    listing.list_folder(listing.Listing(store, job, MODEL), asked, [root])
    assert picked(store, job, "total", "new") == [700, 700]
    assert look_at_all(store, job) == 700


def test_a_listing_ends_with_the_chunk_in_which_its_job_is_cancelled(store: Store, root: Path) -> None:
    for n in range(3 * listing.CHUNK):
        photo(root / f"{n}.jpg")
    asked = {"library": str(root)}
    jobs = Jobs(store)
    job = jobs.create("library", ["ocr"], options=asked, listing=True)
    calls = iter([lambda: jobs.cancel(job)])
    listing.list_folder(listing.Listing(store, job, MODEL), asked, [root], lambda: next(calls)())
    assert picked(store, job, "total", "cancelled") == [listing.CHUNK, listing.CHUNK]


def test_names_of_any_bytes_and_any_length_are_listed_and_found_again(store: Store, root: Path) -> None:
    deep = root / "/".join(["d" * 200] * 15)
    odd = [root / os.fsdecode(b"caf\xe9.jpg"), root / "two\nlines.jpg", root / "猫 ' \" %.jpg", deep / "far.jpg"]
    for path in odd:
        photo(path)
    job = rescan(store, root)
    lease = Jobs(store).draw("w/1#1", "bulk", 10, 60)
    assert lease is not None
    assert {stored(item.path or "") for item in lease.items} == set(odd)
    assert "caf\\xe9.jpg" in {item.name for item in lease.items}
    assert picked(store, job, "new", "warnings") == [4, 0]
    assert picked(store, rescan(store, root), "unchanged", "deleted") == [4, 0]


def test_links_and_folders_that_cannot_be_followed_are_warned_of(store: Store, root: Path) -> None:
    (root.parent / "secret.jpg").touch()
    (root / "deep").mkdir()
    photo(root / "real.jpg")
    (root / "good.jpg").symlink_to(root / "real.jpg")
    (root / "dead.jpg").symlink_to(root / "nothing.jpg")
    (root / "loop.jpg").symlink_to(root / "loop.jpg")
    (root / "out.jpg").symlink_to(root.parent / "secret.jpg")
    (root / "deep" / "up.jpg").symlink_to(root)
    os.mkfifo(root / "pipe.jpg")
    job = rescan(store, root)
    assert picked(store, job, "total", "warnings") == [2, 4]
    assert warnings(store, job) == [
        ("dead_link", "dead.jpg"),
        ("link_outside", "loop.jpg"),
        ("link_outside", "out.jpg"),
        ("link_to_folder", "deep/up.jpg"),
    ]


def test_a_folder_that_vanishes_while_it_is_listed_is_a_warning(root: Path) -> None:
    photo(root / "a.jpg")
    (root / "deep").mkdir()
    walk = iter(Walk(root, [root], {}))
    found = [next(walk), next(walk)]
    (root / "deep").rmdir()
    found += walk
    assert [each.name for each in found if isinstance(each, Found)] == ["a.jpg"]
    assert [(each.code, each.name) for each in found if isinstance(each, Trouble)] == [("unreadable", "deep/")]


def test_a_library_that_is_gone_fails_its_job_and_forgets_nothing(store: Store, root: Path) -> None:
    photo(root / "a.jpg")
    look_at_all(store, rescan(store, root))
    root.rename(root.parent / "away")
    job = rescan(store, root)
    assert views.job(store, job)["state"] == "failed"
    (root.parent / "away").rename(root)
    assert picked(store, rescan(store, root), "unchanged") == [1]


def test_a_dry_run_counts_and_changes_nothing(store: Store, root: Path) -> None:
    for name in ("same", "gone"):
        photo(root / f"{name}.jpg")
    look_at_all(store, rescan(store, root))
    photo(root / "fresh.jpg")
    (root / "gone.jpg").unlink()
    for _ in range(2):
        counted = listing.count(store, {"library": str(root)}, [root], MODEL)
        assert counted == {
            "total": 2, "new": 1, "changed": 0, "unchanged": 1, "deleted": 1, "cached": 1, "warnings": 0,
        }  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "inside", "fits"),
    [
        ("*.jpg", "2024/IMG.JPG", True),
        ("*.jpg", "2024/a.png", False),
        ("2024/*.jpg", "2024/a.jpg", True),
        ("2024/*.jpg", "2024/may/a.jpg", False),
        ("2024/**", "2024/may/a.jpg", True),
        ("**/may/*", "2024/may/a.jpg", True),
        ("**/may/*", "may/a.jpg", True),
        ("2024/**/*.jpg", "2024/a.jpg", True),
        ("/a.jpg", "a.jpg", True),
        ("/a.jpg", "2024/a.jpg", False),
        ("private/", "2024/private", True),
        ("[", "[", True),
    ],
)
def test_patterns_mean_what_they_mean_to_a_shell(pattern: str, inside: str, fits: bool) -> None:
    assert Patterns([pattern]).match(inside) is fits


def test_a_pattern_made_to_be_slow_is_not() -> None:
    began = time.process_time()
    assert not Patterns(["/".join(["**", "*a" * 100] * 50) + "/z"]).match("/".join(["a" * 60] * 60))
    assert time.process_time() - began < 2
