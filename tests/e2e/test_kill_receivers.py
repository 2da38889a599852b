"""Once, whatever breaks: the service is killed at each step of each way out, while the other sides break down too.

A Matrix room, an encrypted one and a Discord channel must end up with what the file receiver holds, each alert once
and in that order; and the file with what was written down as blocks were made. The homeserver is real, and killed with
SIGKILL; Discord is a stand-in that hangs up and starts again. The encrypted room is read by Element Web's own crypto
stack, which shows nothing from a device that is not signed.
"""

import asyncio
import os
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random

from paseo_watch.outbox.outbox import delivery_id
from paseo_watch.steps import STEPS
from tests.data import data_path
from tests.e2e.kill.chain import CAP, FAUCET, LIMIT, THRESHOLD, TellingChain
from tests.e2e.kill.lives import ANYWHERE, PATIENCE, Lives, lives_in
from tests.e2e.kill.rooms import Rooms, furnished
from tests.e2e.kill.service import ANY
from tests.e2e.kill.told import Alert, alerts_in, told
from tests.scripted_node import ScriptedNode

SEED = int(os.environ.get("PASEO_WATCH_SEED", "20260704"))
KILLS_A_STEP = int(os.environ.get("PASEO_WATCH_KILLS_A_STEP", "2"))
WAYS = ("team/matrix", "vault/matrix", "team/discord")
PLACES = (
    *((step, ANY) for step in (*STEPS[:2], ANYWHERE)),
    *((step, way) for step in STEPS[2:] for way in WAYS),
)
"""Where it is killed: around the commit, anywhere, and around send and mark of each way out."""
BLOCK_SECONDS = 0.3
BACKLOG = 60
LOOK_SECONDS = 0.25

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
receivers:
  - {{name: team, {team}}}
  - {{name: vault, {vault}}}
route: {{receiver: team, routes: [{{receiver: vault, continue: true}}, {{receiver: team}}]}}
store: {{url: "sqlite:///store.db"}}
http: false
"""


def pending(folder: Path) -> int:
    """How many deliveries are not done."""
    if not (folder / "store.db").exists():
        return 0
    with closing(sqlite3.connect(folder / "store.db", timeout=30)) as store:
        if not store.execute("SELECT 1 FROM sqlite_master WHERE name = 'deliveries'").fetchall():
            return 0
        (count,) = store.execute("SELECT count(*) FROM deliveries WHERE status != 'done'").fetchone()
    return int(count)


async def delivered(folder: Path, telling: TellingChain) -> None:
    """Wait until all that blocks brought is told to everybody, as long as anything still moves."""
    last, quiet = (-1, -1), 0.0
    while quiet < PATIENCE:
        missing = telling.expected - told(alerts_in(folder / "alerts.jsonl"))
        now = missing.total(), pending(folder)
        if now == (0, 0):
            return
        last, quiet = now, 0.0 if now != last else quiet + LOOK_SECONDS
        await asyncio.sleep(LOOK_SECONDS)


async def flow(telling: TellingChain, node: ScriptedNode, folder: Path) -> None:
    """Blocks come for as long as this runs, and while there is not too much that waits: a busy machine takes longer."""
    while True:
        if pending(folder) < BACKLOG:
            telling.append()
            node.announce()
        await asyncio.sleep(BLOCK_SECONDS)


async def killed_everywhere(lives: Lives, plan: Sequence[tuple[str, str]], rooms: Rooms, random: Random) -> None:
    """All the plan's lives, while the other sides break down."""
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(rooms.trouble(random, over))
        try:
            for step, way in plan:
                await lives.killed(step, way, random)
                rooms.lives += 1
        finally:
            over.set()


def shown(rooms: Rooms, count: int) -> dict[str, list[tuple[str, str]]]:
    """Of each way out what arrived, in order: the mark by which it is told from others, and the text for people."""
    key = "org.paseo_watch.delivery"
    plain = [(content[key], content["body"]) for content in rooms.alice.messages(rooms.plain) if key in content]
    sealed = rooms.reader.read(rooms.sealed, count)
    assert [(number, seen) for number, seen in enumerate(sealed) if (seen.failure, seen.shield) != (None, 0)] == []
    assert {seen.wire_type for seen in sealed} == {"m.room.encrypted"}
    embeds = [message["embeds"][0] for message in rooms.discord.world.messages[rooms.channel["id"]]]
    return {
        "team/matrix": plain,
        "vault/matrix": [(seen.content[key], seen.content["body"]) for seen in sealed if seen.content],
        "team/discord": [(embed["footer"]["text"].rpartition(" ")[2], as_shown(embed["title"])) for embed in embeds],
    }


def as_shown(markdown: str) -> str:
    """Without what only keeps Discord from reading more into it."""
    return markdown.replace("\\", "")


def expected_marks(alerts: Sequence[Alert], way: str) -> list[str]:
    """The deliveries' ids in the order of the file; Discord shows their beginning."""
    length = 12 if way == "team/discord" else 32
    return [delivery_id(alert["id"], *way.split("/"))[:length] for alert in alerts]


async def test_rooms_and_channel_hold_each_alert_once_and_in_order(tmp_path: Path) -> None:
    """30 seeded kills of the service, the homeserver and Discord down every few seconds meanwhile."""
    random = Random(SEED)
    telling = TellingChain(data_path("metadata", "polkadot.v14.1002000.scale").read_bytes(), random)
    plan = [place for place in PLACES for _ in range(KILLS_A_STEP)]
    random.shuffle(plan)
    async with ScriptedNode(telling.chain) as node, furnished(tmp_path) as rooms, lives_in(tmp_path) as lives:
        rule = {"faucet": FAUCET.hex(), "threshold": THRESHOLD, "limit": LIMIT, "cap": CAP}
        (tmp_path / "config.yaml").write_text(CONFIG.format(node=node.url, team=rooms.team, vault=rooms.vault, **rule))
        blocks = asyncio.create_task(flow(telling, node, tmp_path))
        await killed_everywhere(lives, plan, rooms, random)
        blocks.cancel()
        await lives.begin()
        await delivered(tmp_path, telling)
        await lives.end()
        alerts = alerts_in(tmp_path / "alerts.jsonl")
        arrived = shown(rooms, len(alerts))

    histogram = Counter(plan)
    print(f"\nseed {SEED}: {len(plan)} kills over {telling.chain.tip.number} blocks, {len(alerts)} alerts")
    for step, way in PLACES:
        print(f"  {step:<14} {'' if way == ANY else way:<14} {'#' * histogram[step, way]} {histogram[step, way]}")
    print(f"  meanwhile down: {rooms.breakdowns}")
    assert told(alerts) == telling.expected
    assert len(alerts) == telling.expected.total()
    for way in WAYS:
        assert [mark for mark, _ in arrived[way]] == expected_marks(alerts, way), way
        for alert, (_, text) in zip(alerts, arrived[way], strict=True):
            assert alert["title"] in text
    assert min(rooms.breakdowns.values()) >= 2
