"""What `darkroom doctor` finds about devices and models: what each device can do, and which model would answer."""

import os
from collections.abc import Iterator
from pathlib import Path

from cli.checks import Finding

ROOT = Path("/")


def devices(root: Path = ROOT) -> Iterator[Finding]:
    """The devices that would get a worker, then every kind of device there is; `root` is where `dev` and `sys` lie."""
    from cli.prepare import Refused, find_devices
    from engines import intel, nvidia

    wanted = os.environ.get("DEVICES") or "auto"
    try:
        found = find_devices(wanted)
    except Refused as error:
        yield Finding("Devices", "fail", f"DEVICES={wanted}", str(error))
    else:
        yield Finding("Devices", "ok", f"DEVICES={wanted} is {', '.join(found)}: each gets its own workers")
    yield Finding("Device: cpu", "ok", _abilities("cpu"))
    for kind, title, maker in (("cuda", "NVIDIA", nvidia), ("intel", "Intel", intel)):
        if not maker.here(root):
            yield Finding(f"Device: {kind}", "none", f"no {title} GPU in this machine")
            continue
        for number in maker.numbers(root) or [0]:
            yield _gpu(f"{kind}:{number}", root)


def models() -> Iterator[Finding]:
    """Which model would answer for each capability; a missing one is a fault only where no other is there."""
    from engines.errors import EngineError
    from engines.registry import FAMILIES, Engines
    from engines.settings import EngineSettings

    try:
        engines = Engines(EngineSettings(), _first_device())
    except EngineError as error:
        yield Finding("Models", "fail", str(error), error.hint or "")
        return
    findings = []
    for capability in FAMILIES:
        about = f"Model: {capability}"
        try:
            info = engines.resolve(capability)
        except EngineError as error:
            findings.append(Finding(about, "warn", str(error), error.hint or "See: darkroom models list"))
            continue
        size = f", {info.dimensions} dimensions" if info.dimensions else ""
        stands_in = "" if info.asked == info.name else f", stands in for {info.asked}"
        found = f"{info.name} on {info.device}, {info.runtime} {info.precision}{size}{stands_in}"
        findings.append(Finding(about, "ok", found))
    some = any(finding.state == "ok" for finding in findings)
    for finding in findings:
        yield finding if some else Finding(finding.about, "fail", finding.found, finding.step)


def _gpu(name: str, root: Path) -> Finding:
    """Whether a GPU can be used, found by starting a small model on it."""
    from engines import store
    from engines.devices import check_device
    from engines.errors import DeviceMissing
    from engines.runtime import choose_backend, open_session
    from engines.settings import EngineSettings

    about = f"Device: {name}"
    settings = EngineSettings(runtime="auto", precision="auto", ocr_model_name="PP-OCRv6_small")
    try:
        check_device(name, root)
        weights = store.find_ocr(settings.ocr_model_name, settings)
        open_session(weights.files["direction"], choose_backend(name, settings), 1)
    except DeviceMissing as error:
        return Finding(about, "warn", str(error).removeprefix(f"{name}: "), error.hint or "")
    return Finding(about, "ok", _abilities(name))


def _abilities(name: str) -> str:
    from engines.runtime import abilities, core_count
    from engines.settings import EngineSettings

    able = [f"{runtime} {' '.join(precisions)}" for runtime, precisions in abilities(name).items()]
    cores = f"{core_count(EngineSettings())} cores; " if name == "cpu" else ""
    return cores + "; ".join(able)


def _first_device() -> str:
    from cli.prepare import Refused, find_devices

    try:
        return find_devices(os.environ.get("DEVICES") or "auto")[0]
    except Refused:
        return "cpu"
