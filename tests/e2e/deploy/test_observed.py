"""A real Prometheus scrapes the demo: panels and rules find their data, and figures are what the story says."""

import asyncio
import math
import subprocess
from collections import defaultdict

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.deploy.dashboards import Query, queries
from tests.e2e.deploy.observed import ALERTS, DATA, Observed, observe, told
from tests.e2e.deploy.programs import program
from tests.e2e.deploy.rules import rules, selectors

QUERIES = list(queries())
SELECTORS = sorted({each for rule in rules() for each in selectors(rule["expr"])})
FAUCET = 1_250 - 4 * 100 + 2_500  # PAS before fees, as tests/replay/test_golden.py works it out
FIGURES = [
    # dashboard, panel, labels, value, by how much it may differ: one figure for each row, from the demo's story
    ("overview", "Chains followed", {}, 2, 0),
    ("overview", "Blocks to go", {"chain": "relay"}, 0, 0),
    ("overview", "Alerts since the start", {"rule": "large-move"}, 4, 0),
    ("overview", "Validators", {"chain": "relay", "state": "active"}, 3, 0),
    ("overview", "Free balance of named accounts", {"chain": "relay", "account": "faucet"}, FAUCET, 0.1),
    ("overview", "Alerts waiting", {"receiver": "console"}, 0, 0),
    ("overview", "Jobs that failed", {"name": "tick relay"}, 0, 0),
    ("chains", "Processed", {"chain": "relay"}, 31, 0),
    ("chains", "Blocks our decoder rejected", {"chain": "relay", "result": "rejected"}, 0, 0),
    ("chains", "Connected", {"chain": "relay-2024"}, 1, 0),
    ("chains", "Requests a block", {"chain": "relay"}, 2, 1),
    ("chains", "The last session", {"chain": "relay", "kind": "given"}, 30, 0),
    ("chains", "Frozen", {"chain": "relay-2024"}, 0, 0),
    ("chains", "Balances", {"chain": "relay", "account": "faucet", "kind": "free"}, FAUCET, 0.1),
]
SERIES_AT_MOST = 800
"""For two chains, one endpoint each, and one receiver: what the demo has, and half as much again."""
FROM_CONFIGURATION = {
    "chain": {"relay", "relay-2024", "-"},
    "receiver": {"console"},
    "sink": {"console"},
    "document": {"whitelist:policy-cap"},
    "token": {"PAS"},
    "watcher": {"service", "accounts", "balances", "opengov", "validators"},
}


@pytest.fixture(scope="module", name="observed")
def _observed(tmp_path_factory: pytest.TempPathFactory) -> Observed:
    """One run for all tests of this module."""
    return asyncio.run(observe(tmp_path_factory.mktemp("observed")))


@pytest.mark.parametrize("query", QUERIES, ids=[query.id for query in QUERIES])
def test_a_panels_query_gives_data(observed: Observed, query: Query) -> None:
    """Numbers, at some time during the demo."""
    assert [value for value in observed.ever[query.expr] if not math.isnan(value)]


@pytest.mark.parametrize("selector", SELECTORS)
def test_every_selector_of_a_rule_finds_its_series(observed: Observed, selector: str) -> None:
    """A rule about a name that nobody exports could never fire."""
    assert observed.ever[selector]


@pytest.mark.parametrize(("dashboard", "panel", "labels", "value", "within"), FIGURES)
def test_a_figure_is_what_the_story_says(
    observed: Observed, dashboard: str, panel: str, labels: dict[str, str], value: float, within: float
) -> None:
    """One for each row of each dashboard."""
    values = []
    for query in QUERIES:
        if (query.dashboard, query.panel) == (dashboard, panel):
            found = [each for each in observed.now[query.expr] if labels.items() <= each["metric"].items()]
            values += [float(each["value"][1]) for each in found]
    assert values == [pytest.approx(value, abs=within)]


def test_each_row_has_a_figure() -> None:
    """A new row needs one."""
    rows = {(query.dashboard, query.row) for query in QUERIES}
    held = {
        (query.dashboard, query.row)
        for query in QUERIES
        for figure in FIGURES
        if figure[:2] == (query.dashboard, query.panel)
    }
    assert rows == held


def test_promtool_finds_nothing_to_say_about_the_metrics(observed: Observed) -> None:
    """Names, units, help texts."""
    checked = [program("promtool"), "check", "metrics"]
    done = subprocess.run(checked, input=observed.metrics, capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_no_label_comes_from_a_chain_and_the_series_are_few(observed: Observed) -> None:
    """What was scraped of two chains whose accounts, calls and referenda are theirs to choose."""
    demo = yaml.safe_load((DATA / "demo.yaml").read_text("utf-8"))
    own = FROM_CONFIGURATION | {"account": set(demo["accounts"]), "validator": set(demo["accounts"])}
    values = defaultdict(set)
    series = 0
    for family in text_string_to_metric_families(observed.metrics):
        series += len(family.samples)
        for sample in family.samples:
            for label, value in sample.labels.items():
                values[label].add(value)
    print(f"\n{series} series of two chains; the most by label: "
          f"{sorted(((len(found), label) for label, found in values.items()), reverse=True)[:5]}")  # fmt: skip
    assert series <= SERIES_AT_MOST
    assert {label: values[label] - known for label, known in own.items() if values[label] - known} == {}


def test_alertmanager_tells_that_the_service_is_gone_and_that_it_is_back(observed: Observed) -> None:
    """Rule, Prometheus, Alertmanager, webhook; firing before resolved."""
    down = [status for name, status in told(observed.told) if name == "PaseoWatchDown"]
    assert list(dict.fromkeys(down)) == ["firing", "resolved"]


def test_the_heartbeat_was_heard(observed: Observed) -> None:
    """While the demo played."""
    assert observed.beats > 3


@pytest.mark.parametrize(
    "said",
    [
        "Validators of session 4",
        "validator-one",
        "Named accounts",
        "faucet",
        "at the finalized head",
        "0 waiting",
        "large-move",
        "referendum",
    ],
)
def test_the_status_page_shows_the_demo(observed: Observed, said: str) -> None:
    """In Chromium, with nothing on its console."""
    assert observed.page is not None
    assert (observed.page.console, observed.page.scrolls) == ([], False)
    assert said.lower() in observed.page.text.lower()


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("paseo_watch_blocks_processed_total", {"chain": "relay"}, 30),
        ("paseo_watch_block_commit_seconds_count", {"chain": "relay"}, 30),
        ("paseo_watch_block_commit_seconds_count", {"chain": "relay-2024"}, 9),
        ("paseo_watch_deliveries_total", {"receiver": "console", "sink": "console", "result": "done"}, ALERTS),
        ("paseo_watch_alert_latency_seconds_count", {"receiver": "console", "sink": "console"}, ALERTS),
        ("paseo_watch_validator_session", {"chain": "relay"}, 4),
        ("paseo_watch_validator_session_votes", {"chain": "relay", "kind": "missed"}, 2),
        ("paseo_watch_holes", {"chain": "relay"}, 0),
    ],
)
def test_what_was_counted_is_what_happened(observed: Observed, name: str, labels: dict[str, str], value: float) -> None:
    """Thirty recorded blocks and nine; each alert delivered once, and each is about a block."""
    samples = [s for family in text_string_to_metric_families(observed.metrics) for s in family.samples]
    assert [s.value for s in samples if s.name == name and s.labels == labels] == [value]


def test_only_the_age_of_the_recording_alarms_prometheus(observed: Observed) -> None:
    """Every rule looked at the demo without its patience; all else was well."""
    assert observed.firing == {"PaseoWatchWatchdog", "PaseoWatchBlockOld"}
