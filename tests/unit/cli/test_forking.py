"""Parts that begin as copies of the supervisor; each test has a supervisor of its own in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli import forking, parts, shared

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere parts are programs")

SUPERVISOR = """
import asyncio, atexit, json, os, signal, sys, threading, time
from cli import forking
from cli.supervisor import CANNOT_START, Part, PartFailed, Supervisor

def say(part, line):
    print(f"{part}: {line}", flush=True)

if sys.version_info < (3, 12):
    asyncio.set_child_watcher(asyncio.PidfdChildWatcher())

async def serve(run, command=("/opt/darkroom", "worker"), times=1, **options):
    supervisor = Supervisor(say, pauses=(0.01,))
    part = Part("part", command, dict(os.environ), run=run, **options)
    task = asyncio.create_task(supervisor.start([part]))
    try:
        await supervisor.during(asyncio.sleep(times))
    except PartFailed as error:
        say("failed", error)
    await supervisor.stop()
"""


def supervise(script: str, *fds: int) -> list[str]:
    """What a supervisor writes that runs this script."""
    command = [sys.executable, "-c", SUPERVISOR + textwrap.dedent(script)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, pass_fds=fds)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


@pytest.mark.parametrize("queues", ["bulk", "more-than-its-supervisor-has-room-for," * 20])
def test_a_copy_has_the_arguments_the_environment_and_the_files_that_it_was_given_and_no_others(queues: str) -> None:
    script = """
        import psutil
        def tell():
            me = psutil.Process()
            print(json.dumps({
                "argv": sys.argv, "shown": " ".join(me.cmdline()).strip(), "env": dict(os.environ),
                "files": [number for number in range(1000) if os.path.exists(f"/proc/self/fd/{number}")],
                "leads": os.getpgid(0) == os.getpid(), "stdin": sys.stdin.read(),
                "interrupt": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
                "ends": signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
                "blocked": len(signal.pthread_sigmask(signal.SIG_BLOCK, [])), "wakes": signal.set_wakeup_fd(-1),
            }))
            time.sleep(60)
        async def main():
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGTERM, print)
            supervisor = Supervisor(lambda part, line: print(line, flush=True))
            part = Part("part", WORDS, {"ONLY": "this"}, run=tell, pass_fds=(FD,))
            kept = open(os.devnull), open(os.devnull)
            asyncio.create_task(supervisor.start([part]))
            await asyncio.sleep(1)
            await supervisor.stop()
        asyncio.run(main())
    """
    words = ["/opt/bin/darkroom", "worker", "--device", "cpu", "--queues", queues]
    with socket.socket() as given:
        fd = given.fileno()
        os.set_inheritable(fd, True)
        [said, *_] = supervise(script.replace("WORDS", repr(words)).replace("FD", str(fd)), fd)
    assert json.loads(said) == {
        "argv": words,
        "shown": " ".join(["darkroom", *words[1:]]),
        "env": {"ONLY": "this", "DARKROOM_SUPERVISED": "part", "DARKROOM_PREDECESSOR": ""},
        "files": [0, 1, 2, fd],
        "leads": True,
        "stdin": "",
        "interrupt": True,
        "ends": True,
        "blocked": 0,
        "wakes": -1,
    }


@pytest.mark.parametrize(
    ("run", "said", "how"),
    [
        ("sys.exit(3)", None, "ended with status 3"),
        ("sys.exit('no such device')", "no such device", "ended with status 1"),
        ("1 / 0", "ZeroDivisionError: division by zero", "ended with status 1"),
        ("os._exit(75)", None, "ended with status 75"),
        ("os.abort()", None, "was ended by SIGABRT"),
        ("sys.exit()", None, "ended in order"),
        ("print('done')", "done", "ended in order"),
        ("threading.Timer(0.2, print, ['waited']).start()", "waited", "ended in order"),
    ],
)
def test_a_copy_ends_as_a_program_does(run: str, said: str | None, how: str) -> None:
    script = f"""
        def run():
            {run}
        asyncio.run(serve(run, settle_s=0))
    """
    lines = supervise(script)
    assert any(line.startswith(f"part: {how} after ") for line in lines)
    assert said is None or f"part: {said}" in lines


def test_a_copy_that_says_that_trying_again_is_no_use_is_not_tried_again() -> None:
    lines = supervise("asyncio.run(serve(lambda: (print('no device'), sys.exit(CANNOT_START)), times=20))")
    assert lines == ["part: no device", f"failed: part cannot start: ended with status {78}"]


def test_a_copy_that_is_killed_is_followed_by_another_which_is_told_how_it_ended() -> None:
    script = """
        def run():
            print("after", os.environ["DARKROOM_PREDECESSOR"] or "nobody")
            if not os.environ["DARKROOM_PREDECESSOR"]:
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)
        asyncio.run(serve(run))
    """
    assert [line for line in supervise(script) if "after n" in line or "after S" in line] == [
        "part: after nobody",
        "part: after SIGKILL",
    ]


def test_what_its_supervisor_leaves_for_its_own_end_is_not_done_by_a_copy_but_what_it_leaves_itself_is() -> None:
    script = """
        atexit.register(print, "the supervisor ends")
        def run():
            atexit.register(print, "the copy ends")
        sys.stdout.write("not yet written ")  # a copy that wrote it once more would do so twice
        asyncio.run(serve(run, settle_s=60, times=0.5))
    """
    lines = supervise(script)
    assert sum("the supervisor ends" in line for line in lines) == 1
    assert sum("not yet written" in line for line in lines) == 1
    assert "part: the copy ends" in lines


def test_a_supervisor_with_a_thread_starts_a_program_in_place_of_a_copy() -> None:
    script = """
        threading.Thread(target=time.sleep, args=(2,), daemon=True).start()
        asyncio.run(serve(lambda: print("a copy"), (sys.executable, "-c", "print('a program')"), settle_s=0))
    """
    lines = supervise(script)
    assert "part: a program" in lines
    assert "part: a copy" not in lines


def test_nothing_is_left_of_a_supervisor_that_is_killed() -> None:
    script = """
        def run():
            print(os.getpid())
            time.sleep(60)
        async def main():
            supervisor = Supervisor(lambda part, line: print(line, flush=True))
            await supervisor.start([Part(name, [name], {}, run=run) for name in ("one", "two")])
            await asyncio.sleep(60)
        asyncio.run(main())
    """
    command = [sys.executable, "-c", SUPERVISOR + textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        children = [psutil.Process(int(parent.stdout.readline())) for _ in range(2)]
        assert {child.ppid() for child in children} == {parent.pid}, "they are copies, and its own"
        parent.send_signal(signal.SIGKILL)
        _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []


def test_a_signal_to_the_terminal_s_group_in_the_very_moment_of_a_copy_reaches_its_supervisor_once() -> None:
    script = """
        seen = []
        fork = os.fork
        def while_interrupted():
            pid = fork()
            if pid == 0:
                os.kill(os.getpid(), signal.SIGINT)  # before it has a group of its own
            return pid
        os.fork = while_interrupted
        async def main():
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, seen.append, "SIGINT")
            await serve(lambda: time.sleep(60), settle_s=0, times=0.5)
        asyncio.run(main())
        print("seen", seen)
    """
    assert supervise(script)[-1] == "seen []"


def found_by(script: str) -> Any:
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_what_parts_share_is_imported_without_a_thread_a_file_a_device_or_a_metric() -> None:
    script = """
        import asyncio, json, os, sys, threading
        from cli import shared
        files = set(os.listdir("/proc/self/fd"))
        asyncio.run(shared.load((*shared.WORKER, *shared.API)))
        from prometheus_client import REGISTRY
        print(json.dumps({
            "not imported": [name for name in (*shared.WORKER, *shared.API) if name not in sys.modules],
            "threads": threading.active_count(),
            "files": sorted(set(os.listdir("/proc/self/fd")) - files),
            "runtimes": sorted({"onnxruntime", "openvino", "pyarrow", "torch"} & set(sys.modules)),
            "metrics": sorted(name for name in REGISTRY._names_to_collectors if "darkroom" in name),
        }))
    """
    assert found_by(script) == {"not imported": [], "threads": 1, "files": [], "runtimes": [], "metrics": []}


def test_matrices_are_multiplied_in_a_copy_whose_supervisor_has_imported_what_multiplies_them() -> None:
    script = """
        import numpy
        from cli import shared
        def run():
            found = numpy.ones((1500, 1500)) @ numpy.ones((1500, 1500))
            print("right" if (found == 1500).all() else "wrong")
        async def main():
            await shared.load(shared.WORKER)
            numpy.ones((1500, 1500)) @ numpy.ones((1500, 1500))  # by threads, which no copy has
            await serve(run, settle_s=0, times=2)
        asyncio.run(main())
    """
    assert "part: right" in supervise(script)


@pytest.mark.parametrize(
    ("device", "copied"), [("cpu", True), ("cpu:0-3", True), ("cuda:0", False), ("intel:0", False)]
)
def test_workers_of_a_gpu_are_programs_of_their_own(device: str, copied: bool) -> None:
    assert {part.run is shared.run for part in parts.worker_parts({}, [device])} == {copied}


def test_a_system_without_pidfds_has_no_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "available_bytes", lambda: 8 * 2**30)

    def refuse(_: int) -> int:
        raise OSError

    forking.supported.cache_clear()
    monkeypatch.setattr(os, "pidfd_open", refuse)
    assert not forking.possible()
    assert [part.run for part in parts.worker_parts({}, ["cpu"])] == [None, None]
    forking.supported.cache_clear()


def test_copies_use_the_program_s_own_entry(tmp_path: Path) -> None:
    script = """
        from cli import shared
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = FOLDER
        asyncio.run(serve(shared.run, ("darkroom", "--version"), settle_s=0))
    """
    lines = supervise(script.replace("FOLDER", repr(str(tmp_path))))
    assert any(line.startswith("part: darkroom 0.") for line in lines)
