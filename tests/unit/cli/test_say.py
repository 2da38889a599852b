"""No text from a node, a file or a store acts on the terminal."""

import os

import pytest

from paseo_watch.cli.errors import NobodyReads
from paseo_watch.cli.say import complain, say


def test_control_characters_are_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    """An escape sequence, a line of its own; indentation stays."""
    say("  spec \x1b[2Jevil\nrelay: all is well")
    assert capsys.readouterr().out == "  spec <U+001B>[2Jevil relay: all is well\n"


def test_an_error_keeps_its_lines_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    """A configuration's problems come one a line."""
    complain(ValueError("first\nsecond \x9b2J"))
    out, err = capsys.readouterr()
    assert (out, err) == ("", "paseo-watch: first\nsecond <U+009B>2J\n")


def test_a_line_without_end_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    """A node may send megabytes."""
    say("x" * 1_000_000)
    assert len(capsys.readouterr().out) == 2_001


def test_a_line_that_nobody_reads_is_told_from_every_other_broken_pipe() -> None:
    """A connection's is a failure; this one is the end of what a command has to say."""
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w", buffering=1)
    with pytest.raises(NobodyReads):
        say("one", stream)
    with pytest.raises(BrokenPipeError):
        stream.close()
