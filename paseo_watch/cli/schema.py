"""schema: JSON Schemas for editors and programs."""

import argparse

from paseo_watch.alerts.schema import alert_schema_text
from paseo_watch.cli.errors import DONE
from paseo_watch.config.model import build
from paseo_watch.config.schema import schema_text
from paseo_watch.sinks.registry import SINKS
from paseo_watch.watchers.registry import WATCHERS


def schema(flags: argparse.Namespace) -> int:
    """Print one."""
    text = alert_schema_text() if flags.alert else schema_text(build(SINKS, WATCHERS))
    print(text, end="")
    return DONE
