"""The shipped dashboards as tests look at them: panels, their queries, the rows that they stand in."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.data import REPOSITORY

FOLDER = REPOSITORY / "deploy" / "grafana" / "dashboards"
NAMES = ("overview", "chains")
VARIABLES = {"$__rate_interval": "1m", "$chain": ".*"}
"""What Grafana fills in, as it would for a scrape interval of 15 seconds and all chains."""


@dataclass(frozen=True)
class Query:
    """One query of one panel, with its variables filled in."""

    dashboard: str
    row: str
    panel: str
    expr: str
    legend: str

    @property
    def id(self) -> str:
        """For pytest."""
        return f"{self.dashboard} · {self.panel} · {self.legend}"


def dashboard(name: str) -> dict[str, Any]:
    """The whole document."""
    document: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return document


def panels(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each panel after the title of its row; rows themselves left out."""
    row = ""
    for panel in dashboard(name)["panels"]:
        if panel["type"] == "row":
            row = panel["title"]
        else:
            yield row, panel


def queries() -> Iterator[Query]:
    """Every query of every dashboard."""
    for name in NAMES:
        for row, panel in panels(name):
            for target in panel["targets"]:
                yield Query(name, row, panel["title"], _filled(target["expr"]), target["legendFormat"])


def _filled(expr: str) -> str:
    for variable, value in VARIABLES.items():
        expr = expr.replace(variable, value)
    return expr
