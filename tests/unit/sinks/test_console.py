"""The console shows an alert in a few lines, in any encoding, and lets nothing from a chain act on the terminal."""

import json

import pytest

from paseo_watch.sinks.console import ConsoleOptions, build, compose
from paseo_watch.sinks.render.message import message
from paseo_watch.sinks.sink import SendFailed
from tests.unit.sinks.samples import delivery, notification
from tests.unit.sinks.settings import setting, terminal, written

ALERT = message(
    notification(severity="critical", title="title", text="first\nsecond", links=["https://e.example/x"]), 0
)


def test_an_alert_is_a_head_line_and_indented_lines() -> None:
    """Time, mark, severity, chain and block, title."""
    assert compose(ALERT, colour=False, unicode=True) == (
        "2026-11-21T20:59:06Z  ■ critical  relay #9000001  title\n    first\n    second\n    https://e.example/x"
    )


def test_colour_is_on_the_mark_and_the_severity_only() -> None:
    """And ends there."""
    head = compose(ALERT, colour=True, unicode=True).splitlines()[0]
    assert head == "2026-11-21T20:59:06Z  \x1b[1;31m■ critical\x1b[0m  relay #9000001  title"


def test_a_terminal_without_unicode_gets_marks_in_ascii() -> None:
    """LANG=C."""
    assert "# critical" in compose(ALERT, colour=False, unicode=False)


async def test_text_that_the_terminal_cannot_show_is_escaped_and_not_lost() -> None:
    """An encoding error must never keep an alert back."""
    stream = terminal("ascii")
    sink = build(ConsoleOptions(), setting(stream))
    await sink.send(delivery(title="für 漢"))
    await sink.close()
    head = written(stream).splitlines()[0]
    assert head == "2026-11-21T20:59:06Z  ! warning   relay #9000001  f\\xfcr \\u6f22"


@pytest.mark.parametrize("output", ["text", "json"])
async def test_no_control_character_of_an_alert_reaches_the_terminal(output: str) -> None:
    """Escape sequences, C1 controls, DEL, bidirectional overrides, zero-width characters."""
    stream = terminal()
    sink = build(ConsoleOptions(), setting(stream, output))  # type: ignore[arg-type]
    hostile = "\x1b]0;owned\x07 \x9b2J \x7f \u202e \u200b \u2066"
    await sink.send(delivery(title=hostile, text=hostile, links=[hostile], rule=hostile, chain=hostile))
    await sink.close()
    text = written(stream)
    assert not set(text) & set("\x1b\x07\x9b\x7f\u202e\u200b\u2066")


async def test_json_output_is_one_object_a_line_and_exactly_the_alert() -> None:
    """What a program reads from the pipe."""
    stream = terminal()
    sink = build(ConsoleOptions(), setting(stream, "json"))
    first, second = delivery(1, title="zwölf"), delivery(2)
    await sink.send(first)
    await sink.send(second)
    await sink.close()
    assert [json.loads(line) for line in written(stream).splitlines()] == [first.notification, second.notification]


async def test_a_closed_console_fails_and_leaves_the_delivery_to_the_next_run() -> None:
    """A stream that is closed, as after `| head`."""
    stream = terminal()
    stream.close()
    sink = build(ConsoleOptions(), setting(stream))
    with pytest.raises(SendFailed, match="console"):
        await sink.send(delivery())
    await sink.close()
