"""When people are called, the same for every sink that can call them. Pure."""

from collections.abc import Mapping
from typing import Any

from paseo_watch.watchers.watcher import SEVERITIES


def is_due(notification: Mapping[str, Any], at: str) -> bool:
    """Whether an alert calls who is configured: from severity `at` on, and never about what has resolved."""
    severity = notification["severity"]
    if notification["status"] == "resolved" or severity not in SEVERITIES:
        return False
    return SEVERITIES.index(severity) >= SEVERITIES.index(at)
