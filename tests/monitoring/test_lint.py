"""Rules and dashboards ask for what there is, and are drawn with care; no Prometheus is needed to see that."""

from itertools import combinations
from typing import Any

import pytest

from monitoring import table
from monitoring.dashboards.every import FOLDER, files
from tests.monitoring.files import ROOT, alerts, dashboards, queries, rules
from tests.monitoring.names import OF_OTHERS, VLLM, ours, recorded, used

UNITS = {"s", "short", "percentunit", "bytes", "Bps", "ops", "reqps"}
BOARDS = dashboards()
PANELS = [pytest.param(panel, id=f"{board['uid']}: {panel['title']}") for board in BOARDS for panel in board["panels"]]


def test_an_expression_gives_away_its_metrics() -> None:
    expr = (
        'histogram_quantile(0.95, sum by (queue, le) (rate(a_bucket{q="x", y=~"b|c"}[5m]))) / on (queue) b:c:d > 14.4 '
        "or absent(up) unless on(queue) e offset 5m and topk(10, f)"
    )
    assert used(expr) == {"a_bucket", "b:c:d", "up", "e", "f"}


@pytest.mark.parametrize(
    "rule", [*rules("recording.yml"), *alerts()], ids=lambda rule: rule.get("record") or rule["alert"]
)
def test_a_rule_asks_for_metrics_that_exist(rule: dict[str, Any]) -> None:
    assert used(rule["expr"])
    assert not used(rule["expr"]) - ours() - recorded() - OF_OTHERS


def test_a_rule_is_evaluated_after_those_that_it_asks() -> None:
    made: set[str] = set()
    for rule in rules("recording.yml"):
        assert not (used(rule["expr"]) & recorded()) - made, rule["record"]
        made.add(rule["record"])


def test_every_recording_is_asked_for() -> None:
    asked = [expr for _, expr in queries()] + [rule["expr"] for rule in (*alerts(), *rules("recording.yml"))]
    missing = recorded() - {name for expr in asked for name in used(expr)}
    assert not missing


@pytest.mark.parametrize(("place", "expr"), list(queries()))
def test_a_dashboard_asks_for_metrics_that_exist(place: str, expr: str) -> None:
    assert used(expr)
    assert not used(expr) - ours() - recorded() - OF_OTHERS - VLLM, place


def test_each_alert_says_how_bad_it_is_what_it_means_and_where_to_read_on() -> None:
    headings = [line[4:] for line in (ROOT / "docs/monitoring.md").read_text().splitlines() if line.startswith("### ")]
    names = [rule["alert"] for rule in alerts()]
    assert len(names) == len(set(names))
    for rule in alerts():
        assert rule["labels"] == {"severity": rule["labels"]["severity"]}
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
        assert rule["annotations"]["runbook_url"] == f"docs/monitoring.md#{rule['alert'].lower()}"
        assert rule["alert"] in headings
    assert [name for name in headings if name.startswith(("Darkroom", "Vllm"))] == names, "the page has their order"


def test_the_page_lists_the_metrics_that_there_are() -> None:
    assert table.PAGE.read_text() == table.page(), "run: python -m monitoring.table"


def test_the_files_are_what_the_code_makes() -> None:
    there = {path.name: path.read_text() for path in FOLDER.iterdir()}
    assert there == files(), "run: python -m monitoring.dashboards"


def test_uids_titles_and_panels_are_unique() -> None:
    for key in ("uid", "title"):
        values = [board[key] for board in BOARDS]
        assert len(set(values)) == len(values)
    for board in BOARDS:
        for key in ("id", "title"):
            values = [panel[key] for panel in board["panels"]]
            assert len(set(values)) == len(values), board["title"]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board["uid"])
def test_a_dashboard_is_chosen_by_data_source_and_instance(board: dict[str, Any]) -> None:
    assert [variable["name"] for variable in board["templating"]["list"]] == ["datasource", "instance"]
    sources = {panel["datasource"]["uid"] for panel in board["panels"]}
    sources |= {target["datasource"]["uid"] for panel in board["panels"] for target in panel["targets"]}
    assert sources == {"${datasource}"}
    assert any("$instance" in target["expr"] for panel in board["panels"] for target in panel["targets"])


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_has_a_unit_a_description_and_a_legend(panel: dict[str, Any]) -> None:
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["targets"]
    steps = [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
    assert steps[0] is None
    assert steps[1:] == sorted(steps[1:])
    if panel["type"] == "timeseries":
        assert all(target["legendFormat"] != "__auto" for target in panel["targets"])


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board["uid"])
def test_panels_fill_their_rows_and_do_not_overlap(board: dict[str, Any]) -> None:
    places = [panel["gridPos"] for panel in board["panels"]]
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)
    for row in {place["y"] for place in places}:
        beside_each_other = [place for place in places if place["y"] == row]
        assert sum(place["w"] for place in beside_each_other) == 24
        assert len({place["h"] for place in beside_each_other}) == 1
