"""Receivers in trouble: what is told of it, through whom, once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from paseo_watch.alerts.route import Route
from paseo_watch.app.troubles import FAILING, FAILING_MS, REFUSED, Troubles, observe
from paseo_watch.outbox.status import CourierStatus
from paseo_watch.store import deliveries
from paseo_watch.store.database import Database
from paseo_watch.store.errors import StoreUnavailable
from paseo_watch.telemetry import Metrics
from tests.clock import FakeClock

WELL = CourierStatus("team", "matrix", "matrix", "idle", "", 0, None, True)
YOUNG = replace(WELL, state="opening", proven=False)
REVOKED = replace(WELL, state="refused", detail="the token is revoked", trouble_since_ms=1_000, proven=False)
DOWN = replace(WELL, state="backing_off", detail="connection refused", trouble_since_ms=1_000, proven=False)
OTHER = replace(WELL, receiver="ops", sink="file", kind="file")


@pytest.fixture(name="database")
async def _database() -> AsyncIterator[Database]:
    async with await Database.open("sqlite://") as database:
        yield database


class Stage:
    """A service whose couriers are as the test says."""

    def __init__(self, database: Database, *statuses: CourierStatus) -> None:
        self.database = database
        self.statuses = statuses
        self.ways: dict[str, tuple[str, ...]] = {"team": ("matrix", "discord"), "ops": ("file",)}
        self.metrics = Metrics(CollectorRegistry())
        self.clock = FakeClock()
        self.woken = 0
        self.troubles = self.start()

    def start(self) -> Troubles:
        """A young process on the same store."""
        world = (self.database, self.clock, self.metrics, lambda: self.statuses, self.wake)
        return Troubles("paseo", Route("team"), self.ways, *world)

    def wake(self) -> None:
        """Counted."""
        self.woken += 1

    async def look(self, *statuses: CourierStatus) -> None:
        """One look at these."""
        self.statuses = statuses
        await self.troubles.look()

    async def told(self) -> list[Any]:
        """Every delivery: (receiver, sink, rule, status), the oldest first."""
        rows = await self.database.run(lambda conn: deliveries.list(conn, None, 100))
        return [(row.receiver, row.sink, row.content["rule"], row.content["status"]) for row in reversed(rows)]


def test_a_receiver_that_refuses_is_told_at_once_and_named_with_its_reason() -> None:
    """Somebody has to act."""
    (seen,) = observe([REVOKED, OTHER], (), 1_001)[:1]
    assert (seen.rule, seen.severity, seen.active, seen.key) == (REFUSED, "critical", True, "team/matrix")
    assert "team/matrix" in seen.title
    assert seen.text.startswith("the token is revoked\n")
    assert seen.labels == {"receiver": "team", "sink": "matrix"}


@pytest.mark.parametrize(("later", "rules"), [(FAILING_MS - 1, []), (FAILING_MS, [FAILING])])
def test_a_receiver_that_fails_is_told_once_that_has_lasted(later: int, rules: list[str]) -> None:
    """A restart of a homeserver is no news."""
    assert [seen.rule for seen in observe([DOWN], (), 1_000 + later)] == rules


def test_what_is_not_known_yet_is_not_observed() -> None:
    """After a restart, and between a refusal and the next attempt."""
    assert observe([YOUNG, replace(REVOKED, state="sending")], (), 2_000) == ()


async def test_trouble_is_told_once_through_the_other_ways_and_its_end_too(database: Database) -> None:
    """The receiver's other sink; when it is over, through all of them."""
    stage = Stage(database)
    await stage.look(REVOKED, OTHER)
    await stage.look(REVOKED, OTHER)
    assert await stage.told() == [("team", "discord", REFUSED, "firing")]
    await stage.look(WELL, OTHER)
    assert (await stage.told())[1:] == [("team", sink, REFUSED, "resolved") for sink in ("matrix", "discord")]
    assert stage.woken == 2
    await stage.look(WELL, OTHER)
    assert len(await stage.told()) == 3


async def test_where_every_sink_of_the_receiver_is_in_trouble_the_others_are_told(database: Database) -> None:
    """Whoever can be reached."""
    stage = Stage(database)
    await stage.look(REVOKED, replace(REVOKED, sink="discord", kind="discord"), OTHER)
    assert await stage.told() == [("ops", "file", REFUSED, "firing")] * 2


async def test_where_nobody_is_well_it_waits_for_everybody_but_the_one_that_it_is_about(database: Database) -> None:
    """An outage of everything with one lasting victim: told once the others are back."""
    stage = Stage(database)
    await stage.look(REVOKED, replace(DOWN, sink="discord", kind="discord"), replace(DOWN, receiver="ops", sink="file"))
    assert ("team", "discord", REFUSED, "firing") in await stage.told()


async def test_one_that_failed_a_moment_ago_is_told_all_the_same(database: Database) -> None:
    """A rate limit passes, and the news is in its queue."""
    stage = Stage(database)
    limited = replace(DOWN, sink="discord", kind="discord", trouble_since_ms=stage.clock.now_ms())
    await stage.look(REVOKED, limited, OTHER)
    assert await stage.told() == [("team", "discord", REFUSED, "firing")]


async def test_two_that_refuse_at_once_and_are_all_there_is_wait_for_each_other(database: Database) -> None:
    """Whichever is mended first hears of the other."""
    stage = Stage(database)
    stage.ways = {"team": ("matrix",), "ops": ("file",)}
    stage.troubles = stage.start()
    await stage.look(REVOKED, replace(REVOKED, receiver="ops", sink="file"))
    rows = await stage.database.run(lambda conn: deliveries.list(conn, None, 100))
    told = {(row.receiver, row.content["labels"]["receiver"]) for row in rows}
    assert told == {("ops", "team"), ("team", "ops")}


async def test_a_restart_neither_repeats_nor_forgets_it(database: Database) -> None:
    """The condition is stored; the young process knows nothing yet."""
    stage = Stage(database)
    await stage.look(REVOKED)
    stage.troubles = stage.start()
    await stage.look(YOUNG)
    assert [held.rule for held in stage.troubles.firing] == [REFUSED]
    await stage.look(REVOKED)
    assert len(await stage.told()) == 1
    await stage.look(WELL)
    assert stage.troubles.firing == ()
    assert (await stage.told())[-1][2:] == (REFUSED, "resolved")


async def test_trouble_of_a_receiver_that_left_the_configuration_ends(database: Database) -> None:
    """Nobody would ever observe it again."""
    stage = Stage(database)
    await stage.look(REVOKED)
    stage.troubles = stage.start()
    await stage.look(OTHER)
    assert stage.troubles.firing == ()
    assert [status for *_, status in await stage.told()] == ["firing", *["resolved"] * 2]


async def test_it_shows_in_the_metrics_and_goes_from_them(database: Database) -> None:
    """As the conditions of chains do, under the chain -."""
    stage = Stage(database)
    labels = {"chain": "-", "rule": REFUSED, "severity": "critical"}
    await stage.look(REVOKED)
    assert stage.metrics.registry.get_sample_value("paseo_watch_conditions_firing", labels) == 1
    await stage.look(WELL)
    assert stage.metrics.registry.get_sample_value("paseo_watch_conditions_firing", labels) == 0
    assert stage.metrics.registry.get_sample_value("paseo_watch_alerts_total", {**labels, "status": "firing"}) == 1


async def test_a_store_that_is_away_loses_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next look tells it."""
    stage = Stage(database)
    await stage.look(WELL)

    async def away(_: Any) -> None:
        raise StoreUnavailable("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(stage.database, "run", away)
        with pytest.raises(StoreUnavailable):
            await stage.look(REVOKED)
    await stage.look(REVOKED)
    assert await stage.told() == [("team", "discord", REFUSED, "firing")]
