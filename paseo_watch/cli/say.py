"""Lines on standard output and standard error: whatever they hold of what came from outside is shown, never obeyed."""

import sys
from typing import TextIO

from paseo_watch.cli.errors import NobodyReads
from paseo_watch.sinks.render.clean import clean

LONGEST = 2_000
"""Characters of a line; ours. A longer one is cut."""


def say(line: str, stream: TextIO | None = None) -> None:
    """Print one line, with control characters and line breaks made visible; to standard output where none is named.

    Raises NobodyReads, which is told from a connection's broken pipe wherever it arrives.
    """
    try:
        print(clean(line, LONGEST), file=stream or sys.stdout)
    except BrokenPipeError as error:
        raise NobodyReads("nobody reads the output") from error


def complain(error: object) -> None:
    """Print an error, or what is wrong, to standard error; it may have several lines."""
    for line in f"paseo-watch: {error}".split("\n"):
        say(line, sys.stderr)
