"""The one transaction: all of it or nothing, and once."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
from sqlalchemy import Connection

from paseo_watch.alerts.alert import Firing
from paseo_watch.alerts.route import Route
from paseo_watch.chain.block import BlockRef
from paseo_watch.outbox.outbox import delivery_id
from paseo_watch.pipeline.commit import FIRST_HEAL_MS, Commit, already_written, write
from paseo_watch.pipeline.decide import Decision, Memory, decide, place, remember
from paseo_watch.store import chains, conditions, cursors, deliveries, facts, holes, notifications, watcher_state
from paseo_watch.store.database import Database
from paseo_watch.store.errors import CursorConflict
from paseo_watch.watchers.watcher import Answers
from tests.unit.pipeline.samples import CHAIN, DESTINATIONS, Counting, block, hole, ref

NOW_MS = 1_800_000_000_000
TREE = Route("team")


@pytest.fixture(name="database")
async def _database() -> AsyncIterator[Database]:
    """In memory, with the chain registered as 1 and its cursor at 10."""
    async with await Database.open("sqlite://") as database:
        await database.run(lambda conn: chains.register(conn, CHAIN.name, CHAIN.genesis, NOW_MS))
        await database.run(lambda conn: cursors.advance(conn, 1, None, *ref(10), NOW_MS))
        yield database


def decided(memory: Memory, number: int) -> Decision:
    seen = block(number)
    return decide([Counting()], TREE, memory, seen, Answers(), place("paseo", CHAIN, seen, NOW_MS))


def commit_of(first: int, last: int) -> tuple[Commit, Memory]:
    """Blocks first..last in one commit, from an empty memory."""
    commit, memory = Commit(1, ref(first - 1), ref(last)), Memory({"counting": {}}, {})
    for number in range(first, last + 1):
        decision = decided(memory, number)
        memory = remember(memory, decision)
        commit.add(decision)
    return commit, memory


def rows(conn: Connection) -> tuple[object, ...]:
    """Everything that a commit may touch."""
    return (
        cursors.read(conn, 1),
        watcher_state.load(conn, 1, "counting"),
        conditions.load(conn, 1),
        deliveries.list(conn, None, 1000),
        notifications.recent(conn, 1000),
        holes.list(conn, 1000),
        facts.read(conn, 1, "counting", "seen"),
    )


async def test_everything_of_several_blocks_is_written_together(database: Database) -> None:
    """And the store holds what the memory holds."""
    commit, memory = commit_of(11, 13)
    commit.holes.append(hole(12))
    assert await database.run(lambda conn: write(conn, commit, DESTINATIONS, NOW_MS)) == 1
    cursor, state, held, sent, told, open_holes, established = await database.run(rows)
    assert cursor == cursors.Cursor(*ref(13), NOW_MS)
    assert state == memory.states["counting"] == {"count": 3, "sum": 36, "odd/counting": 13}
    assert [each.fingerprint for each in held] == list(memory.firing)  # type: ignore[attr-defined]
    assert len(told) == 3 + 3  # type: ignore[arg-type]  # three blocks; odd, even, odd
    assert len(sent) == 2 * len(told)  # type: ignore[arg-type]
    (stored,) = open_holes  # type: ignore[misc]
    assert (stored.number, stored.next_attempt_ms) == (12, NOW_MS + FIRST_HEAL_MS)
    assert established == tuple((f"{number:04}", {}) for number in (11, 12, 13))


async def test_each_sink_of_each_receiver_gets_a_delivery_of_its_own(database: Database) -> None:
    """Under an id that depends on nothing but the notification, the receiver and the sink."""
    commit, _ = commit_of(11, 11)
    await database.run(lambda conn: write(conn, commit, DESTINATIONS, NOW_MS))
    sent = await database.run(lambda conn: deliveries.list(conn, "pending", 10))
    assert {(row.receiver, row.sink) for row in sent} == {("team", "memory"), ("team", "file")}
    assert all(row.id == delivery_id(row.notification_id, row.receiver, row.sink) for row in sent)


async def test_nothing_is_written_where_somebody_else_moved_the_cursor(database: Database) -> None:
    """Neither state nor alerts nor holes: the transaction falls as a whole."""
    before = await database.run(rows)
    commit, _ = commit_of(12, 13)
    commit.holes.append(hole(12))
    with pytest.raises(CursorConflict):
        await database.run(lambda conn: write(conn, commit, DESTINATIONS, NOW_MS))
    assert await database.run(rows) == before


async def test_a_failure_after_the_last_row_undoes_all_of_it(database: Database) -> None:
    """As a crash before the commit would."""
    before = await database.run(rows)
    commit, _ = commit_of(11, 12)

    def broken(conn: Connection) -> None:
        write(conn, commit, DESTINATIONS, NOW_MS)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.run(broken)
    assert await database.run(rows) == before


async def test_a_commit_that_had_happened_is_recognised(database: Database) -> None:
    """By the cursor that it moved; before it, it is not."""
    commit, _ = commit_of(11, 12)
    assert not await database.run(partial(already_written, commit=commit))
    await database.run(lambda conn: write(conn, commit, DESTINATIONS, NOW_MS))
    assert await database.run(partial(already_written, commit=commit))
    later, _ = commit_of(13, 13)
    assert not await database.run(partial(already_written, commit=later))


async def test_a_commit_without_a_block_may_be_repeated(database: Database) -> None:
    """It writes the same rows again, and enqueues nothing twice."""
    commit, _ = commit_of(11, 11)
    commit.cursor = commit.expected
    await database.run(lambda conn: write(conn, commit, DESTINATIONS, NOW_MS))
    once = await database.run(rows)
    assert not await database.run(partial(already_written, commit=commit))
    await database.run(lambda conn: write(conn, commit, DESTINATIONS, NOW_MS + 5))
    assert await database.run(rows) == once


async def test_a_healed_hole_is_closed_with_what_it_brought(database: Database) -> None:
    """And counted among the open ones no more."""
    await database.run(lambda conn: holes.put(conn, 1, 5, None, "undecodable", "", b"", NOW_MS, NOW_MS))
    commit = Commit(1, ref(10), ref(10), healed=[5])
    assert not commit.empty
    assert await database.run(lambda conn: write(conn, commit, DESTINATIONS, NOW_MS)) == 0


def test_only_a_commit_with_something_in_it_is_written() -> None:
    """A moved cursor is something."""
    assert Commit(1, ref(10), ref(10)).empty
    assert not Commit(1, ref(10), ref(11)).empty
    for part in (
        {"changes": {"a": {}}},
        {"facts": {"a": []}},
        {"resolved": {"x"}},
        {"holes": [hole(1)]},
        {"healed": [1]},
    ):
        assert not Commit(1, ref(10), ref(10), **part).empty  # type: ignore[arg-type]


def firing(print_: str) -> Firing:
    return Firing(print_, "rule", "info", {}, 0, {})


@pytest.mark.parametrize(
    ("decisions", "fired", "resolved"),
    [
        (["+a", "-a"], set(), {"a"}),
        (["-a", "+a"], {"a"}, set()),
        (["+a", "-a", "+a"], {"a"}, set()),
        (["+a", "+b", "-a"], {"b"}, {"a"}),
    ],
)
def test_the_last_word_about_a_condition_counts(decisions: list[str], fired: set[str], resolved: set[str]) -> None:
    """Within one commit it may begin and end several times."""
    commit = Commit(1, BlockRef(1, b""), BlockRef(2, b""))
    for sign, print_ in decisions:
        new, gone = ((firing(print_),), ()) if sign == "+" else ((), (print_,))
        commit.add(Decision({}, (), new, gone, {}))
    assert (set(commit.fired), commit.resolved) == (fired, resolved)


def test_later_changes_of_a_key_win() -> None:
    """Of one watcher; another's keys are its own."""
    commit = Commit(1, BlockRef(1, b""), BlockRef(2, b""))
    for changes in ({"a": {"x": 1, "y": 1}}, {"a": {"x": None}}, {"b": {"x": 3}}):
        commit.add(Decision(changes, (), (), (), {}))
    assert commit.changes == {"a": {"x": None, "y": 1}, "b": {"x": 3}}
