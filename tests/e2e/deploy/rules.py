"""Prometheus's rules about the service, as tests look at them."""

import re
from typing import Any

import yaml

from tests.data import REPOSITORY

RULES = REPOSITORY / "deploy" / "prometheus" / "rules" / "paseo-watch.yml"
TESTS = REPOSITORY / "deploy" / "prometheus" / "tests" / "paseo-watch.test.yml"
RUNBOOK = REPOSITORY / "docs" / "runbook.md"
_SELECTOR = re.compile(r"\b(?:paseo_watch[a-z_:]*|process_[a-z_]+|up)\b(?:\{[^}]*\})?")
"""Every metric that a rule here is about: ours, the process's, and Prometheus's own."""


def rules() -> list[dict[str, Any]]:
    """Every rule of every group."""
    return [rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    """The alerting rules."""
    return [rule for rule in rules() if "alert" in rule]


def selectors(expr: str) -> list[str]:
    """The vector selectors of an expression, as `name{matchers}`."""
    return _SELECTOR.findall(expr)
