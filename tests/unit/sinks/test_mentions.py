"""When an alert calls people."""

import pytest

from paseo_watch.sinks.mentions import is_due
from tests.unit.sinks.samples import notification


@pytest.mark.parametrize(
    ("at", "severity", "status", "due"),
    [
        ("critical", "critical", "event", True),
        ("critical", "critical", "firing", True),
        ("critical", "warning", "firing", False),
        ("critical", "info", "event", False),
        ("warning", "critical", "firing", True),
        ("warning", "warning", "event", True),
        ("warning", "info", "event", False),
        ("info", "info", "event", True),
        ("info", "critical", "resolved", False),
        ("info", "unheard-of", "firing", False),
    ],
)
def test_people_are_called_from_a_severity_on_and_never_when_all_is_well(
    at: str, severity: str, status: str, due: bool
) -> None:
    """A severity that is none calls nobody."""
    assert is_due(notification(1, severity=severity, status=status), at) is due
