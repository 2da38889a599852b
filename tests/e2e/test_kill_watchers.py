"""OpenGov and validators under SIGKILL: no milestone lost, none twice, and the same rows as without.

A relay chain with validators and an Asset Hub with referenda flow side by side while the service is killed at each
named step, at seeded counts. Some blocks cannot be read at first and heal late, one that opens a session among them.
What is expected is the ledger of what was written, and what the hub says happened.
"""

import asyncio
import os
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from paseo_watch.steps import STEPS
from tests.chopsticks import PAS
from tests.data import data_path
from tests.e2e.hub_referenda import HubReferenda
from tests.e2e.kill.lives import ANYWHERE, lives_in
from tests.e2e.kill.told import alerts_in
from tests.e2e.test_hub_opengov import STATES
from tests.e2e.test_validators import LENGTH, closed, relay_of_today, rows
from tests.polkadot_api import Driver
from tests.relay_encoding import stash
from tests.relay_sessions import RelaySessions
from tests.scripted_chain import ScriptedChain
from tests.scripted_node import FOREVER, Fault, ScriptedNode, discarded

SEED = int(os.environ.get("PASEO_WATCH_SEED", "20260704"))
KILLS_A_STEP = int(os.environ.get("PASEO_WATCH_KILLS_A_STEP", "2"))
STATE = "state_queryStorageAt"
SESSIONS = 7
RELAY_HOLES = (25, 2 * LENGTH + 1, 70)
BLOCK_SECONDS = 0.05
LOOK_SECONDS = 0.1

CONFIG = """
network: scripted
units: {{PAS: 10}}
chains:
  relay:
    endpoints: [{{url: "{relay}", requests_per_second: 10000, burst: 10000}}]
    start: 1
    ss58_prefix: 42
  asset-hub:
    endpoints: [{{url: "{hub}", requests_per_second: 10000, burst: 10000}}]
    start: 1
    ss58_prefix: 42
watch:
  opengov: {{ chains: [asset-hub] }}
  validators: {{ chains: [relay], finality_lag: 100000, sessions: true }}
receivers:
  - name: team
    file: {{path: alerts.jsonl}}
route: {{receiver: team}}
store: {{url: "sqlite:///watch.db"}}
http: false
"""


@dataclass
class Reel:
    """A chain that was written before and becomes final block by block, as far as `share` allows.

    The state of `holes` is held back until they are stored as such, and a few blocks later the chain waits until they
    are healed: no session passes over one that is open.
    """

    name: str
    chain: ScriptedChain
    node: ScriptedNode
    folder: Path
    share: Callable[[], float]
    holes: Mapping[int, Fault] = field(default_factory=dict)

    async def play(self) -> None:
        """To the end."""
        self.node.script(*self.holes.values())
        for number in range(1, self.chain.tip.number + 1):
            await until(lambda number=number: number <= self.share() * self.chain.tip.number)  # type: ignore[misc]
            self.chain.finalize(number)
            self.node.announce()
            for hole, fault in self.holes.items():
                if number == hole + 2:
                    await until(lambda hole=hole: self._is(hole, "NOT NULL") or self._is(hole, "NULL"))  # type: ignore[misc]
                    fault.times = 0
                if number == hole + LENGTH // 2:
                    await until(lambda hole=hole: self._is(hole, "NOT NULL"))  # type: ignore[misc]
            await asyncio.sleep(BLOCK_SECONDS)

    def _is(self, hole: int, healed: str) -> bool:
        """Whether it is stored, and healed or not."""
        query = (
            "SELECT 1 FROM holes JOIN chains ON chains.id = holes.chain_id"
            f" WHERE chains.name = ? AND number = ? AND healed_ms IS {healed}"
        )
        with sqlite3.connect(f"file:{self.folder / 'watch.db'}?mode=ro", uri=True) as conn:
            return bool(conn.execute(query, (self.name, hole)).fetchall())


async def until(condition: Callable[[], bool]) -> None:
    """Look again and again; how long it takes decides nothing."""
    while not condition():
        await asyncio.sleep(LOOK_SECONDS)


def written_relay() -> tuple[RelaySessions, int]:
    """All sessions, with one validator who is dark for a while."""
    relay = relay_of_today()
    dark = relay.planned.account(1)
    relay.offline(dark, since=LENGTH // 2, until=5 * LENGTH + 8)
    for session in range(SESSIONS):
        for _ in range(LENGTH):
            relay.block()
        leaving = next(n for n in relay.session.validators if n != dark)
        relay.rotate(join=[30 + session], leave=[leaving])
    relay.block()
    relay.chain.finalize(0)
    return relay, dark


def written_hub(hands: Driver) -> HubReferenda:
    """Four referenda through different ends, with quiet blocks between; some of it in blocks that cannot be read."""
    metadata = data_path("metadata", "asset-hub-paseo.v16.2026-02.scale")
    hub = HubReferenda(
        hands, metadata, clock=1_000, velocity=1, count=0, total_issuance=10**6 * PAS, inactive_issuance=0
    )
    remark = hub.call("System", "remark", "0x00")
    hub.idle(3)
    one = hub.submit(30, remark, inline=True)
    with hub.together():
        hub.place_deposit(one, 100 * PAS)
        two = hub.submit(33, remark)
    hub.advance(300)
    hub.idle(10)
    hub.start_deciding(one, silently=True)
    hub.idle(12)
    hub.confirm(one, period=600)
    hub.abort(one, silently=True)
    hub.idle(12)
    hub.confirm(one, period=600)
    three, four = hub.submit(30, remark), hub.submit(30, remark)
    hub.approve(one, after=5)
    hub.dispatched(one, error={"BadOrigin": None}, silently=True)
    hub.idle(12)
    hub.time_out(two)
    with hub.together():
        hub.cancel(three)
        hub.kill(four)
    hub.idle(40)
    hub.chain.finalize(0)
    return hub


@asynccontextmanager
async def playing(
    folder: Path, relay: RelaySessions, hub: HubReferenda, share: Callable[[], float]
) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Both chains, as long as they flow."""
    async with ScriptedNode(relay.chain) as relay_node, ScriptedNode(hub.chain) as hub_node:
        (folder / "config.yaml").write_text(CONFIG.format(relay=relay_node.url, hub=hub_node.url))
        reels = [
            Reel("relay", relay.chain, relay_node, folder, share, _holes(RELAY_HOLES)),
            Reel("asset-hub", hub.chain, hub_node, folder, share, _holes(hub.unreadable)),
        ]
        tasks = [asyncio.create_task(reel.play()) for reel in reels]
        try:
            yield tasks
        finally:
            for task in tasks:
                task.cancel()


def _holes(numbers: tuple[int, ...] | list[int]) -> dict[int, Fault]:
    return {number: discarded(STATE, height=number, times=FOREVER) for number in numbers}


async def test_killed_at_every_step_each_milestone_is_told_once_and_the_rows_are_the_same(
    hands: Driver, tmp_path: Path
) -> None:
    random = Random(SEED)
    relay, dark = written_relay()
    hub = written_hub(hands)
    plan = [step for step in (*STEPS, ANYWHERE) for _ in range(KILLS_A_STEP)]
    random.shuffle(plan)
    milestones = Counter((index, STATES.get(state, state)) for _, index, state in hub.said)
    killed: list[str] = []  # the chains flow on with each: there is something left for every life

    def share() -> float:
        return (len(killed) + 1) / (len(plan) + 1)

    async with playing(tmp_path, relay, hub, share) as flow, lives_in(tmp_path) as lives:
        for step in plan:
            count = random.randint(1, 6) if step.startswith("commit") else 1
            await lives.killed_at_last(step, count, random.uniform(5.0, 7.0))
            killed.append(step)
        await lives.begin()
        await asyncio.gather(*flow)
        while not told_everything(tmp_path, milestones) or await rows(tmp_path) != closed(relay.ledger, relay):
            assert not too_much(tmp_path, milestones)
            await asyncio.sleep(LOOK_SECONDS)
        await lives.end()

    alerts = alerts_in(tmp_path / "alerts.jsonl")
    print(f"\nseed {SEED}: {len(plan)} kills, {relay.chain.tip.number} and {hub.chain.tip.number} blocks")
    print(f"  {sum(milestones.values())} milestones, {sum(1 for alert in alerts if alert['late'])} told late")
    assert told(tmp_path) == milestones
    assert len({alert["id"] for alert in alerts}) == len(alerts)
    turns = [(alert["status"], alert["data"]["validator_key"]) for alert in of(tmp_path, "validator-offline")]
    assert turns == [("firing", "0x" + stash(dark).hex()), ("resolved", "0x" + stash(dark).hex())]
    sets = [alert["data"]["session"] for alert in of(tmp_path, "active-set")]
    assert sets == list(range(1, SESSIONS + 1))


def of(folder: Path, rule: str) -> list[Mapping[str, object]]:
    return [alert for alert in alerts_in(folder / "alerts.jsonl") if alert["rule"] == rule]


def told(folder: Path) -> Counter[tuple[int, str]]:
    """Each milestone, and how often."""
    return Counter((alert["data"]["referendum"], alert["data"]["state"]) for alert in of(folder, "referendum"))


def told_everything(folder: Path, milestones: Counter[tuple[int, str]]) -> bool:
    """Milestones, the offline validator twice, every change of the set: rows are there before their alerts arrive."""
    sets, offline = (len(of(folder, rule)) for rule in ("active-set", "validator-offline"))
    return not milestones - told(folder) and sets >= SESSIONS and offline >= 2


def too_much(folder: Path, milestones: Counter[tuple[int, str]]) -> Counter[tuple[int, str]]:
    return told(folder) - milestones
