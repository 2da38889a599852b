"""What the service goes through: a chain that tells something in every block, and what must have arrived at the end.

    async with ordeal(folder, store_url, Random(seed)) as trial, lives_in(folder) as lives:
        ...                                # break what there is to break; `trial.restore()` now and then
        await trial.dry_up()               # the chain stops flowing
        await trial.arrived()
    trial.judge()

What is expected is written down as blocks are made. Some blocks are holes at first, and are told late.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from aiohttp import web

from paseo_watch.chain import ss58
from tests.data import data_path
from tests.e2e.kill.chain import CAP, FAUCET, LIMIT, RICH, THRESHOLD, TellingChain
from tests.e2e.kill.lives import PATIENCE
from tests.e2e.kill.told import Alert, alerts_in, told
from tests.scripted_node import FOREVER, Fault, ScriptedNode, discarded

STATE = "state_queryStorageAt"
BLOCK_SECONDS = 0.2
HOLES = (25, 26, 60)  # blocks whose state nobody has, until a later block was told
LOOK_SECONDS = 0.5

CONFIG = """
network: scripted
units: {{DOT: 10}}
chains:
  relay:
    endpoints: [{{url: "{node}", requests_per_second: 10000, burst: 10000}}]
    start: 1
    token: DOT
    ss58_prefix: 0
accounts: {{faucet: "0x{faucet}"}}
watch:
  balances:
    - {{name: large, threshold: {threshold} DOT}}
    - {{name: low, accounts: [faucet], below: {limit} DOT, recover: {limit} DOT}}
    - {{name: over, cap: {cap} DOT}}
    - {{name: unlisted, cap: {cap} DOT, whitelist: whitelist.yml}}
receivers:
  - name: team
    file: {{path: alerts.jsonl}}
    webhook: {{url: "{hook}"}}
route: {{receiver: team}}
store: {{url: "{store}"}}
http: {http}
"""


@dataclass
class Hook:
    """A webhook that remembers: notification id to the delivery ids that came with it, and how often."""

    deliveries: dict[str, Counter[str]] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=dict)

    async def post(self, request: web.Request) -> web.Response:
        alert = await request.json()
        self.deliveries.setdefault(alert["id"], Counter())[request.headers["X-Paseo-Watch-Delivery"]] += 1
        self.alerts[alert["id"]] = alert
        return web.Response()

    @property
    def repeated(self) -> int:
        """How often it got what it had."""
        return sum(sum(ids.values()) - 1 for ids in self.deliveries.values())


@asynccontextmanager
async def serving(hook: Hook) -> AsyncIterator[str]:
    """The webhook's address, as long as it is served."""
    app = web.Application()
    app.router.add_post("/hook", hook.post)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


@dataclass
class Trial:
    """One ordeal under way."""

    folder: Path
    telling: TellingChain
    node: ScriptedNode
    hook: Hook
    pruned: Mapping[int, Fault]

    def __post_init__(self) -> None:
        self.node.script(*self.pruned.values())
        self.flowing = asyncio.create_task(self.flow())

    @property
    def alerts(self) -> list[Alert]:
        """What the file holds."""
        return alerts_in(self.folder / "alerts.jsonl")

    def whitelist(self, accounts: Iterable[bytes]) -> None:
        """What the next start finds."""
        write_whitelist(self.folder, accounts)

    def restore(self) -> None:
        """Give back the state of holes behind which a block was told."""
        seen = max((alert["block"]["number"] for alert in self.alerts if alert["block"]), default=0)
        for number, fault in self.pruned.items():
            if seen > number:
                fault.times = 0

    async def flow(self) -> None:
        """A block every now and then, for ever."""
        while True:
            self.telling.append(hole=self.telling.chain.tip.number + 1 in self.pruned)
            self.node.announce()
            await asyncio.sleep(BLOCK_SECONDS)

    async def dry_up(self) -> None:
        """The last block: behind what may be a hole, however quick the rest was."""
        while self.telling.chain.tip.number < HOLES[-1]:
            assert not self.flowing.done()
            await asyncio.sleep(0.01)
        self.flowing.cancel()
        self.telling.append()
        self.node.announce()

    async def arrived(self) -> None:
        """Wait until nothing is missing, as long as anything still arrives; what is too much shows afterwards."""
        arrived, quiet = -1, 0.0
        while quiet < PATIENCE:
            self.restore()
            alerts, expected = self.alerts, self.telling.expected
            in_file, at_hook = told(alerts), told(self.hook.alerts.values())
            missing = expected - in_file + (expected - at_hook)
            if not missing and as_the_world_is(alerts) and self.hook.alerts.keys() >= {each["id"] for each in alerts}:
                return
            now = in_file.total() + at_hook.total()
            arrived, quiet = now, 0.0 if now != arrived else quiet + LOOK_SECONDS
            await asyncio.sleep(LOOK_SECONDS)

    def judge(self) -> None:
        """In the file each alert exactly once, at the webhook at least once and always under the same delivery id."""
        alerts = self.alerts
        assert told(alerts) == self.telling.expected
        assert len({alert["id"] for alert in alerts}) == len(alerts)
        assert self.hook.alerts == {alert["id"]: alert for alert in alerts}
        for turns in lasting(alerts).values():
            assert turns == [("firing", "resolved")[turn % 2] for turn in range(len(turns))]
        assert as_the_world_is(alerts)
        assert {len(ids) for ids in self.hook.deliveries.values()} == {1}


@asynccontextmanager
async def ordeal(folder: Path, store: str, random: Random, http: str = "false") -> AsyncIterator[Trial]:
    """The chain flows and the webhook is served for as long as the block lasts; `config.yaml` names both."""
    telling = TellingChain(data_path("metadata", "polkadot.v14.1002000.scale").read_bytes(), random)
    hook = Hook()
    async with ScriptedNode(telling.chain) as node, serving(hook) as address:
        where = {"node": node.url, "hook": address, "store": store, "http": http}
        rule = {"faucet": FAUCET.hex(), "threshold": THRESHOLD, "limit": LIMIT, "cap": CAP}
        (folder / "config.yaml").write_text(CONFIG.format(**where, **rule))
        pruned = {number: discarded(STATE, height=number, times=FOREVER) for number in HOLES}
        trial = Trial(folder, telling, node, hook, pruned)
        trial.whitelist([RICH])
        try:
            yield trial
        finally:
            trial.flowing.cancel()


def write_whitelist(folder: Path, accounts: Iterable[bytes]) -> None:
    """The document that the rule `unlisted` wants."""
    entries = "".join(f"  - name: one\n    address: {ss58.encode(account, 0)}\n" for account in accounts)
    (folder / "whitelist.yml").write_text("whitelist:\n" + entries)


def lasting(alerts: Iterable[Alert]) -> dict[str, list[str]]:
    """The turns of each condition that no block brings, in order, by rule."""
    turns: dict[str, list[str]] = {}
    for alert in alerts:
        if alert["rule"] in ("unlisted", "holes"):
            turns.setdefault(alert["rule"], []).append(alert["status"])
    return turns


def as_the_world_is(alerts: Iterable[Alert]) -> bool:
    """The hoard is on no whitelist in the end, and every hole is healed."""
    return {rule: turns[-1] for rule, turns in lasting(alerts).items()} == {"unlisted": "firing", "holes": "resolved"}
