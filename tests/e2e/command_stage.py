"""What commands meet in these tests: the shipped recording as a node, a webhook that answers as it is told, a
configuration with secrets in it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from aiohttp import web

from paseo_watch.recording.node import NodeServer
from paseo_watch.recording.recorded_chain import RecordedChain
from paseo_watch.recording.recording import Recording, read
from tests.e2e.command_line import TOKEN

FIRST, LAST = 2, 31
MOVES = [7, 10, 17, 27]  # blocks of the recording with a large move, see tests/replay/test_golden.py


@cache
def recording() -> Recording:
    """The shipped recording of the relay chain."""
    with as_file(files("paseo_watch.recording") / "data" / "relay-2026.rec.xz") as path:
        return read(path)


def shipped_file() -> Path:
    """Where the recording lies: these tests run from a checkout."""
    return Path(str(files("paseo_watch.recording") / "data" / "relay-2026.rec.xz"))


@asynccontextmanager
async def recorded_node(released: int = LAST - FIRST + 1) -> AsyncIterator[tuple[NodeServer, RecordedChain]]:
    """A node that serves the recording, up to `released` blocks of it."""
    chain = RecordedChain(recording(), released=released)
    async with NodeServer(chain) as node:
        yield node, chain


class Hook:
    """A webhook: answers `status`, and remembers the delivery ids that it took and that it refused."""

    def __init__(self) -> None:
        self.status = 200
        self.url = ""
        self.taken: list[str] = []
        self.refused: Counter[str] = Counter()
        self.beats = 0
        self.answers = asyncio.Event()
        """Cleared, a POST waits for it before it is answered."""
        self.answers.set()
        self._asked = asyncio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until this holds; looked at after every request."""
        while not condition():
            self._asked.clear()
            await self._asked.wait()

    async def post(self, request: web.Request) -> web.Response:
        assert request.path.endswith(TOKEN)
        delivery = request.headers["X-Paseo-Watch-Delivery"]
        if self.status == 200:
            self.taken.append(delivery)
        else:
            self.refused[delivery] += 1
        self._asked.set()
        await self.answers.wait()
        return web.Response(status=self.status)

    async def beat(self, request: web.Request) -> web.Response:
        """A GET: the heartbeat."""
        assert request.path.endswith(TOKEN)
        self.beats += 1
        self._asked.set()
        return web.Response()


@asynccontextmanager
async def serving(hook: Hook) -> AsyncIterator[Hook]:
    """The hook, listening at `hook.url`."""
    app = web.Application()
    app.router.add_post("/{path:.*}", hook.post)
    app.router.add_get("/{path:.*}", hook.beat)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield hook
    finally:
        await runner.cleanup()


def write_config(
    folder: Path,
    node: str,
    *,
    hook: str = "http://127.0.0.1:1",
    genesis: str | None = None,
    team: str = "webhook: {{url: {hook}}}",
    archive: str = "file: {path: alerts.jsonl}, console: {}",
    to: str = "archive",
    rule: str = "threshold: 10000 PAS",
    watch: str = "",
    more: str = "",
    tail: str = "",
) -> None:
    """`config.yaml` in a folder: the recorded relay chain at this node, with one rule and two receivers; `watch` adds
    further watchers."""
    (folder / "config.yaml").write_text(
        f"""network: paseo
units: {{PAS: 10, DOT: 10}}
chains:
  relay:
    endpoints: [{{url: "{node}/{TOKEN}", requests_per_second: 10000, burst: 10000}}]
    genesis: {genesis or f'"{recording().about.genesis}"'}
    start: {FIRST}
    ss58_prefix: 42
    token: PAS
{more}
watch: {{balances: [{{name: large-move, {rule}}}]{watch}}}
receivers:
  - {{name: team, {team.format(hook=f'"{hook}/{TOKEN}"')}}}
  - {{name: archive, {archive}}}
route: {{receiver: {to}}}
store: {{url: "sqlite:///store.db"}}
http: {{listen: "127.0.0.1:0"}}
cache: {{path: cache}}
{tail}
"""
    )


def names_in(folder: Path) -> set[str]:
    """What a command left there."""
    return {path.name for path in folder.iterdir()}


async def lines_of(path: Path, count: int) -> list[str]:
    """The lines of a file, once it has so many."""
    while len(lines := _written(path)) < count:
        await asyncio.sleep(0.02)  # files tell nobody that they grow
    return lines


def _written(path: Path) -> list[str]:
    """The whole lines of a file that may not be there yet."""
    return path.read_text().split("\n")[:-1] if path.exists() else []
