"""The HTTP server over a real connection, and its page in a real browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from paseo_watch.telemetry import Metrics
from paseo_watch.web.server import HttpServer, ListenFailed
from paseo_watch.web.status import StatusView
from tests.e2e.browser import DESKTOP, PHONE, look
from tests.unit.web.samples import eventful


async def take() -> StatusView:
    """The sample with one of everything."""
    return eventful()


@pytest.fixture
async def base() -> AsyncIterator[str]:
    """The address of a running server."""
    registry = CollectorRegistry()
    Metrics(registry)
    server = HttpServer(registry, take, tuple)
    port = await server.start("127.0.0.1", 0)
    yield f"http://127.0.0.1:{port}"
    await server.stop()


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/", 200, "text/html"),
        ("/metrics", 200, "text/plain"),
        ("/healthz", 200, "text/plain"),
        ("/readyz", 503, "text/plain"),
        ("/etc/passwd", 404, "text/plain"),
    ],
)
async def test_each_address_answers_and_every_answer_is_hardened(base: str, path: str, status: int, kind: str) -> None:
    """The same headers on each, the 404 too; the server does not say what it is built with."""
    async with aiohttp.ClientSession() as session, session.get(base + path) as answer:
        assert (answer.status, answer.content_type) == (status, kind)
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none';")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Server"] == "paseo-watch"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_can_be_changed_from_here(base: str, method: str) -> None:
    """Only GET and HEAD exist."""
    async with aiohttp.ClientSession() as session, session.request(method, base + "/", data=b"x" * 5000) as answer:
        assert answer.status == 405


async def test_an_address_in_use_is_said_with_what_to_do(base: str) -> None:
    """The commonest mistake: two of them at once."""
    port = int(base.rsplit(":", 1)[1])
    other = HttpServer(CollectorRegistry(), take, tuple)
    with pytest.raises(ListenFailed, match=rf"cannot listen on 127\.0\.0\.1:{port}: .*set http\.listen"):
        await other.start("127.0.0.1", port)


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (PHONE, True)], ids=["desktop", "phone, dark"])
async def test_a_browser_shows_the_page_whole_and_has_nothing_to_say(
    base: str, tmp_path: Path, size: tuple[int, int], dark: bool
) -> None:
    """The console is empty (a blocked style sheet would be told there), and nothing stands out of the window."""
    picture = tmp_path / "page.png"
    seen = await look(base + "/", picture, size, dark=dark)
    assert (seen.console, seen.failed) == ([], [])
    assert (seen.scrolls, seen.overflows) == (False, [])
    for said in ("Referenda", "Utility.batch_all", "Validators of session 2104", "validator-two", "misses votes"):
        assert said.lower() in seen.text.lower()
    assert picture.stat().st_size > 20_000
