"""promtool's word on the configuration, the rules, and when each alert fires."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.monitoring.files import FOLDER, RULE_FILES, alerts
from tests.services import programs

TESTS = sorted((Path(__file__).parent / "rules").glob("*.yml"))


def promtool(*words: str | Path) -> None:
    """Run it; fails with what it says."""
    program = programs.promtool()
    if program is None:
        pytest.skip(f"no promtool here: {programs.ADVICE}")
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_configuration_is_one() -> None:
    promtool("check", "config", FOLDER / "prometheus.yml")


@pytest.mark.parametrize("name", RULE_FILES)
def test_the_rules_are_some(name: str) -> None:
    promtool("check", "rules", FOLDER / name)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_only_then(path: Path) -> None:
    promtool("test", "rules", path)


def test_each_alert_is_seen_to_fire_and_to_be_silent() -> None:
    cases = [
        case for path in TESTS for test in yaml.safe_load(path.read_text())["tests"] for case in test["alert_rule_test"]
    ]
    names = {rule["alert"] for rule in alerts()}
    assert {case["alertname"] for case in cases if case.get("exp_alerts")} == names
    assert {case["alertname"] for case in cases if not case.get("exp_alerts")} == names
