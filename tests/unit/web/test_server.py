"""What each address answers, without a socket; tests/e2e/test_http.py asks over one."""

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from paseo_watch.errors import TransientError
from paseo_watch.telemetry import Metrics
from paseo_watch.web import server
from paseo_watch.web.server import HttpServer
from paseo_watch.web.status import StatusView
from tests.unit.web.samples import calm, chain, eventful


def made(view: StatusView | Exception | None = None, *faults: str) -> HttpServer:
    """A server that shows this, or fails so."""

    async def take() -> StatusView:
        if isinstance(view, Exception):
            raise view
        return view or calm()

    registry = CollectorRegistry()
    metrics = Metrics(registry)
    metrics.start_at_zero(["relay"], [("core-team", "console")])
    metrics.build_info.labels('odd "version" \\ with\nline').set(1)
    return HttpServer(registry, take, lambda: faults)


def get(path: str, **headers: str) -> web.Request:
    """A request as aiohttp hands it to a handler."""
    return make_mocked_request("GET", path, headers=headers)


async def test_healthy_while_no_task_has_died() -> None:
    """It does not look at chains: a restart would not help them."""
    answer = await made(eventful()).healthz(get("/healthz"))
    assert (answer.status, answer.text) == (200, "ok\n")


async def test_a_dead_task_is_named() -> None:
    """One line each."""
    answer = await made(None, "relay: KeyError", "outbox: stopped").healthz(get("/healthz"))
    assert (answer.status, answer.text) == (503, "relay: KeyError\noutbox: stopped\n")


async def test_ready_when_every_chain_is() -> None:
    """200 and `ok`."""
    answer = await made(calm()).readyz(get("/readyz"))
    assert (answer.status, answer.text) == (200, "ok\n")


async def test_not_ready_says_why_a_line_a_chain() -> None:
    """Hostile text in a reason cannot add a line."""
    view = calm(chains=(chain(state="halted", reason="a\nb\x1b"), chain("people", blocks=0, processed=9_000_000)))
    answer = await made(view).readyz(get("/readyz"))
    assert answer.status == 503
    assert answer.text == "relay: stands still: a b<U+001B>\npeople: no block processed yet, 1 to go\n"


@pytest.mark.parametrize("path", ["status", "readyz"])
async def test_a_store_that_is_away_is_said_and_is_no_500(path: str) -> None:
    """The page reads the store."""
    answer = await getattr(made(TransientError("the disk is full")), path)(get("/"))
    assert (answer.status, answer.text) == (503, "the disk is full\n")


@pytest.mark.parametrize("path", ["status", "readyz"])
async def test_a_store_that_does_not_answer_is_not_waited_for(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe must get its answer."""
    monkeypatch.setattr(server, "VIEW_SECONDS", 0.01)
    stuck = HttpServer(CollectorRegistry(), asyncio.Event().wait, tuple)  # type: ignore[arg-type]
    answer = await getattr(stuck, path)(get("/"))
    assert (answer.status, answer.text) == (503, "the state of the service could not be read within 0.01 s\n")


async def test_the_page_is_html_in_utf_8() -> None:
    """The document of `page`."""
    answer = await made(eventful()).status(get("/"))
    assert (answer.status, answer.content_type, answer.charset) == (200, "text/html", "utf-8")
    assert answer.text is not None
    assert answer.text.startswith("<!doctype html>")


async def test_metrics_parse_as_the_text_format() -> None:
    """What Prometheus gets that asks for nothing in particular."""
    answer = await made().metrics(get("/metrics"))
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in text_string_to_metric_families(bytes(answer.body).decode())}
    assert families["paseo_watch_deliveries"].type == "counter"
    assert {sample.labels["result"] for sample in families["paseo_watch_deliveries"].samples} >= {"done", "dead"}
    assert families["paseo_watch_build_info"].samples[0].labels["version"] == 'odd "version" \\ with\nline'
    assert "process_resident_memory_bytes" in families


async def test_metrics_parse_as_openmetrics_for_who_asks() -> None:
    """Prometheus asks for OpenMetrics 1.0.0 first."""
    answer = await made().metrics(get("/metrics", Accept="application/openmetrics-text;version=1.0.0,text/plain;q=0.5"))
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert any(
        family.name == "paseo_watch_blocks_processed" for family in parse_openmetrics(bytes(answer.body).decode())
    )
