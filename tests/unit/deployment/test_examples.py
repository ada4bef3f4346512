"""The systemd unit and the Kubernetes manifests: what they name exists, and the programs' own checks pass."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from api.main import create_app
from cli.api import GRACE_S
from cli.main import app
from tasks.queues import ALL_QUEUES, expand
from tasks.settings import TaskSettings
from tests.sources import ROOT
from tests.unit.deployment.test_compose import settings

EXAMPLES = ROOT / "docs" / "examples"
UNIT = EXAMPLES / "darkroom.service"
COMMANDS: dict[str, Any] = get_command(app).commands  # type: ignore[attr-defined]


def items() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((EXAMPLES / "kubernetes" / "darkroom.yml").read_text())["items"]
    return found


def deployments() -> dict[str, dict[str, Any]]:
    """Their pods, by the deployment's name."""
    return {
        each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in items() if each["kind"] == "Deployment"
    }


def test_systemd_understands_every_line_of_the_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze here (package systemd)")
    darkroom = tmp_path / "darkroom"
    darkroom.write_text("#!/bin/sh\n")
    darkroom.chmod(0o755)
    unit = tmp_path / "darkroom.service"
    unit.write_text(UNIT.read_text().replace("/opt/darkroom/bin/darkroom", str(darkroom)))
    done = subprocess.run([program, "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60)
    about_us = [line for line in (done.stdout + done.stderr).splitlines() if "darkroom" in line]
    assert (done.returncode, about_us) == (0, [])


def test_the_unit_starts_a_command_that_exists_with_settings_that_exist() -> None:
    text = UNIT.read_text()
    assert re.search(r"^ExecStart=\S+/darkroom (\w+)$", text, re.MULTILINE)[1] in COMMANDS  # type: ignore[index]
    given = {
        word.partition("=")[0]
        for line in re.findall(r"^Environment=(.*)$", text, re.MULTILINE)
        for word in line.split()
    }
    assert {name.removesuffix("_FILE") for name in given} <= settings() | {"HOME"}
    for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "DynamicUser=yes"):
        assert f"\n{line}\n" in text


def test_kubernetes_settings_secrets_and_commands_exist() -> None:
    (config,) = (each["data"] for each in items() if each["kind"] == "ConfigMap")
    assert {name.removesuffix("_FILE") for name in config} <= settings()
    made = set(re.findall(r"--from-literal=(\w+)=", (ROOT / "docs" / "kubernetes.md").read_text()))
    named = {value.rpartition("/")[2] for name, value in config.items() if name.endswith("_FILE")}
    for pod in deployments().values():
        for container in pod.get("initContainers", []) + pod["containers"]:
            words = [word for word in container["command"] if word not in ("tini", "--")]
            assert words[0] == "darkroom"
            assert words[1] in COMMANDS
            named |= {each["valueFrom"]["secretKeyRef"]["key"] for each in container.get("env", [])}
            mounted = {mount["name"] for mount in container["volumeMounts"]}
            assert mounted <= {volume["name"] for volume in pod["volumes"]}
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert named == made


def test_kubernetes_probes_ask_what_the_service_answers_and_stopping_takes_as_long_as_it_may() -> None:
    routes = {getattr(route, "path", "") for route in create_app().routes}
    pods = deployments()
    (api,) = pods["darkroom-api"]["containers"]
    probes = [probe["httpGet"]["path"] for name, probe in api.items() if name.endswith("Probe")]
    assert set(probes) == {"/livez", "/readyz"} <= routes
    pause = int(api["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pods["darkroom-api"]["terminationGracePeriodSeconds"] > pause + GRACE_S
    for name in ("darkroom-worker", "darkroom-bulk"):
        assert pods[name]["terminationGracePeriodSeconds"] > TaskSettings().run_timeout_s
        (worker,) = pods[name]["containers"]
        assert worker["livenessProbe"]["exec"]["command"] == ["darkroom", "health", "--worker"]


def test_kubernetes_scales_a_deployment_that_is_there_by_queues_that_it_serves() -> None:
    scaled = yaml.safe_load((EXAMPLES / "kubernetes" / "scaling.yml").read_text())["spec"]
    name = scaled["scaleTargetRef"]["name"]
    (worker,) = deployments()[name]["containers"]
    served = set(expand(worker["command"][-1]))
    query = scaled["triggers"][0]["metadata"]["query"]
    pattern = re.search(r'queue=~"([^"]+)"', query)
    assert pattern
    assert {queue for queue in ALL_QUEUES if re.fullmatch(pattern[1], queue)} == served
    assert query in (ROOT / "docs" / "kubernetes.md").read_text()


def test_kubernetes_knows_the_manifests() -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="no kubernetes-validate: make setup-dev")
    for each in items():
        validate.validate(each, validate.latest_version(), strict=True)


@pytest.mark.parametrize("name", ["mt-photos.yml", "immich.yml"])
def test_examples_to_paste_name_settings_that_exist(name: str) -> None:
    service = yaml.safe_load((EXAMPLES / name).read_text())["services"]["darkroom"]
    assert {variable.removesuffix("_FILE") for variable in service["environment"]} <= settings()
    assert service["image"] == "darkroom:cpu"
    assert {mount.split(":")[1] for mount in service["volumes"]} == {"/data", "/cache"}
