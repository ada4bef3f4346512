"""Rules that a Dockerfile should keep, and that what it names is there."""

import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
from typer.main import get_command

from cli.main import app
from tests.sources import PACKAGES, ROOT
from tests.unit.deployment import dockerfile
from tests.unit.deployment.dockerfile import effective, stages, words_of

TARGETS = ("cpu", "openvino", "cuda", "web")
OURS = TARGETS[:3]


def test_hadolint_finds_nothing() -> None:
    beside = Path(sys.executable).with_name("hadolint")
    program = str(beside) if beside.exists() else shutil.which("hadolint")
    if program is None:
        pytest.skip("no hadolint here: make setup-dev")
    done = subprocess.run([program, str(dockerfile.FILE)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_bases_are_versions_and_the_default_target_is_for_any_processor() -> None:
    for name, stage in stages().items():
        if stage.base not in stages():
            assert any(letter.isdigit() for letter in stage.base.partition(":")[2]), f"{name}: {stage.base}"
    assert list(stages())[-1] == "cpu"


@pytest.mark.parametrize("target", TARGETS)
def test_what_runs_is_nobody_in_particular_and_can_be_told_to_stop(target: str) -> None:
    steps = [name for name, _ in stages()[target].steps]
    assert steps[-1] == "USER", "nothing happens as another user after it"
    user, _, group = stages()[target].all("USER")[0].partition(":")
    assert int(user) > 0
    assert group.isdecimal()
    assert effective(target, "STOPSIGNAL") in ("SIGTERM", "SIGQUIT")
    health = effective(target, "HEALTHCHECK")
    assert words_of(health.partition("CMD ")[2])


@pytest.mark.parametrize("target", OURS)
def test_ours_start_through_tini_and_with_commands_that_exist(target: str) -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert words_of(effective(target, "ENTRYPOINT")) == ["tini", "--"]
    for words in (effective(target, "CMD"), effective(target, "HEALTHCHECK").partition("CMD ")[2]):
        program, command = words_of(words)
        assert program == "darkroom"
        assert command in commands
    assert words_of(effective(target, "VOLUME")) == ["/data", "/cache"]


def test_apt_and_pip_leave_nothing_behind() -> None:
    for name, stage in stages().items():
        for run in stage.all("RUN"):
            if "apt-get install" in run:
                assert "--no-install-recommends" in run, name
                assert "rm -rf /var/lib/apt/lists/*" in run, name
                assert not any(tool in run for tool in ("gcc", "build-essential", "-dev ")), name
            if "pip " in run and " install " in run:
                assert "--no-cache-dir" in run or "type=cache" in run, name
                assert "--require-hashes" in run or "--no-index" in run, name


def test_nothing_is_fetched_by_add_and_paths_are_absolute() -> None:
    for name, stage in stages().items():
        assert not stage.all("ADD"), name
        assert all(path.startswith("/") for path in stage.all("WORKDIR")), name


def test_targets_take_over_environments_and_no_tools() -> None:
    for target in OURS:
        copies = stages()[target].all("COPY")
        assert all(copy.startswith(("--from=built", "--from=models")) for copy in copies)
        assert not [run for run in stages()[target].all("RUN") if "pip" in run]


def test_every_file_that_is_copied_is_there_and_goes_to_the_builder() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = [rule[1:] for rule in rules if rule.startswith("!")]
    kept_out = [rule for rule in rules[1:] if not rule.startswith("!")]
    for name, stage in stages().items():
        for copy in stage.all("COPY"):
            if copy.startswith("--from="):
                continue
            for source in copy.split()[:-1]:
                assert (ROOT / source).exists(), f"{name}: {source}"
                assert source.split("/")[0] in let_in, f"{name}: {source}"
                assert not [rule for rule in kept_out if fnmatch(source, rule)], f"{name}: {source}"


def test_the_wheel_is_built_of_everything_that_belongs_to_it() -> None:
    copied = {copy.split()[0] for copy in stages()["wheel"].all("COPY") if not copy.startswith("--from=")}
    assert set(PACKAGES) <= copied


def pins(file: str) -> dict[str, str]:
    """Packages and versions of a locked file."""
    text = (ROOT / "requirements" / file).read_text()
    assert "--hash=sha256:" in text
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE))


def test_packages_are_those_that_the_tests_run_with_and_the_servers_drivers() -> None:
    tested, cpu, gpu = (pins(file) for file in ("runtime.txt", "containers.txt", "containers-cuda.txt"))
    assert tested.items() <= cpu.items(), "make lock"
    assert {name: gpu[name] for name in tested if name in gpu} == {name: tested[name] for name in tested if name in gpu}
    for found in (cpu, gpu):
        assert {"psycopg", "s3fs"} <= set(found)
    assert "onnxruntime-gpu" in gpu
    assert "onnxruntime" not in gpu, "the two builds overwrite each other"
