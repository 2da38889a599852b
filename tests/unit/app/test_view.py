"""The running service as the status page shows it."""

import argparse
from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from paseo_watch.alerts.alert import Firing
from paseo_watch.app.view import FOLLOWING, take_view
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.cli.configuration import load_config
from paseo_watch.outbox.status import CourierStatus
from paseo_watch.rpc.options import EndpointStatus
from paseo_watch.store import deliveries
from paseo_watch.store.database import Database
from paseo_watch.store.deliveries import NewDelivery
from paseo_watch.store.notifications import Notification
from paseo_watch.watchers.watcher import Sheet
from tests.clock import FakeClock
from tests.unit.pipeline.samples import block, ref


@pytest.fixture(name="database")
async def _database() -> AsyncIterator[Database]:
    async with await Database.open("sqlite://") as database:
        yield database


class Pages:
    """A watcher with a sheet: of its own state, and of the last block's runtime."""

    name = "pages"

    def sheets(self, state: Any, runtime: Runtime) -> tuple[Sheet, ...]:
        assert runtime is block(12).runtime
        return (Sheet(f"{state['rows']} things", (), ()),)


def chain(*, reached: bool = True, ill: tuple[str, ...] = (), **seen: Any) -> Any:
    """A chain at block 12, three behind nothing."""
    held = Firing("f", "holes", "warning", {}, 5, {"title": "2 blocks could not be read"})
    memory = SimpleNamespace(firing={"f": held}, states={"pages": {"rows": 3}})
    pipeline = SimpleNamespace(
        cursor=ref(12), blocks=2, last_block=block(12), open_holes=2, memory=memory, watchers=(Pages(),)
    )
    facts = {"best_number": 14, "finalized_number": 12, "halted_reason": None, **seen}
    status = EndpointStatus("a.test", "connected", "", 0, None, True, False)
    return SimpleNamespace(
        name="relay",
        reached=reached,
        troubles=lambda now_ms: ill,
        pipeline=pipeline,
        pool=SimpleNamespace(statuses=lambda: (status,)),
        seen=SimpleNamespace(**facts),
        blindness=lambda: {"balances": ("no whitelist",)},
    )


async def view(
    database: Database, *chains: Any, couriers: tuple[CourierStatus, ...] = (), firing: tuple[Firing, ...] = ()
) -> Any:
    config = load_config(argparse.Namespace(config=None))
    outbox: Any = SimpleNamespace(statuses=couriers)
    troubles: Any = SimpleNamespace(firing=firing)
    return await take_view(config, chains, outbox, troubles, database, FakeClock(), 7)


async def test_a_chain_is_shown_with_where_it_stands(database: Database) -> None:
    """Heights, time, runtime, holes, blindness, endpoints; and what is fired."""
    shown = await view(database, chain())
    relay = shown.chains[0]
    assert (relay.name, relay.state, relay.best, relay.finalized, relay.processed) == ("relay", "following", 14, 12, 12)
    assert (relay.spec, relay.holes, relay.blind, relay.blocks) == ("tiny 1", 2, ("no whitelist",), 2)
    assert relay.block_time_ms == block(12).time_ms
    assert [each.title for each in relay.sheets] == ["3 things"]
    assert [(each.endpoint, each.state) for each in relay.endpoints] == [("a.test", "connected")]
    assert [(each.rule, each.chain, each.title) for each in shown.conditions] == [
        ("holes", "relay", "2 blocks could not be read")
    ]


async def test_a_condition_of_the_service_itself_stands_before_those_of_chains(database: Database) -> None:
    """It belongs to no chain."""
    held = Firing("t", "receiver-refused", "critical", {}, 6, {"title": "team/hook takes no alerts"})
    shown = await view(database, chain(), firing=(held,))
    assert [(each.chain, each.rule, each.since_ms) for each in shown.conditions] == [
        ("-", "receiver-refused", 6),
        ("relay", "holes", 5),
    ]


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        ({"finalized_number": 12 + FOLLOWING}, "following"),
        ({"finalized_number": 12 + FOLLOWING + 1}, "catching_up"),
        ({"finalized_number": None}, "starting"),
        ({"finalized_number": None, "reached": False}, "starting"),
        ({"finalized_number": None, "reached": False, "ill": ("nobody answers",)}, "unreachable"),
        ({"halted_reason": "a fork", "reached": False}, "halted"),
        ({"reached": False}, "unreachable"),
    ],
)
async def test_a_chains_state_is_one_word(seen: dict[str, Any], state: str, database: Database) -> None:
    """A halt is above everything."""
    assert (await view(database, chain(**seen))).chains[0].state == state


async def test_a_chain_that_has_not_begun_shows_what_is_known(database: Database) -> None:
    """Nothing is made up."""
    young = chain()
    young.pipeline = young.pool = None
    shown = (await view(database, young)).chains[0]
    assert (shown.state, shown.processed, shown.spec, shown.endpoints) == ("starting", None, "", ())


async def test_chains_that_are_not_followed_are_shown_with_the_reason(database: Database) -> None:
    """Their return is one key."""
    shown = {each.name: each for each in (await view(database)).chains}
    assert set(shown) == {"bridge-hub", "coretime", "collectives"}
    assert shown["coretime"].state == "disabled"
    assert "relay chain" in shown["coretime"].reason


async def test_every_courier_and_every_queue_without_one_is_shown(database: Database) -> None:
    """A receiver that left the configuration may still have deliveries waiting."""
    told = Notification("n", "relay", "large-move", "info", "event", {"title": "moved"}, 12)
    waiting = [NewDelivery("d1", "n", "team", "memory"), NewDelivery("d2", "n", "former", "file")]
    await database.run(lambda conn: deliveries.enqueue(conn, [told], waiting, 9))
    idle = CourierStatus("team", "memory", "memory", "idle", "", 0)
    shown = await view(database, couriers=(idle, replace(idle, receiver="quiet")))
    assert [(each.receiver, each.sink, each.pending, each.state) for each in shown.outbox] == [
        ("team", "memory", 1, "idle"),
        ("quiet", "memory", 0, "idle"),
        ("former", "file", 1, "not configured"),
    ]
    assert [(each.rule, each.title, each.block_number) for each in shown.alerts] == [("large-move", "moved", 12)]
