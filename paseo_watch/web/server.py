"""The HTTP server: GET only, on the configured address, nothing of it changes anything.

/         status page          /healthz  200 while the event loop runs and no task has died
/metrics  for Prometheus       /readyz   200 once every enabled chain is followed, else 503 with the reasons
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from paseo_watch.errors import PaseoWatchError, PermanentError
from paseo_watch.sinks.render.clean import clean
from paseo_watch.web.page import StatusPage
from paseo_watch.web.status import StatusView, not_ready

VIEW_SECONDS = 5.0
"""How long making the view may take (it reads the store) before the answer is 503."""

TakeView = Callable[[], Awaitable[StatusView]]
TakeFaults = Callable[[], Sequence[str]]


class ListenFailed(PermanentError):
    """The configured address cannot be listened on."""


class ViewFailed(PermanentError):
    """The state of the service could not be read in time."""


class HttpServer:
    """Serves until stopped. `faults` names what has died; empty while all is well."""

    def __init__(self, registry: CollectorRegistry, view: TakeView, faults: TakeFaults) -> None:
        self._registry = registry
        self._view = view
        self._faults = faults
        self._page = StatusPage()
        self._runner: web.AppRunner | None = None

    def application(self) -> web.Application:
        """The routes, for the runner and for tests."""
        app = web.Application(client_max_size=1024)
        app.router.add_get("/", self.status)
        app.router.add_get("/metrics", self.metrics)
        app.router.add_get("/healthz", self.healthz)
        app.router.add_get("/readyz", self.readyz)
        app.on_response_prepare.append(self._harden)
        return app

    async def start(self, host: str, port: int) -> int:
        """Listen; the port (the one that the system chose where `port` is 0). Raises ListenFailed."""
        runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await runner.cleanup()
            raise ListenFailed(
                f"cannot listen on {host}:{port}: {error.strerror}; stop what listens there, or set http.listen"
            ) from error
        self._runner = runner
        return int(runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening; answers under way get a second."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def metrics(self, request: web.Request) -> web.Response:
        """The registry in the format that the Accept header asks for."""
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(self._registry), headers={"Content-Type": content_type})

    async def healthz(self, request: web.Request) -> web.Response:
        """Alive."""
        return _lines(self._faults())

    async def readyz(self, request: web.Request) -> web.Response:
        """Ready, or one line for each reason why not."""
        try:
            return _lines(not_ready(await self._take()))
        except PaseoWatchError as error:
            return _lines([str(error)])

    async def status(self, request: web.Request) -> web.Response:
        """The page for people."""
        try:
            view = await self._take()
        except PaseoWatchError as error:
            return _lines([str(error)])
        return web.Response(text=self._page.render(view), content_type="text/html", charset="utf-8")

    async def _take(self) -> StatusView:
        try:
            async with asyncio.timeout(VIEW_SECONDS):
                return await self._view()
        except TimeoutError as error:
            raise ViewFailed(f"the state of the service could not be read within {VIEW_SECONDS:g} s") from error

    async def _harden(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Server"] = "paseo-watch"
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Security-Policy"] = self._page.policy
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"


def _lines(problems: Sequence[str]) -> web.Response:
    """200 and `ok`, or 503 and a line for each problem."""
    text = "\n".join(clean(problem, 500) for problem in problems) or "ok"
    return web.Response(status=503 if problems else 200, text=text + "\n")
