"""Receivers, and what is told when a delivery dies."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from paseo_watch.alerts.route import Route
from paseo_watch.app.receivers import DEAD_RULE, Receivers, tell_of_dead
from paseo_watch.pipeline.commit import enqueue
from paseo_watch.sinks.memory import MemorySink
from paseo_watch.store import deliveries
from paseo_watch.store.database import Database
from paseo_watch.store.deliveries import StoredDelivery
from paseo_watch.telemetry import Metrics

NOW_MS = 1_800_000_000_000


@pytest.fixture(name="database")
async def _database() -> AsyncIterator[Database]:
    async with await Database.open("sqlite://") as database:
        yield database


def receivers(*names: str, sinks: tuple[str, ...] = ("memory", "file")) -> Receivers:
    """The first one gets everything."""
    return Receivers(Route(names[0]), {(name, sink): MemorySink() for name in names for sink in sinks})


def dead(receiver: str, rule: str = "large-move") -> StoredDelivery:
    content = {"rule": rule, "title": "12,000 PAS moved"}
    return StoredDelivery(1, "d1", "n1", receiver, "memory", "pending", 3, 0, None, 0, None, None, 0, content)


async def told(database: Database, known: Receivers, died: StoredDelivery) -> list[tuple[str, str]]:
    """Where the alert about it goes: (receiver, sink)."""
    metrics = Metrics(CollectorRegistry())
    on_dead = tell_of_dead("paseo", known, metrics, lambda: NOW_MS)
    await database.run(lambda conn: on_dead(conn, died, "the room is gone"))
    rows = await database.run(lambda conn: deliveries.list(conn, None, 100))
    assert all(row.content["rule"] == DEAD_RULE and "the room is gone" in row.content["text"] for row in rows)
    labels = {"chain": "-", "rule": DEAD_RULE, "severity": "critical", "status": "event"}
    count = metrics.registry.get_sample_value("paseo_watch_alerts_total", labels)
    assert count == (1 if died.content["rule"] != DEAD_RULE else 0)
    return sorted((row.receiver, row.sink) for row in rows)


async def test_a_dead_delivery_is_told_to_whom_its_alert_is_routed(database: Database) -> None:
    """Through every sink of that receiver."""
    assert await told(database, receivers("team", "archive"), dead("archive")) == [("team", "file"), ("team", "memory")]


async def test_it_is_told_through_the_other_sinks_of_the_receiver_whose_one_failed(database: Database) -> None:
    """Those people can still be reached."""
    assert await told(database, receivers("team", "archive"), dead("team")) == [("team", "file")]


async def test_where_the_receiver_has_no_other_sink_everybody_else_is_told(database: Database) -> None:
    """The route names only that one."""
    known = receivers("team", "archive", "ops", sinks=("memory",))
    found = await told(database, known, dead("team"))
    assert found == [("archive", "memory"), ("ops", "memory")]


async def test_a_queue_that_dies_is_told_once_an_hour_for_each_receiver_and_sink(database: Database) -> None:
    """Forty deliveries that one removed room kills are one news."""
    known, metrics = receivers("team", "archive"), Metrics(CollectorRegistry())
    for seconds, id in ((0, "d1"), (36, "d2"), (3_600, "d3")):
        on_dead = tell_of_dead("paseo", known, metrics, lambda s=seconds: NOW_MS + s * 1000)  # type: ignore[misc]
        died = replace(dead("archive"), id=id)
        await database.run(lambda conn, died=died, on_dead=on_dead: on_dead(conn, died, "gone"))  # type: ignore[misc]
    rows = await database.run(lambda conn: deliveries.list(conn, None, 100))
    assert sorted(row.content["data"]["delivery"] for row in rows if row.sink == "file") == ["d1", "d3"]
    labels = {"chain": "-", "rule": DEAD_RULE, "severity": "critical", "status": "event"}
    assert metrics.registry.get_sample_value("paseo_watch_alerts_total", labels) == 2


async def test_where_there_is_no_other_receiver_it_is_counted_and_nothing_more(database: Database) -> None:
    """Nobody is left to hear of it."""
    assert await told(database, receivers("team", sinks=("memory",)), dead("team")) == []


async def test_a_dead_alert_about_a_dead_delivery_tells_nobody_more(database: Database) -> None:
    """Else two broken receivers would go on for ever."""
    assert await told(database, receivers("team", "archive"), dead("team", DEAD_RULE)) == []


def test_a_receivers_sinks_are_all_destinations() -> None:
    """In their order."""
    assert receivers("team", "ops").destinations == {"team": ["memory", "file"], "ops": ["memory", "file"]}


async def test_nothing_to_tell_writes_nothing(database: Database) -> None:
    """An empty list of notifications is no transaction's worth of rows."""
    await database.run(lambda conn: enqueue(conn, [], {}, NOW_MS))
    assert await database.run(lambda conn: deliveries.list(conn, None, 10)) == ()
