"""The server: start, stop, start again on the same port; what every request meets on its way."""

import asyncio
import time
from typing import Any, Self

from aiohttp import web
from aiohttp.typedefs import Handler

from tests.discord_stand_in import answers
from tests.discord_stand_in.answers import Refused, as_json
from tests.discord_stand_in.faults import Fault, Faults
from tests.discord_stand_in.gateway import Gateway
from tests.discord_stand_in.limits import Limits
from tests.discord_stand_in.request import SEEN, Request, read
from tests.discord_stand_in.rest import Rest
from tests.discord_stand_in.world import World


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _cut_off(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "900"})
    await answer.prepare(request)
    await answer.write(b'{"id": "1"')
    assert request.transport is not None
    request.transport.close()
    return answer


class StandIn:
    """`world` is what exists, `faults` what goes wrong next, `limits` the rates, `requests` everything that came."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.faults = Faults()
        self.limits = Limits(_now, time.time)
        self.requests: list[Request] = []
        self.gateway = Gateway(self.world, lambda: self.gateway_url)
        self._rest = Rest(self.world, _now, lambda: self.gateway_url)
        self._port = 0
        self._runner: web.AppRunner | None = None

    @property
    def api_base(self) -> str:
        """With the version, as our option has it."""
        return f"http://127.0.0.1:{self._port}/api/v10"

    @property
    def gateway_url(self) -> str:
        """For the web socket."""
        return f"ws://127.0.0.1:{self._port}/gateway"

    def webhook_url(self, webhook: dict[str, Any]) -> str:
        """As Discord shows it to who makes one: without a version."""
        return f"http://127.0.0.1:{self._port}/api/webhooks/{webhook['id']}/{webhook['token']}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """On the port of the last time, where there was one."""
        api = web.Application(middlewares=[self._record, self._refuse, self._meet_faults, self._admit])
        api.add_routes(self._rest.routes())
        app = web.Application(client_max_size=64 << 20)
        app.add_subapp("/api/v10", api)
        app.router.add_get("/gateway", self.gateway.connect)
        app.router.add_get("/gateway/", self.gateway.connect)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Hang up on everybody; what exists stays."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await self.gateway.close_all(1001)
            await runner.cleanup()

    @web.middleware
    async def _record(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        seen = request[SEEN] = await read(request)
        self.requests.append(seen)
        answer = await handler(request)
        if isinstance(answer, web.Response):
            seen.status, seen.answer = answer.status, bytes(answer.body or b"")  # type: ignore[arg-type]
        return answer

    @web.middleware
    async def _refuse(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as refused:
            return as_json(refused.body, refused.status)
        except web.HTTPException as error:
            return as_json({"message": f"{error.status}: {error.reason}", "code": 0}, error.status)

    @web.middleware
    async def _meet_faults(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        fault = self.faults.meet(sends=request[SEEN].sends)
        if fault is None:
            return await handler(request)
        if fault.when == "after" or fault.reset in ("after", "within"):
            answer = await handler(request)
            if isinstance(answer, web.Response) and answer.status >= 300:
                return answer
        if fault.slow:
            await asyncio.sleep(fault.slow)
            if request.transport is None or request.transport.is_closing():
                return as_json(None, 204)  # nobody waits any more: what was not done is not done
        if fault.reset == "within":
            return await _cut_off(request)
        if fault.reset is not None:
            assert request.transport is not None
            request.transport.abort()
        return self._faulty(fault) or await handler(request)

    def _faulty(self, fault: Fault) -> web.Response | None:
        if fault.retry_after is not None:
            headers = {"X-RateLimit-Scope": "global" if fault.everywhere else "user"}
            headers |= {"X-RateLimit-Global": "true"} if fault.everywhere else {}
            return answers.limited(fault.retry_after, everywhere=fault.everywhere, headers=headers, via=fault.via)
        if fault.body is not None:
            answer = web.Response(body=fault.body, status=fault.status or 200, headers=dict(fault.headers))
            answer.headers.setdefault("Content-Type", "application/json")
            return answer
        if fault.html:
            return answers.page(fault.status or 502)
        if fault.status is not None:
            return as_json({"message": f"{fault.status}: Internal Server Error", "code": 0}, fault.status)
        return as_json(None, 204) if fault.reset is not None else None

    @web.middleware
    async def _admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Rate limits first, then the token; webhooks carry theirs in the path."""
        seen = request[SEEN]
        token = request.headers.get("Authorization", "").removeprefix("Bot ")
        major = next(iter(request.match_info.values()), "")
        verdict = self.limits.take(request.method, seen.route, major, token)
        if verdict.wait:
            return answers.limited(verdict.wait, everywhere=verdict.everywhere, headers=verdict.headers)
        public = seen.route.startswith("/webhooks/") or seen.route == "/gateway"
        if not public and (self.world.token is None or token != self.world.token):
            raise Refused(*answers.UNAUTHORIZED)
        try:
            answer = await handler(request)
        except Refused as refused:
            answer = as_json(refused.body, refused.status)
        answer.headers.update(verdict.headers)
        return answer
