"""What holds for every test: no clock of Hypothesis decides one, several cores begin with the longest files, and what a
test measured (`record_property(FIGURES, text)`) is shown at the end of the run."""

import os

import pytest
from hypothesis import settings

from tests.order import turn

settings.register_profile("house", settings(), deadline=None)  # on top of the profile in force: `ci` where CI is set
settings.register_profile("quick", settings.get_profile("house"), max_examples=20)  # `make test-quick`
settings.load_profile("house")


FIGURES = "figures"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort for pytest-xdist's workers; by hand the order is that of the names."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: turn(item.path))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Also from workers, and of tests that passed: their own output is shown for failures only."""
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            if name == FIGURES:
                terminalreporter.write_sep("-", report.nodeid)
                terminalreporter.write_line(str(text))
