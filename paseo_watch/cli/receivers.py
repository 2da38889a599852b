"""What a look at every receiver finds, for `check --online`; and what commands build sinks with."""

import asyncio
import sys

import aiohttp

from paseo_watch.app.receivers import build_receivers
from paseo_watch.cli.say import say
from paseo_watch.clock import SystemClock
from paseo_watch.config.model import Config
from paseo_watch.sinks.registry import SinkSetting
from paseo_watch.sinks.sink import Finding, SendFailed, Sink

LOOK_SECONDS = 30.0
"""How long a look at one sink may take; ours. Sinks bound their own calls, of which a look is several."""


def sink_setting() -> SinkSetting:
    """Alerts of a console receiver go to standard output, as text."""
    return SinkSetting(aiohttp.ClientSession, sys.stdout, "text", False, SystemClock())


async def look_at_receivers(config: Config) -> bool:
    """Say what each sink finds, all of them looking at once; whether all is well. Nothing is sent."""
    sinks = build_receivers(config, sink_setting()).sinks
    good = True
    async with asyncio.TaskGroup() as group:
        looks = [(f"{receiver}/{kind}", group.create_task(look(sink))) for (receiver, kind), sink in sinks.items()]
        for name, findings in looks:
            for finding in await findings:
                good &= finding.problem is None
                say(f"{name}: {told(finding)}")
    return good


async def look(sink: Sink, seconds: float = LOOK_SECONDS) -> tuple[Finding, ...]:
    """What the sink finds within so many seconds; then it is closed."""
    try:
        async with asyncio.timeout(seconds):
            return await sink.examine()
    except TimeoutError:
        return (Finding("answer", "none", SendFailed(f"no end within {seconds:g} s; is the other side reachable?")),)
    finally:
        await sink.close()


def told(finding: Finding) -> str:
    """One finding in a line: what was looked at, and what was found or what is wrong."""
    return f"{finding.what}: {finding.found if finding.problem is None else f'FAILED: {finding.problem}'}"
