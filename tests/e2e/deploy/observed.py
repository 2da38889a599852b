"""The demo at work under a real Prometheus and Alertmanager, with the shipped configuration, and what they saw of it.

The shipped files are used as they are but for addresses, the scrape interval (a second), the rules' `for` and
Alertmanager's patience (none): nobody waits for minutes here. The service gets a heartbeat beside the demo's
configuration: a rule is about its metric.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from signal import SIGTERM
from typing import Any

from aiohttp import ClientSession, web

from paseo_watch.clock import SystemClock
from paseo_watch.recording.node import NodeServer
from paseo_watch.recording.player import play
from paseo_watch.recording.recorded_chain import RecordedChain
from paseo_watch.recording.recording import read
from tests.data import REPOSITORY
from tests.e2e.browser import DESKTOP, Seen, look
from tests.e2e.command_line import Running, started
from tests.e2e.deploy.dashboards import Query, queries
from tests.e2e.deploy.rules import RULES, rules, selectors
from tests.e2e.deploy.servers import Prometheus, alertmanager, prometheus
from tests.ports import free_port

DATA = Path(str(files("paseo_watch.recording") / "data"))
CONFIG = REPOSITORY / "deploy" / "prometheus" / "prometheus.yml"
ALERTMANAGER = REPOSITORY / "deploy" / "alertmanager" / "alertmanager.yml"
SPEED = 40.0  # some eight seconds for both recordings
RECORDINGS = ("relay-2026", "relay-2024")
BLOCKS = 30 + 9
ALERTS = sum(
    len((REPOSITORY / "tests" / "replay" / f"{name}.jsonl").read_text("utf-8").splitlines()) for name in RECORDINGS
)
"""As the golden replay has them."""


@dataclass
class Observed:
    """What was seen: `now` is what a query gave after the demo, `ever` the values that it gave at any time."""

    metrics: str = ""
    now: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    ever: dict[str, list[float]] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)
    beats: int = 0
    page: Seen | None = None
    firing: set[str] = field(default_factory=set)

    def value(self, query: Query, **labels: str) -> float:
        """Of the one series that has these labels."""
        (found,) = [each for each in self.now[query.expr] if labels.items() <= each["metric"].items()]
        return float(found["value"][1])


async def observe(folder: Path) -> Observed:
    """Play the demo, let Prometheus look, end the service and start it again, and keep what was seen."""
    observed = Observed()
    async with AsyncExitStack() as stack:
        hook = await stack.enter_async_context(_hook(observed))
        chains = {name: RecordedChain(read(DATA / f"{name}.rec.xz")) for name in RECORDINGS}
        nodes = {name: await stack.enter_async_context(NodeServer(chain)) for name, chain in chains.items()}
        port, config = free_port(), _service_config(folder, hook)
        environ = {
            "DEMO_RELAY": nodes["relay-2026"].url,
            "DEMO_RELAY_2024": nodes["relay-2024"].url,
            "DEMO_FOLDER": str(folder),
            "DEMO_LISTEN": f"127.0.0.1:{port}",
        }
        server = await stack.enter_async_context(_watching(folder, port, hook))
        began = time.time()
        async with started("run", "-c", config, folder=folder, environ=environ) as service:
            await server.until("sum(up)", 3)  # itself, Alertmanager and us
            await asyncio.gather(
                *(play(chain, SystemClock(), nodes[name].announce, SPEED) for name, chain in chains.items())
            )
            await server.until("sum(paseo_watch_blocks_processed_total)", BLOCKS)
            await server.until("sum(paseo_watch_alerts_total)", ALERTS)
            await server.until("sum(paseo_watch_outbox_depth)", 0)
            await server.until("count_over_time(paseo_watch_store_up[1m]) > bool 5", 1)
            await _look(observed, server, began)
            observed.page = await look(f"http://127.0.0.1:{port}/", folder / "page.png", DESKTOP)
            async with ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as answer:
                observed.metrics = await answer.text()
            await _end(service)
        await _until_told(observed, "PaseoWatchDown", "firing")
        async with started("run", "-c", config, folder=folder, environ=environ) as service:
            await _until_told(observed, "PaseoWatchDown", "resolved")
            await _end(service)
    return observed


async def _look(observed: Observed, server: Prometheus, began: float) -> None:
    observed.firing = {each["metric"]["alertname"] for each in await server.query('ALERTS{alertstate="firing"}')}
    exprs = {query.expr for query in queries()} | {each for rule in rules() for each in selectors(rule["expr"])}
    for expr in sorted(exprs):
        observed.now[expr] = await server.query(expr)
        found = await server.query_range(expr, began, time.time())
        observed.ever[expr] = [float(value) for series in found for _, value in series["values"]]


async def _end(service: Running) -> None:
    ended = await service.end(SIGTERM)
    assert ended.code == 0, ended.err[-3000:]


async def _until_told(observed: Observed, alert: str, status: str) -> None:
    while (alert, status) not in told(observed.told):
        await asyncio.sleep(0.1)


def told(payloads: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Alertmanager's notifications as (alert, status), in order."""
    return [(each["labels"]["alertname"], each["status"]) for payload in payloads for each in payload["alerts"]]


def _service_config(folder: Path, hook: str) -> Path:
    config = folder / "observed.yaml"
    config.write_text(f'extends: {DATA / "demo.yaml"}\nheartbeat: {{ url: "{hook}/beat", every: 1s }}\n')
    return config


@asynccontextmanager
async def _watching(folder: Path, port: int, hook: str) -> AsyncIterator[Prometheus]:
    """Prometheus with the shipped configuration and rules, and an Alertmanager that tells the hook."""
    own, alerts = free_port(), free_port()
    (folder / "rules").mkdir()
    (folder / "rules" / "paseo-watch.yml").write_text(
        re.sub(r"\n\s+(for|keep_firing_for): .*", "", RULES.read_text("utf-8"))
    )
    config = CONFIG.read_text("utf-8").replace("15s", "1s")
    for shipped, here in (("paseo-watch:9615", port), ("alertmanager:9093", alerts), ("127.0.0.1:9090", own)):
        assert shipped in config
        config = config.replace(shipped, f"127.0.0.1:{here}")
    (folder / "prometheus.yml").write_text(config)
    (folder / "alertmanager.yml").write_text(_telling(hook))
    async with (
        alertmanager(folder / "alertmanager.yml", alerts),
        prometheus(folder / "prometheus.yml", own) as server,
    ):
        yield server


def _telling(hook: str) -> str:
    """The shipped Alertmanager's configuration with a way out, and without patience."""
    text = ALERTMANAGER.read_text("utf-8")
    for patient, hasty in (("group_wait: 30s", "group_wait: 0s"), ("group_interval: 5m", "group_interval: 1s")):
        assert patient in text
        text = text.replace(patient, hasty)
    name, found = re.subn(r"(- name: page).*", rf'\1\n    webhook_configs: [{{ url: "{hook}/alerts" }}]', text)
    assert found == 1
    return name


@asynccontextmanager
async def _hook(observed: Observed) -> AsyncIterator[str]:
    """Where Alertmanager and the heartbeat arrive."""

    async def alerts(request: web.Request) -> web.Response:
        observed.told.append(await request.json())
        return web.Response()

    async def beat(request: web.Request) -> web.Response:
        observed.beats += 1
        return web.Response()

    app = web.Application()
    app.router.add_post("/alerts", alerts)
    app.router.add_get("/beat", beat)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
