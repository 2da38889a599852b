"""Flags, and what a command ends with."""

import argparse
import os
import sys
from pathlib import Path

import pytest

from paseo_watch import __version__
from paseo_watch.cli import inspect, log, main, outbox, record, schema, send_test, service
from paseo_watch.cli.errors import NobodyReads, UnknownName, WrongInput
from paseo_watch.config.problem import ConfigError, Place, Problem
from paseo_watch.errors import PaseoWatchError, PermanentError, TransientError
from paseo_watch.recording.recording import RecordingError
from paseo_watch.store.errors import StoreNotReady


def parse(*words: str) -> argparse.Namespace:
    return main._parser().parse_args(words)


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("run", service.run),
        ("check", inspect.check),
        ("check --online", inspect.check),
        ("send-test core-team --sink matrix --severity critical", send_test.send_test),
        ("record out.rec.xz --chain relay", record.record),
        ("replay in.rec.xz", service.replay),
        ("backtest --chain relay --from 1 --to 2", service.backtest),
        ("doctor --cross-check 3", inspect.doctor),
        ("outbox list", outbox.show),
        ("outbox retry a b", outbox.retry),
    ],
)
def test_every_command_of_the_contract_is_there(words: str, command: object) -> None:
    """And takes a configuration, a log level and a log format."""
    flags = parse(*words.split(), "-c", "a.yaml", "-c", "b", "--log-level", "debug", "--log-format", "json")
    assert main._command(flags.command) is command
    assert (flags.config, flags.log_level, flags.log_format) == ([Path("a.yaml"), Path("b")], "debug", "json")


@pytest.mark.parametrize(("words", "command"), [("demo --once", service.demo), ("schema --alert", schema.schema)])
def test_a_command_with_no_use_for_a_configuration_takes_none(words: str, command: object) -> None:
    """Taken and ignored, it would mislead."""
    assert main._command(parse(*words.split(), "--log-level", "debug").command) is command
    with pytest.raises(SystemExit):
        parse(*words.split(), "-c", "a.yaml")


def test_without_flags_the_defaults_hold() -> None:
    """The built-in configuration, text, info."""
    flags = parse("run")
    assert (flags.config, flags.log_level, flags.log_format, flags.output) == (None, "info", "text", "text")


@pytest.mark.parametrize(
    "words",
    [
        "",
        "fly",
        "run --loud",
        "run --output xml",
        "replay",
        "record out.rec.xz",
        "backtest --chain relay --from 1",
        "backtest --chain relay --from one --to 2",
        "outbox",
        "outbox list --status lost",
        "send-test",
        "send-test core-team --severity dire",
        "run --log-level whisper",
    ],
)
def test_wrong_flags_are_wrong_input(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, the usage on standard error."""
    with pytest.raises(SystemExit) as caught:
        main.main(words.split())
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("usage: paseo-watch")


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing else."""
    with pytest.raises(SystemExit) as caught:
        main.main(["--version"])
    assert (caught.value.code, capsys.readouterr().out) == (0, f"paseo-watch {__version__}\n")


class Lost(TransientError):
    """For a test."""


class Refused(PermanentError):
    """For a test."""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WrongInput("no such chain"), 2),
        (ConfigError([Problem(Place("a.yaml", 3), ("chains",), "expected a mapping")]), 2),
        (RecordingError("not a recording"), 2),
        (Refused("a newer version's store"), 1),
        (Lost("the disk is full"), 1),
        (KeyboardInterrupt(), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_commands_error_is_one_line_and_an_exit_code(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """2 for what was typed, 1 for what happened; no traceback."""

    def fail(flags: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr(schema, "schema", fail)
    monkeypatch.setattr(log, "set_up", lambda level, form: None)
    assert main.main(["schema"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err == ("" if isinstance(error, KeyboardInterrupt) else f"paseo-watch: {error}\n")


@pytest.mark.parametrize("error", [BrokenPipeError(), NobodyReads("nobody reads the output")])
def test_a_command_that_nobody_reads_any_more_ends_without_a_word(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not with a traceback, nor with a line about it."""

    def fail(flags: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr(schema, "schema", fail)
    monkeypatch.setattr(log, "set_up", lambda level, form: None)
    with open(os.dup(1), "w") as stdout:  # main closes what it writes to
        monkeypatch.setattr(sys, "stdout", stdout)
        assert main.main(["schema"]) == 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("error", [UnknownName("no receiver a"), StoreNotReady("x.db: there is no such store yet")])
@pytest.mark.parametrize(
    ("words", "whose"),
    [
        (["check"], " (this is the built-in configuration; yours is given with -c)"),
        (["check", "-c", "my.yaml"], ""),
    ],
)
def test_what_is_not_found_without_a_configuration_says_whose_it_is_not(
    error: PaseoWatchError,
    words: list[str],
    whose: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Who forgot -c looks for a receiver, or a store, of their own."""

    def fail(flags: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr(inspect, "check", fail)
    monkeypatch.setattr(log, "set_up", lambda level, form: None)
    assert main.main(words) in (1, 2)
    assert capsys.readouterr().err == f"paseo-watch: {error}{whose}\n"
