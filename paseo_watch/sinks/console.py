"""The console: an alert in one or a few readable lines, or as one JSON object a line.

A console cannot dedupe: after a crash between the write and its mark the alert appears again.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import NamedTuple

from paseo_watch.sinks.kind import SinkOptions, SinkSetting
from paseo_watch.sinks.patient_writer import PatientWriter
from paseo_watch.sinks.render.data import as_ascii_json
from paseo_watch.sinks.render.message import Message, Tone, message
from paseo_watch.sinks.sink import Delivery, Finding, SendFailed


class _Look(NamedTuple):
    mark: str
    ascii: str
    word: str
    colour: str


_LOOKS: Mapping[Tone, _Look] = MappingProxyType(
    {
        "info": _Look("●", "-", "info", "34"),
        "warning": _Look("▲", "!", "warning", "33"),
        "critical": _Look("■", "#", "critical", "1;31"),
        "resolved": _Look("✓", "+", "resolved", "32"),
    }
)


class ConsoleOptions(SinkOptions):
    """The console takes no options: `console: {}`."""


class ConsoleSink:
    """Writes to the stream that the composition root hands in, off the event loop: a paused terminal blocks a write."""

    kind = "console"

    def __init__(self, setting: SinkSetting) -> None:
        self._setting = setting
        self._writer = PatientWriter(setting.stream)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="console-sink")

    async def open(self) -> None:
        """Nothing to get ready."""

    async def examine(self) -> tuple[Finding, ...]:
        """Whether the stream is still there."""
        closed = self._setting.stream.closed
        problem = SendFailed("console: closed") if closed else None
        return (Finding("stream", "closed" if closed else "open", problem, weak=True),)

    async def send(self, delivery: Delivery) -> None:
        """Write and flush; raises SendFailed where the console is gone (a closed pipe)."""
        text = self._text(delivery)
        try:
            await asyncio.get_running_loop().run_in_executor(self._worker, self._writer.write, text + "\n")
        except (OSError, ValueError) as error:
            raise SendFailed(f"console: cannot write ({error}); is the pipe behind it closed?") from error

    async def close(self) -> None:
        """End a write that nobody takes. The stream belongs to the composition root and stays open."""
        self._writer.stop()
        self._worker.shutdown(wait=False)

    def _text(self, delivery: Delivery) -> str:
        if self._setting.output == "json":
            return as_ascii_json(delivery.notification)
        alert = message(delivery.notification, self._setting.clock.now_ms())
        return compose(alert, colour=self._setting.colour, unicode=self._takes_unicode())

    def _takes_unicode(self) -> bool:
        return (self._setting.stream.encoding or "utf-8").lower().replace("-", "").startswith("utf")


def compose(alert: Message, *, colour: bool, unicode: bool) -> str:
    """Head line (time, mark and severity, chain and block, title), then each further line indented."""
    look = _LOOKS[alert.tone]
    badge = f"{look.mark if unicode else look.ascii} {look.word:<8}"
    if colour:
        badge = f"\x1b[{look.colour}m{badge}\x1b[0m"
    when = f"{alert.when.iso} (our clock)" if alert.when.ours else alert.when.iso
    title = "".join(f"[{flag}] " for flag in alert.flags) + alert.title
    links = (link.url or link.name for link in alert.every_link)
    return "\n".join(
        (f"{when}  {badge}  {alert.where.place}  {title}", *(f"    {line}" for line in (*alert.lines, *links)))
    )


def build(options: ConsoleOptions, setting: SinkSetting) -> ConsoleSink:
    """A console sink on the setting's stream."""
    return ConsoleSink(setting)
