"""A look at a sink: what it finds in lines, and an end where it has none of its own."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from paseo_watch.cli.configuration import load_config
from paseo_watch.cli.errors import NobodyReads
from paseo_watch.cli.execute import execute
from paseo_watch.cli.receivers import look, look_at_receivers, told
from paseo_watch.sinks.memory import MemorySink
from paseo_watch.sinks.sink import Finding, SendFailed, SinkRefused
from tests.unit.cli.configured import configured, flags

REFUSED = SinkRefused("the token is revoked; make a new one")


class Endless(MemorySink):
    """Its other side never answers."""

    closed = False

    async def examine(self) -> tuple[Finding, ...]:
        await asyncio.Event().wait()
        return ()

    async def close(self) -> None:
        self.closed = True


def test_what_was_found_is_told_and_what_is_wrong_instead_of_it() -> None:
    """One line each."""
    assert told(Finding("power level", "50, 0 is needed to send")) == "power level: 50, 0 is needed to send"
    assert told(Finding("token", "none", REFUSED)) == "token: FAILED: the token is revoked; make a new one"


async def test_a_look_without_end_is_ended_and_the_sink_closed() -> None:
    """A server that takes the connection and says nothing holds nobody up."""
    sink = Endless()
    (finding,) = await look(sink, seconds=0.01)
    assert isinstance(finding.problem, SendFailed)
    assert "no end within 0.01 s" in told(finding)
    assert sink.closed


async def test_a_sink_is_closed_after_the_look() -> None:
    """It may have opened what it needed for that."""
    sink = MemorySink([REFUSED])
    await sink.open()
    (finding,) = await look(sink)
    assert (finding.problem, sink.is_open) == (REFUSED, False)


@pytest.mark.parametrize(("path", "good"), [("alerts.jsonl", True), ("no/alerts.jsonl", False)])
async def test_each_finding_is_a_line_under_its_receiver(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str, good: bool
) -> None:
    """And one problem is enough for the whole to be no good."""
    config = load_config(flags(configured(tmp_path, f"[{{name: team, file: {{path: {path}}}, console: {{}}}}]")))
    assert await look_at_receivers(config) is good
    console, file = capsys.readouterr().out.splitlines()
    assert console == "team/console: stream: open"
    assert file == (
        f"team/file: file: {tmp_path}/alerts.jsonl: can be written"
        if good
        else f"team/file: file: FAILED: {tmp_path}/no/alerts.jsonl: its folder does not exist; create it"
    )


def test_receivers_whose_findings_nobody_reads_are_no_defect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`check --online | head`: all of them look at once, in a group, whose error is a defect unless it is ours."""
    config = load_config(flags(configured(tmp_path, "[{name: team, console: {}, file: {path: a.jsonl}}]")))
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w", buffering=1)
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(NobodyReads):
        execute(look_at_receivers(config))
    with pytest.raises(BrokenPipeError):
        stream.close()
