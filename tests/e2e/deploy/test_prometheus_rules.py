"""The rules: promtool accepts them and their tests; none is without a test of both kinds and without a paragraph."""

import re
from pathlib import Path

import pytest
import yaml

from tests.e2e.deploy.programs import judged
from tests.e2e.deploy.rules import RULES, RUNBOOK, TESTS, alerts, rules, selectors

NAMES = [rule["alert"] for rule in alerts()]
WATCHDOG = "PaseoWatchWatchdog"  # it always fires; its absence is the alert


def promtool(*arguments: str | Path) -> str:
    """What it says; it must be content."""
    code, said = judged("promtool", *arguments)
    assert code == 0, said
    return said


def test_promtool_accepts_the_rules() -> None:
    """Syntax, and no duplicate."""
    assert f"{len(rules())} rules found" in promtool("check", "rules", RULES)


def test_the_rules_own_tests_pass() -> None:
    """Firing and quiet."""
    assert "SUCCESS" in promtool("test", "rules", TESTS)


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_is_tested_firing_and_quiet(name: str) -> None:
    """Quiet at a moment in which the data comes close to it."""
    cases = [case for test in yaml.safe_load(TESTS.read_text("utf-8"))["tests"] for case in test["alert_rule_test"]]
    mine = [case for case in cases if case["alertname"] == name]
    assert [case for case in mine if case.get("exp_alerts")]
    quiet = len([case for case in mine if not case.get("exp_alerts")])
    assert quiet >= 2 or name == WATCHDOG  # in health, and just before it fires


@pytest.mark.parametrize("rule", alerts(), ids=NAMES)
def test_an_alert_leads_to_its_paragraph(rule: dict[str, dict[str, str]]) -> None:
    """The heading is the alert's name, and what follows says something."""
    path, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert (path, anchor) == ("docs/runbook.md", str(rule["alert"]).lower())
    paragraphs = re.findall(rf"^### {rule['alert']}\n\n(.+?)\n(?=\n#|\Z)", RUNBOOK.read_text("utf-8"), re.M | re.S)
    assert [len(paragraph) > 100 for paragraph in paragraphs] == [True]
    assert rule["labels"]["severity"] in (("none",) if rule["alert"] == WATCHDOG else ("warning", "critical"))


def test_the_runbook_has_no_paragraph_for_an_alert_that_is_gone() -> None:
    """Both ways."""
    assert re.findall(r"^### (PaseoWatch\w+)$", RUNBOOK.read_text("utf-8"), re.MULTILINE) == NAMES


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("time() - paseo_watch_b > 300", ["paseo_watch_b"]),
        ('sum by (job, chain) (paseo_watch_x{state="connected"}) == 0', ['paseo_watch_x{state="connected"}']),
        ('up{job="p"} == 0 or absent(up{job="p"})', ['up{job="p"}', 'up{job="p"}']),
        ('increase(process_h{name="h",result=~"f|m"}[15m]) > 0', ['process_h{name="h",result=~"f|m"}']),
        ("histogram_quantile(0.9, sum by (le) (rate(paseo_watch:x[5m]))) > 0.1", ["paseo_watch:x"]),
    ],
)
def test_the_selectors_of_an_expression_are_found(expr: str, expected: list[str]) -> None:
    """What test_observed.py asks Prometheus for, one by one."""
    assert selectors(expr) == expected
