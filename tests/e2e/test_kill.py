"""Nothing lost, nothing twice: the service is killed with SIGKILL at each named step while blocks flow.

What is expected is written down as blocks are made. At the end the file holds each alert exactly once, and the webhook
got each at least once, always under the same delivery id. Some blocks are holes at first, and are told late.

What no block brings (a whitelist, ticks) cannot be foreseen to the moment; each such condition must begin and end in
turns, under ids that are never used twice, and end up as the world is.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from aiohttp import web

from paseo_watch.chain import ss58
from paseo_watch.steps import STEPS
from tests.data import data_path
from tests.e2e.kill.chain import CAP, FAUCET, HOARD, LIMIT, RICH, THRESHOLD, TellingChain, Told
from tests.e2e.kill.lives import ANYWHERE, PATIENCE, lives_in
from tests.e2e.kill.service import ANY
from tests.e2e.kill.told import Alert, alerts_in, told
from tests.postgres import running_postgres
from tests.scripted_node import FOREVER, Fault, ScriptedNode, discarded

SEED = int(os.environ.get("PASEO_WATCH_SEED", "20260704"))
KILLS_A_STEP = int(os.environ.get("PASEO_WATCH_KILLS_A_STEP", "5"))
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
http: false
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


async def delivered(folder: Path, hook: Hook, expected: Counter[Told], pruned: Mapping[int, Fault]) -> None:
    """Wait until nothing is missing, as long as anything still arrives; what is too much shows afterwards."""
    arrived, quiet = -1, 0.0
    while quiet < PATIENCE:
        alerts = alerts_in(folder / "alerts.jsonl")
        restore(pruned, alerts)
        in_file, at_hook = told(alerts), told(hook.alerts.values())
        missing = expected - in_file + (expected - at_hook)
        if not missing and as_the_world_is(alerts) and hook.alerts.keys() >= {alert["id"] for alert in alerts}:
            return
        now = in_file.total() + at_hook.total()
        arrived, quiet = now, 0.0 if now != arrived else quiet + LOOK_SECONDS
        await asyncio.sleep(LOOK_SECONDS)


async def ordeal(folder: Path, store: str, kills_a_step: int) -> None:
    random = Random(SEED)
    telling = TellingChain(data_path("metadata", "polkadot.v14.1002000.scale").read_bytes(), random)
    plan = [step for step in (*STEPS, ANYWHERE) for _ in range(kills_a_step)]
    random.shuffle(plan)
    hook = Hook()
    async with ScriptedNode(telling.chain) as node, serving(hook) as address:
        where = {"node": node.url, "hook": address, "store": store}
        rule = {"faucet": FAUCET.hex(), "threshold": THRESHOLD, "limit": LIMIT, "cap": CAP}
        (folder / "config.yaml").write_text(CONFIG.format(**where, **rule))
        pruned = {number: discarded(STATE, height=number, times=FOREVER) for number in HOLES}
        flow = asyncio.create_task(_flow(telling, node, pruned))
        async with lives_in(folder) as lives:
            for step in plan:
                whitelist(folder, random.choice([[RICH], [RICH, HOARD]]))
                await lives.killed(step, ANY, random)
                restore(pruned, alerts_in(folder / "alerts.jsonl"))
            while telling.chain.tip.number < HOLES[-1]:  # quick lives see few blocks
                assert not flow.done()
                await asyncio.sleep(0.01)
            flow.cancel()
            telling.append()  # behind what may be a hole
            whitelist(folder, [RICH])
            await lives.begin()
            await delivered(folder, hook, telling.expected, pruned)
            await lives.end()

    histogram = Counter(plan)
    alerts = alerts_in(folder / "alerts.jsonl")
    repeated = sum(sum(ids.values()) - 1 for ids in hook.deliveries.values())
    print(f"\nseed {SEED}: {len(plan)} kills over {telling.chain.tip.number} blocks, {len(alerts)} alerts")
    for step in (*STEPS, ANYWHERE):
        print(f"  {step:<14} {'#' * histogram[step]} {histogram[step]}")
    print(f"  the webhook got {repeated} of them again, each under the id that it had")
    print(f"  conditions that no block brings: { ({rule: len(turns) for rule, turns in lasting(alerts).items()}) }")
    assert told(alerts) == telling.expected
    assert len({alert["id"] for alert in alerts}) == len(alerts)
    assert hook.alerts == {alert["id"]: alert for alert in alerts}
    for turns in lasting(alerts).values():
        assert turns == [("firing", "resolved")[turn % 2] for turn in range(len(turns))]
    assert as_the_world_is(alerts)
    assert {len(ids) for ids in hook.deliveries.values()} == {1}


def whitelist(folder: Path, accounts: Iterable[bytes]) -> None:
    """What the next start finds."""
    entries = "".join(f"  - name: one\n    address: {ss58.encode(account, 0)}\n" for account in accounts)
    (folder / "whitelist.yml").write_text("whitelist:\n" + entries)


def restore(pruned: Mapping[int, Fault], alerts: Iterable[Alert]) -> None:
    """Give back the state of holes behind which a block was told."""
    seen = max((alert["block"]["number"] for alert in alerts if alert["block"]), default=0)
    for number, fault in pruned.items():
        if seen > number:
            fault.times = 0


async def _flow(telling: TellingChain, node: ScriptedNode, pruned: Mapping[int, Fault]) -> None:
    node.script(*pruned.values())
    while True:
        telling.append(hole=telling.chain.tip.number + 1 in pruned)
        node.announce()
        await asyncio.sleep(BLOCK_SECONDS)


async def test_sqlite_killed_at_every_step_tells_everything_once(tmp_path: Path) -> None:
    """The promise, on the default store."""
    await ordeal(tmp_path, "sqlite:///store.db", KILLS_A_STEP)


async def test_postgresql_killed_at_every_step_tells_everything_once(tmp_path: Path) -> None:
    """The same promise on a real PostgreSQL."""
    with running_postgres() as server:
        await ordeal(tmp_path, server.url(), 1)
