"""No text from a node, a file or a store acts on the terminal."""

import pytest

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
