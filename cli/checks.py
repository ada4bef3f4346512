"""What `darkroom doctor` looks at, one function a question; each imports what it needs by itself."""

import contextlib
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engines.extras import install

State = Literal["ok", "none", "warn", "fail"]

GIB = 2**30
PACKAGES = ("openvino", "rapidocr", "celery", "redis", "fastapi", "uvicorn", "sqlalchemy", "pillow")
ONNXRUNTIMES = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino")
"""Builds of one library, all in one folder: of two, the one installed last has overwritten the other."""
OPTIONAL = frozenset({"openvino"})
FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimd", "bf16")


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one question.

    Attributes:
        about: what was looked at.
        state: `fail` where Darkroom cannot run so, `none` for what is not there and not needed.
        found: what is there.
        step: what to do next, unless all is well.
    """

    about: str
    state: State
    found: str
    step: str = ""


def python() -> Iterator[Finding]:
    found = f"{platform.python_version()} in {sys.prefix}"
    good = sys.version_info >= (3, 11)
    yield Finding("Python", "ok" if good else "fail", found, "" if good else "Use Python 3.11 or newer.")


def packages() -> Iterator[Finding]:
    runtimes = [name for name in ONNXRUNTIMES if _version(name)]
    asked = (*(runtimes or ONNXRUNTIMES[:1]), *PACKAGES)
    there = [f"{name} {_version(name)}" for name in asked if _version(name)]
    absent = [name for name in asked if not _version(name)]
    needed = [name for name in absent if name not in OPTIONAL]
    if len(runtimes) > 1:
        step = f"They overwrite each other: pip uninstall -y {' '.join(runtimes)}, then install the one you want."
        yield Finding("Packages", "warn", f"{' and '.join(runtimes)} at once", step)
    elif needed:
        yield Finding("Packages", "fail", f"missing: {', '.join(needed)}", "Install them with: make setup")
    elif absent:
        step = f"OpenVINO is up to twice as fast on Intel: {install('openvino')}"
        yield Finding("Packages", "warn", f"without {', '.join(absent)}", step)
    else:
        yield Finding("Packages", "ok", ", ".join(there))


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def processor() -> Iterator[Finding]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    flags: set[str] = set()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("flags", "Features")):
                flags.update(line.partition(":")[2].split())
    useful = [flag for flag in FLAGS if flag in flags]
    found = f"{cores} cores, {platform.machine()}: {' '.join(useful) or 'no flags known'}"
    slow = platform.machine() in ("x86_64", "AMD64") and bool(flags) and "avx2" not in flags
    step = "Without AVX2 it works, but several times slower." if slow else ""
    yield Finding("Processor", "warn" if slow else "ok", found, step)


def memory() -> Iterator[Finding]:
    from cli.memory import available_bytes
    from cli.parts import TWO_WORKERS_BYTES

    free = available_bytes()
    found = f"{free / GIB:.1f} GiB available"
    if free < GIB:
        yield Finding("Memory", "fail", found, "The models need about 1 GiB: free some memory first.")
    elif free < TWO_WORKERS_BYTES:
        step = "One worker a device is started instead of two; rescans may be felt by people who wait."
        yield Finding("Memory", "warn", found, step)
    else:
        yield Finding("Memory", "ok", found)


def data_folder(home: Path) -> Iterator[Finding]:
    from cli.lock import holder

    nearest = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(nearest).free
    state: State = "fail" if free < GIB // 4 else "warn" if free < 2 * GIB else "ok"
    step = "" if state == "ok" else "Free some space, or choose another folder with --data or DARKROOM_HOME."
    yield Finding("Disk", state, f"{free / GIB:.1f} GiB free for {home}", step)
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        step = "Make it writable, or choose another one with --data or DARKROOM_HOME."
        yield Finding("Data folder", "fail", f"{nearest} cannot be written: {error.strerror}", step)
        return
    if nearest != home:
        yield Finding("Data folder", "ok", f"{home} will be made")
        return
    pid = holder(home)
    found = f"{home} is already in use by process {pid}" if pid else f"{home} can be written and is free"
    yield Finding("Data folder", "ok", found)


def broker() -> Iterator[Finding]:
    from cli.broker import BrokerUnavailable, binary
    from cli.prepare import Refused, check_broker

    if os.environ.get("REDIS_URL"):
        try:
            check_broker()
        except Refused as error:
            yield Finding("Broker", "fail", str(error), "See the message.")
        else:
            yield Finding("Broker", "ok", "the server in REDIS_URL answers")
        return
    try:
        said = subprocess.run([binary(), "--version"], capture_output=True, text=True, timeout=10, check=True)
    except BrokerUnavailable as error:
        yield Finding("Broker", "fail", "no built-in server", str(error))
    except (OSError, subprocess.SubprocessError) as error:
        step = "It needs glibc 2.34 or newer; else run a Redis or Valkey of your own and set REDIS_URL."
        yield Finding("Broker", "fail", f"valkey-server does not run: {error}", step)
    else:
        yield Finding("Broker", "ok", "built-in valkey " + said.stdout.partition("v=")[2].partition(" ")[0])


def port(host: str, number: int) -> Iterator[Finding]:
    import asyncio

    from cli import readiness
    from cli.listening import CannotListen, listen

    about = f"Port {number}"
    try:
        listen(host, number).close()
    except CannotListen as error:
        answer = asyncio.run(readiness.ask(host, number))
        if answer.parts:
            found = "Darkroom answers there, " + ("ready" if answer.ready else "not ready")
            yield Finding(about, "ok" if answer.ready else "warn", found, "; ".join(answer.problems()))
        else:
            yield Finding(about, "fail", "taken by another program", str(error).partition(": ")[2])
    else:
        yield Finding(about, "ok", f"free on {host}")


def clock() -> Iterator[Finding]:
    """A clock in the past makes leases and expiry dates wrong; our own files cannot be from the future."""
    newest = max(file.stat().st_mtime for file in Path(__file__).parent.glob("*.py"))
    good = time.time() >= newest - 86_400
    found = time.strftime("%Y-%m-%d %H:%M:%S %Z")
    yield Finding("Clock", "ok" if good else "warn", found, "" if good else "It seems to be slow: set it, or run NTP.")
