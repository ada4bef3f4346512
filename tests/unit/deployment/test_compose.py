"""The compose file: what it names exists, what it promises holds, and nothing is open that should not be."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import AliasChoices
from typer.main import get_command

from api.settings import ApiSettings
from cli.api import GRACE_S
from cli.engine_launch import ENVIRONMENT, Launch
from cli.main import app
from engines.devices import parse_device
from engines.settings import EngineSettings
from tasks.queues import ALL_QUEUES, expand
from tasks.settings import TaskSettings
from tests.sources import ROOT
from tests.unit.deployment import compose
from tests.unit.deployment.dockerfile import stages

PROFILES = {"cpu", "intel", "nvidia", "documents", "postgres", "monitoring", "web"}
SERVICES = compose.services()
OURS = {name: service for name, service in SERVICES.items() if compose.is_ours(service)}
KNOWN_TO_PROMETHEUS_ALONE = {"PROMETHEUS_MULTIPROC_DIR"}


def settings() -> set[str]:
    """Every variable that the code reads as a setting."""
    names: set[str] = set()
    for each in (ApiSettings, TaskSettings, EngineSettings):
        for name, field in each.model_fields.items():
            alias = field.validation_alias
            names |= {str(choice).upper() for choice in alias.choices} if isinstance(alias, AliasChoices) else set()
            names.add((alias if isinstance(alias, str) else name).upper())
    return names


def test_it_is_a_compose_file() -> None:
    pytest.importorskip("check_jsonschema", reason="no check-jsonschema, which brings the schema: make setup-dev")
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    files = [compose.FILE, *(ROOT / "docs" / "examples").glob("*.yml")]
    done = subprocess.run([*check, *map(str, files)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_example_shows_every_variable_with_the_value_that_holds_without_it() -> None:
    shown = dict(re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", compose.EXAMPLE.read_text(), re.MULTILINE))
    free = {"MODELS": "", "PHOTOS": "photos"}  # shown with a value that says more
    defaults = compose.variables()
    assert not set(defaults) - set(shown), "not in .env.example"
    for name, default in defaults.items():
        if name not in free and name != "WORKER_QUEUES":  # shown with what goes with other lines
            assert shown[name] == default, name
    assert not set(shown) - set(defaults) - settings() - {"COMPOSE_PROFILES"}, "nobody reads these"


def test_every_variable_that_our_services_get_is_a_setting() -> None:
    for name, service in OURS.items():
        given = {variable.removesuffix("_FILE") for variable in service["environment"]}
        assert not given - settings() - KNOWN_TO_PROMETHEUS_ALONE, name


def test_every_secret_that_a_variable_names_is_mounted_and_made_by_the_script(tmp_path: Path) -> None:
    whole = compose.read(SECRETS=str(tmp_path))
    script = ROOT / "docs" / "examples" / "secrets.sh"
    for _ in range(2):
        subprocess.run(["sh", str(script)], env={"SECRETS": str(tmp_path), "PATH": "/usr/bin:/bin"}, check=True)
        made = {path: path.read_text() for path in tmp_path.iterdir()}
    assert {Path(secret["file"]) for secret in whole["secrets"].values()} == set(made)
    assert all(len(content) == 48 for content in made.values())
    assert len(set(made.values())) == len(made)
    for name, service in whole["services"].items():
        named = {value for value in service.get("environment", {}).values() if value.startswith("/run/secrets/")}
        assert named == {f"/run/secrets/{secret}" for secret in service.get("secrets", [])}, name


def test_every_path_volume_network_and_target_that_is_named_exists() -> None:
    whole = compose.read()
    for name, service in SERVICES.items():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in whole["volumes"], (
                f"{name}: {source}"
            )
        assert set(service["networks"]) <= set(whole["networks"]), name
        assert set(service.get("secrets", [])) <= set(whole["secrets"]), name
        if "build" in service:
            assert service["build"]["target"] in stages(), name
            assert service["image"].endswith(f":{service['build']['target']}"), name


def test_profiles_are_the_documented_ones_and_without_one_the_front_half_runs() -> None:
    assert {profile for service in SERVICES.values() for profile in service.get("profiles", [])} == PROFILES
    assert {name for name, service in SERVICES.items() if "profiles" not in service} == {"api", "migrate", "redis"}
    page = (ROOT / "docs" / "containers.md").read_text()
    assert all(f"`{profile}`" in page for profile in PROFILES)


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_restarts_is_watched_limited_and_without_new_rights(name: str) -> None:
    service = SERVICES[name]
    once = name == "migrate"
    assert service["restart"] == ("no" if once else "unless-stopped")
    assert once or "healthcheck" in service or "build" in service, "the image has one, or the service does"
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
    assert {"memory", "pids"} <= set(service["deploy"]["resources"]["limits"])
    tag = service["image"].rpartition(":")[2]
    assert "build" in service or re.search(r"\d", tag), f"{service['image']} is not pinned"


def test_only_this_machine_reaches_a_port_and_they_are_the_designed_ones() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {
        "api": ["127.0.0.1:8060:8060"],
        "web": ["127.0.0.1:8080:8080"],
        "prometheus": ["127.0.0.1:9090:9090"],
        "grafana": ["127.0.0.1:3001:3000"],
    }
    assert compose.services(BIND_ADDRESS="0.0.0.0")["api"]["ports"] == ["0.0.0.0:8060:8060"]
    assert compose.read()["networks"]["back"]["internal"] is True
    assert [name for name, service in SERVICES.items() if list(service["networks"]) == ["back"]] == [
        "redis",
        "postgres",
    ]


def test_who_waits_for_a_healthy_service_waits_for_one_that_says_so() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other], f"{name} waits for {other}"
            if "profiles" in SERVICES[other] and SERVICES[other]["profiles"] != service.get("profiles"):
                assert how["required"] is False, f"{name} cannot do without {other}, which need not run"


@pytest.mark.parametrize("name", OURS)
def test_our_commands_exist_and_so_do_their_queues_and_devices(name: str) -> None:
    _, command, *options = OURS[name]["command"]
    commands: dict[str, Any] = get_command(app).commands  # type: ignore[attr-defined]
    assert command in commands
    known = {option for parameter in commands[command].params for option in parameter.opts}
    given = dict(zip(options[::2], options[1::2], strict=True))
    assert set(given) <= known
    if command == "worker":
        parse_device(given["--device"])
        assert expand(given["--queues"])


@pytest.mark.parametrize("device", ["cpu", "intel", "nvidia"])
def test_the_two_workers_of_a_device_serve_every_queue_between_them(device: str) -> None:
    commands = [OURS[f"{kind}-{device}"]["command"] for kind in ("worker", "bulk")]
    people, rescans = (set(expand(command[command.index("--queues") + 1])) for command in commands)
    assert not people & rescans
    assert people | rescans == set(ALL_QUEUES)
    assert OURS[f"bulk-{device}"]["cpu_shares"] < 1024


def test_processes_may_end_what_they_are_at_before_they_are_killed() -> None:
    for name, service in OURS.items():
        if service["command"][1] == "worker":
            assert compose.seconds(service["stop_grace_period"]) > TaskSettings().run_timeout_s, name
    assert compose.seconds(SERVICES["api"]["stop_grace_period"]) > GRACE_S
    engine = SERVICES["engine"]
    grace = engine["command"][engine["command"].index("--shutdown-timeout") + 1]
    assert compose.seconds(engine["stop_grace_period"]) > float(grace)


def test_vllm_is_started_as_the_engine_command_starts_it() -> None:
    engine = SERVICES["engine"]
    model = EngineSettings().llm_model
    share = ("--gpu-memory-utilization", "0.6")
    ours = Launch("python3", model, "", "0.0.0.0", 8000, 20, share).command
    assert [*engine["entrypoint"], *engine["command"]] == ours
    usual = {name: value for name, value in ENVIRONMENT.items() if name.startswith("VLLM_")}
    assert usual.items() <= engine["environment"].items()


def test_the_api_believes_nginx_alone() -> None:
    whole = compose.read()
    address = whole["services"]["web"]["networks"]["front"]["ipv4_address"]
    (config,) = whole["networks"]["front"]["ipam"]["config"]
    from ipaddress import ip_address, ip_network

    assert whole["services"]["api"]["environment"]["TRUSTED_PROXIES"] == address
    assert ip_address(address) in ip_network(config["subnet"])
    assert ip_address(address) not in ip_network(config["ip_range"]), "Docker might give it to another container"
