"""Nothing lost, nothing twice: the service is killed with SIGKILL at each named step while blocks flow.

What is expected is written down as blocks are made (`tests.e2e.kill.ordeal`). At the end the file holds each alert
exactly once, and the webhook got each at least once, always under the same delivery id.

What no block brings (a whitelist, ticks) cannot be foreseen to the moment; each such condition must begin and end in
turns, under ids that are never used twice, and end up as the world is.
"""

import os
from collections import Counter
from pathlib import Path
from random import Random

from paseo_watch.steps import STEPS
from tests.e2e.kill.chain import HOARD, RICH
from tests.e2e.kill.lives import ANYWHERE, lives_in
from tests.e2e.kill.ordeal import lasting, ordeal
from tests.e2e.kill.service import ANY
from tests.postgres import running_postgres

SEED = int(os.environ.get("PASEO_WATCH_SEED", "20260704"))
KILLS_A_STEP = int(os.environ.get("PASEO_WATCH_KILLS_A_STEP", "5"))
KILLS_A_STEP_ON_POSTGRESQL = int(os.environ.get("PASEO_WATCH_KILLS_A_STEP", "3"))


async def killed_everywhere(folder: Path, store: str, kills_a_step: int) -> None:
    random = Random(SEED)
    plan = [step for step in (*STEPS, ANYWHERE) for _ in range(kills_a_step)]
    random.shuffle(plan)
    async with ordeal(folder, store, random) as trial, lives_in(folder) as lives:
        for step in plan:
            trial.whitelist(random.choice([[RICH], [RICH, HOARD]]))
            await lives.killed(step, ANY, random)
            trial.restore()
        await trial.dry_up()
        trial.whitelist([RICH])
        await lives.begin()
        await trial.arrived()
        await lives.end()

    histogram = Counter(plan)
    alerts = trial.alerts
    print(f"\nseed {SEED}: {len(plan)} kills over {trial.telling.chain.tip.number} blocks, {len(alerts)} alerts")
    for step in (*STEPS, ANYWHERE):
        print(f"  {step:<14} {'#' * histogram[step]} {histogram[step]}")
    print(f"  the webhook got {trial.hook.repeated} of them again, each under the id that it had")
    print(f"  conditions that no block brings: { ({rule: len(turns) for rule, turns in lasting(alerts).items()}) }")
    trial.judge()


async def test_sqlite_killed_at_every_step_tells_everything_once(tmp_path: Path) -> None:
    """The promise, on the default store."""
    await killed_everywhere(tmp_path, "sqlite:///store.db", KILLS_A_STEP)


async def test_postgresql_killed_at_every_step_tells_everything_once(tmp_path: Path) -> None:
    """The same promise on a real PostgreSQL."""
    with running_postgres() as server:
        await killed_everywhere(tmp_path, server.url(), KILLS_A_STEP_ON_POSTGRESQL)
