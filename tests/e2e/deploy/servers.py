"""Prometheus and Alertmanager as Debian has them, on 127.0.0.1, in a folder of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.e2e.deploy.programs import program


@dataclass(frozen=True)
class Prometheus:
    """A running server, asked over its HTTP API (prometheus.io/docs/prometheus/latest/querying/api)."""

    session: aiohttp.ClientSession
    base: str

    async def query(self, expr: str) -> list[dict[str, Any]]:
        """What an expression gives now: samples with `metric` and `value` [time, text]."""
        return (await self._ask("query", {"query": expr}))["result"]  # type: ignore[no-any-return]

    async def query_range(self, expr: str, start: float, end: float) -> list[dict[str, Any]]:
        """What it gave between two moments, second by second: series with `metric` and `values`."""
        span = {"query": expr, "start": str(start), "end": str(end), "step": "1"}
        return (await self._ask("query_range", span))["result"]  # type: ignore[no-any-return]

    async def value(self, expr: str) -> float | None:
        """Of an expression that gives one number; None where it gives nothing yet."""
        found = await self.query(expr)
        return float(found[0]["value"][1]) if found else None

    async def until(self, expr: str, expected: float) -> None:
        """Wait until the expression has this value."""
        while await self.value(expr) != expected:
            await asyncio.sleep(0.2)  # Prometheus tells nobody that it has scraped

    async def _ask(self, what: str, parameters: dict[str, str]) -> dict[str, Any]:
        async with self.session.get(f"{self.base}/api/v1/{what}", params=parameters) as answer:
            document = await answer.json()
        assert document["status"] == "success", (parameters, document)
        data: dict[str, Any] = document["data"]
        return data


@asynccontextmanager
async def prometheus(config: Path, port: int) -> AsyncIterator[Prometheus]:
    """A server with this configuration."""
    listen = f"127.0.0.1:{port}"
    arguments = [f"--config.file={config}", f"--storage.tsdb.path={config.parent / 'data'}"]
    async with (
        _server("prometheus", *arguments, f"--web.listen-address={listen}", log=config.parent / "prometheus.log"),
        aiohttp.ClientSession() as session,
    ):
        await _ready(session, f"http://{listen}/-/ready")
        yield Prometheus(session, f"http://{listen}")


@asynccontextmanager
async def alertmanager(config: Path, port: int) -> AsyncIterator[None]:
    """A server with this configuration; alone: an empty cluster address keeps it off all other interfaces."""
    listen = f"127.0.0.1:{port}"
    arguments = [f"--config.file={config}", f"--storage.path={config.parent / 'alertmanager'}"]
    web = [f"--web.listen-address={listen}", "--cluster.listen-address="]
    async with (
        _server("prometheus-alertmanager", *arguments, *web, log=config.parent / "alertmanager.log"),
        aiohttp.ClientSession() as session,
    ):
        await _ready(session, f"http://{listen}/-/ready")
        yield


@asynccontextmanager
async def _server(name: str, *arguments: str, log: Path) -> AsyncIterator[None]:
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            program(name), *arguments, stdout=output, stderr=output, cwd=log.parent
        )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def _ready(session: aiohttp.ClientSession, url: str) -> None:
    while True:
        try:
            async with session.get(url) as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientConnectionError:
            pass  # it does not listen yet
        await asyncio.sleep(0.05)
