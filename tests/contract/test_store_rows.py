"""The store's functions, one suite on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from paseo_watch.store import (
    chains,
    conditions,
    cursors,
    deliveries,
    facts,
    holes,
    housekeeping,
    notifications,
    watcher_state,
)
from paseo_watch.store.conditions import Condition
from paseo_watch.store.cursors import Cursor
from paseo_watch.store.database import Database
from paseo_watch.store.deliveries import Depth, Enqueued, NewDelivery
from paseo_watch.store.errors import CursorConflict, StoreRefused
from paseo_watch.store.notifications import Notification
from tests.postgres import PostgresServer, running_postgres

GENESIS, OTHER = b"\x01" * 32, b"\x02" * 32
A, B = b"\xaa" * 32, b"\xbb" * 32


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """One server for this module."""
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty store on each kind of database."""
    on_server = request.param == "postgresql"
    url = request.getfixturevalue("postgres").url() if on_server else f"sqlite:///{tmp_path}/store.db"
    async with await Database.open(url) as opened:
        yield opened


@pytest.fixture
async def relay(database: Database) -> int:
    """The key of a registered chain."""
    registered = await database.run(lambda conn: chains.register(conn, "relay", GENESIS, 1))
    return registered.id


def alert(id: str, **changes: Any) -> Notification:
    """A notification with this id."""
    values = {"chain": "relay", "rule": "large-move", "severity": "warning", "status": "event", "content": {"id": id}}
    return Notification(id, **(values | changes))


def delivery(notification: str, receiver: str = "team", sink: str = "webhook") -> NewDelivery:
    """A delivery whose id says what it is."""
    return NewDelivery(f"{notification}>{receiver}/{sink}", notification, receiver, sink)


class TestChains:
    async def test_the_same_name_and_genesis_keep_their_key(self, database: Database) -> None:
        """Registered twice, the chain is new only the first time and has one key."""
        first = await database.run(lambda conn: chains.register(conn, "relay", GENESIS, 1))
        again = await database.run(lambda conn: chains.register(conn, "relay", GENESIS, 2))
        assert (first.is_new, again.is_new, again.id) == (True, False, first.id)

    async def test_another_genesis_under_the_name_is_a_new_chain_that_names_the_old_ones(
        self, database: Database, relay: int
    ) -> None:
        """A relaunch gives a new key and the earlier histories, oldest first; other names do not count."""
        await database.run(lambda conn: chains.register(conn, "people", B, 2))
        second = await database.run(lambda conn: chains.register(conn, "relay", OTHER, 3))
        third = await database.run(lambda conn: chains.register(conn, "relay", A, 4))
        assert second.id != relay
        assert (second.is_new, second.other_genesis) == (True, (GENESIS,))
        assert third.other_genesis == (GENESIS, OTHER)

    async def test_the_latest_genesis_is_the_one_registered_last(self, database: Database, relay: int) -> None:
        """It is what an endpoint is pinned to after a restart; None for a chain never seen."""
        await database.run(lambda conn: chains.register(conn, "relay", OTHER, 0))
        assert await database.run(lambda conn: chains.latest_genesis(conn, "relay")) == OTHER
        assert await database.run(lambda conn: chains.latest_genesis(conn, "nobody")) is None


class TestCursors:
    async def test_it_moves_from_where_it_is_said_to_be(self, database: Database, relay: int) -> None:
        """From nothing to a first block, and on from there."""
        assert await database.run(lambda conn: cursors.read(conn, relay)) is None
        await database.run(lambda conn: cursors.advance(conn, relay, None, 5, A, 10))
        await database.run(lambda conn: cursors.advance(conn, relay, (5, A), 7, B, 20))
        assert await database.run(lambda conn: cursors.read(conn, relay)) == Cursor(7, B, 20)

    @pytest.mark.parametrize("expected", [None, (4, A), (5, B), (6, A)])
    async def test_it_refuses_to_move_from_elsewhere_and_what_went_before_is_undone(
        self, database: Database, relay: int, expected: tuple[int, bytes] | None
    ) -> None:
        """Another number, another hash or none: CursorConflict, and nothing of the transaction stays."""
        await database.run(lambda conn: cursors.advance(conn, relay, None, 5, A, 10))

        def block(conn: Connection) -> None:
            watcher_state.apply(conn, relay, "balances", {"seen": 7})
            cursors.advance(conn, relay, expected, 7, B, 20)

        with pytest.raises(CursorConflict, match=rf"chain {relay}: the stored cursor is 5 \(0x{A.hex()}\), expected"):
            await database.run(block)
        assert await database.run(lambda conn: cursors.read(conn, relay)) == Cursor(5, A, 10)
        assert await database.run(lambda conn: watcher_state.load(conn, relay, "balances")) == {}

    @pytest.mark.parametrize("number", [4, 5])
    async def test_it_never_moves_back(self, database: Database, relay: int, number: int) -> None:
        """Neither to a lower number nor to the same one."""
        await database.run(lambda conn: cursors.advance(conn, relay, None, 5, A, 10))
        with pytest.raises(CursorConflict, match="can't move back from 5"):
            await database.run(lambda conn: cursors.advance(conn, relay, (5, A), number, B, 20))

    async def test_a_cursor_expected_where_there_is_none_is_a_conflict(self, database: Database, relay: int) -> None:
        """The text says that there is nothing."""
        with pytest.raises(CursorConflict, match="the stored cursor is nothing"):
            await database.run(lambda conn: cursors.advance(conn, relay, (5, A), 6, B, 20))


def put_hole(
    conn: Connection, chain: int, number: int, *, found: int = 10, due: int = 20, raw: bytes | None = None
) -> None:
    """A hole with a reason."""
    holes.put(conn, chain, number, A, "undecodable", "pallet 99", raw, found, due)


class TestHoles:
    async def test_an_open_hole_is_due_when_its_time_has_come_with_all_that_was_stored(
        self, database: Database, relay: int
    ) -> None:
        """Not before; hash, reason and raw events come back as they went in."""
        await database.run(lambda conn: put_hole(conn, relay, 7, raw=b"\x00\xff"))
        assert await database.run(lambda conn: holes.due(conn, relay, 19)) == ()
        expected = holes.StoredHole(relay, 7, A, "undecodable", "pallet 99", b"\x00\xff", 10, 0, 20, None)
        assert await database.run(lambda conn: holes.due(conn, relay, 20)) == (expected,)

    async def test_the_longest_due_comes_first_and_no_more_than_asked_for(self, database: Database, relay: int) -> None:
        """Ordered by the time of the next attempt."""

        def three(conn: Connection) -> None:
            for number, due in ((7, 30), (8, 20), (9, 10)):
                put_hole(conn, relay, number, due=due)

        await database.run(three)
        due = await database.run(lambda conn: holes.due(conn, relay, 100, limit=2))
        assert [hole.number for hole in due] == [9, 8]

    async def test_a_vain_attempt_counts_and_waits(self, database: Database, relay: int) -> None:
        """It notes why and when again."""

        def attempt(conn: Connection) -> tuple[holes.StoredHole, ...]:
            put_hole(conn, relay, 7)
            holes.attempted(conn, relay, 7, "state_unavailable", "discarded", 99)
            return holes.due(conn, relay, 99)

        (hole,) = await database.run(attempt)
        assert (hole.attempts, hole.reason, hole.detail, hole.next_attempt_ms) == (
            1,
            "state_unavailable",
            "discarded",
            99,
        )

    async def test_a_healed_hole_is_closed_once(self, database: Database, relay: int) -> None:
        """The second healing says False, so that its alerts are not committed twice."""

        def heal(conn: Connection) -> tuple[int, bool, bool, int]:
            put_hole(conn, relay, 7)
            before = holes.open_count(conn, relay)
            return (
                before,
                holes.healed(conn, relay, 7, 30),
                holes.healed(conn, relay, 7, 31),
                holes.open_count(conn, relay),
            )

        assert await database.run(heal) == (1, True, False, 0)
        assert await database.run(lambda conn: holes.due(conn, relay, 100)) == ()

    async def test_a_hole_stored_again_is_open_again(self, database: Database, relay: int) -> None:
        """It keeps when it was first found and how often it was tried: nothing is skipped in silence."""

        def again(conn: Connection) -> tuple[holes.StoredHole, ...]:
            put_hole(conn, relay, 7)
            holes.attempted(conn, relay, 7, "unreadable", "gone", 50)
            holes.healed(conn, relay, 7, 60)
            put_hole(conn, relay, 7, found=70, due=80)
            return holes.due(conn, relay, 80)

        (hole,) = await database.run(again)
        assert (hole.found_ms, hole.attempts, hole.healed_ms) == (10, 1, None)

    async def test_the_list_shows_open_holes_of_a_chain_or_of_all_without_their_raw_events(
        self, database: Database, relay: int
    ) -> None:
        """Newest first, as many as asked for."""
        other = (await database.run(lambda conn: chains.register(conn, "people", B, 1))).id

        def fill(conn: Connection) -> None:
            put_hole(conn, relay, 7, found=1, raw=b"\x01")
            put_hole(conn, other, 8, found=2)
            put_hole(conn, relay, 9, found=3)
            put_hole(conn, relay, 10, found=4)
            holes.healed(conn, relay, 10, 5)

        await database.run(fill)
        everywhere = await database.run(lambda conn: holes.list(conn, 10))
        assert [hole.number for hole in everywhere] == [9, 8, 7]
        assert everywhere[-1].events_raw is None
        assert [h.number for h in await database.run(lambda conn: holes.list(conn, 1, chain_id=relay))] == [9]
        assert await database.run(lambda conn: holes.open_count(conn, other)) == 1

    async def test_text_that_postgresql_can_not_store_is_replaced_and_cut(self, database: Database, relay: int) -> None:
        """NUL, half a surrogate pair, a megabyte: a hostile node's error text must not stop the commit."""
        hostile = "a\x00b\ud800" + "x" * 1_000_000

        def store(conn: Connection) -> str:
            holes.put(conn, relay, 7, None, "unreadable", hostile, None, 1, 1)
            return holes.due(conn, relay, 1)[0].detail

        detail = await database.run(store)
        assert detail == "a\ufffdb?" + "x" * 3996


class TestWatcherState:
    async def test_changes_set_replace_and_delete(self, database: Database, relay: int) -> None:
        """None deletes; the rest stays; integers of 128 bits stay exact; text may hold anything."""
        big = 2**128 - 1
        first = {"a": big, "b": {"text": "\x00\ud800 ß", "list": [1.5, None, True]}, "c": 1}
        await database.run(lambda conn: watcher_state.apply(conn, relay, "balances", first))
        await database.run(lambda conn: watcher_state.apply(conn, relay, "balances", {"a": -big, "c": None, "x": None}))
        loaded = await database.run(lambda conn: watcher_state.load(conn, relay, "balances"))
        assert loaded == {"a": -big, "b": first["b"]}

    async def test_watchers_and_chains_do_not_see_each_other(self, database: Database, relay: int) -> None:
        """Neither in loading nor in deleting."""
        other = (await database.run(lambda conn: chains.register(conn, "people", B, 1))).id

        def fill(conn: Connection) -> None:
            for chain, watcher in ((relay, "balances"), (relay, "opengov"), (other, "balances")):
                watcher_state.apply(conn, chain, watcher, {"k": f"{chain} {watcher}"})
            watcher_state.apply(conn, relay, "balances", {"k": None})

        await database.run(fill)
        assert await database.run(lambda conn: watcher_state.load(conn, relay, "balances")) == {}
        assert await database.run(lambda conn: watcher_state.load(conn, relay, "opengov")) == {"k": f"{relay} opengov"}
        assert await database.run(lambda conn: watcher_state.load(conn, other, "balances")) == {
            "k": f"{other} balances"
        }

    async def test_whose_state_there_is_is_known(self, database: Database, relay: int) -> None:
        """Of one chain, each name once."""
        other = (await database.run(lambda conn: chains.register(conn, "people", B, 1))).id

        def fill(conn: Connection) -> None:
            for chain, watcher in ((relay, "opengov"), (relay, "balances"), (other, "validators")):
                watcher_state.apply(conn, chain, watcher, {"a": 1, "b": 2})

        await database.run(fill)
        assert await database.run(lambda conn: watcher_state.watchers(conn, relay)) == ("balances", "opengov")

    async def test_a_row_that_holds_no_json_is_refused_with_what_to_do(self, database: Database, relay: int) -> None:
        """Somebody edited the database: our error, not the decoder's."""
        spoil = f"INSERT INTO watcher_state VALUES ({relay}, 'balances', 'k', 'not json')"
        await database.run(lambda conn: conn.exec_driver_sql(spoil))
        with pytest.raises(StoreRefused, match=r"a stored row holds no JSON .* restore a backup"):
            await database.run(lambda conn: watcher_state.load(conn, relay, "balances"))


class TestFacts:
    async def test_they_come_in_the_order_of_their_keys_from_where_one_asks(
        self, database: Database, relay: int
    ) -> None:
        """Of one chain, watcher and kind alone, and no more than asked for."""
        other = (await database.run(lambda conn: chains.register(conn, "people", B, 1))).id

        def fill(conn: Connection) -> None:
            facts.put(conn, relay, "validators", [("session", key, {"n": key}) for key in ("03", "01", "02")], 1)
            facts.put(conn, relay, "validators", [("era", "02", {})], 1)
            facts.put(conn, relay, "opengov", [("session", "02", {})], 1)
            facts.put(conn, other, "validators", [("session", "02", {})], 1)

        await database.run(fill)
        read = await database.run(lambda conn: facts.read(conn, relay, "validators", "session", first="02"))
        assert read == (("02", {"n": "02"}), ("03", {"n": "03"}))
        one = await database.run(lambda conn: facts.read(conn, relay, "validators", "session", limit=1))
        assert one == (("01", {"n": "01"}),)

    async def test_the_last_word_about_a_key_stays(self, database: Database, relay: int) -> None:
        """In one call as in two."""
        both = [("session", "01", {"n": 1}), ("session", "01", {"n": 2})]
        await database.run(lambda conn: facts.put(conn, relay, "validators", both, 1))
        assert await database.run(lambda conn: facts.read(conn, relay, "validators", "session")) == (("01", {"n": 2}),)
        await database.run(lambda conn: facts.put(conn, relay, "validators", [("session", "01", {"n": 3})], 2))
        assert await database.run(lambda conn: facts.read(conn, relay, "validators", "session")) == (("01", {"n": 3}),)


def condition(fingerprint: str, chain_id: int | None, **changes: Any) -> Condition:
    """A condition with this fingerprint."""
    values = {"rule": "cap", "severity": "critical", "labels": {"a": "b"}, "notification": {"n": 2**70}, "since_ms": 1}
    return Condition(fingerprint, chain_id, **(values | changes))


class TestConditions:
    async def test_they_are_kept_by_fingerprint_for_a_chain_or_for_the_service(
        self, database: Database, relay: int
    ) -> None:
        """Each load gives its own, the longest lasting first."""
        mine = [condition("b", relay, since_ms=2), condition("a", relay, since_ms=3)]
        ours = condition("s", None)
        await database.run(lambda conn: conditions.put(conn, [*mine, ours]))
        assert await database.run(lambda conn: conditions.load(conn, relay)) == tuple(mine)
        assert await database.run(lambda conn: conditions.load(conn, None)) == (ours,)

    async def test_those_of_all_chains_come_with_name_and_genesis(self, database: Database, relay: int) -> None:
        """Of an earlier history too, the longest lasting first; the service's own are of no chain."""
        later = (await database.run(lambda conn: chains.register(conn, "relay", OTHER, 3))).id
        held = [condition("b", relay, since_ms=5), condition("a", later, since_ms=4)]
        await database.run(lambda conn: conditions.put(conn, [*held, condition("s", None)]))
        expected = (("relay", OTHER, held[1]), ("relay", GENESIS, held[0]))
        assert await database.run(conditions.by_chain) == expected

    async def test_put_replaces_and_delete_removes(self, database: Database, relay: int) -> None:
        """A fingerprint has one row; deleting what is not there does nothing."""
        await database.run(lambda conn: conditions.put(conn, [condition("a", relay), condition("b", relay)]))
        worse = condition("a", relay, severity="info", since_ms=9)
        await database.run(lambda conn: conditions.put(conn, [worse]))
        await database.run(lambda conn: conditions.delete(conn, ["b", "unknown"]))
        await database.run(lambda conn: conditions.delete(conn, []))
        assert await database.run(lambda conn: conditions.load(conn, relay)) == (worse,)


async def enqueue(database: Database, ids: str, now_ms: int = 100, *, receiver: str = "team") -> Enqueued:
    """One notification and delivery for each letter."""
    alerts = [alert(id) for id in ids]
    outgoing = [delivery(id, receiver) for id in ids]
    return await database.run(lambda conn: deliveries.enqueue(conn, alerts, outgoing, now_ms))


class TestDeliveries:
    async def test_what_is_enqueued_twice_is_there_once(self, database: Database) -> None:
        """The counts tell how many were new; the first content stays."""
        assert await enqueue(database, "ab") == Enqueued(2, 2)
        changed = [alert("b", content={"other": 1}), alert("c")]
        outgoing = [delivery("b"), delivery("c"), delivery("c", "archive", "file")]
        counts = await database.run(lambda conn: deliveries.enqueue(conn, changed, outgoing, 200))
        assert counts == Enqueued(1, 2)
        rows = await database.run(lambda conn: deliveries.list(conn, None, 10))
        assert [(row.id, row.content) for row in rows] == [
            ("c>archive/file", {"id": "c"}),
            ("c>team/webhook", {"id": "c"}),
            ("b>team/webhook", {"id": "b"}),
            ("a>team/webhook", {"id": "a"}),
        ]

    async def test_nothing_to_enqueue_is_nothing(self, database: Database) -> None:
        """A notification may have no receiver."""
        assert await database.run(lambda conn: deliveries.enqueue(conn, [], [], 1)) == Enqueued(0, 0)
        assert await database.run(lambda conn: deliveries.enqueue(conn, [alert("a")], [], 1)) == Enqueued(1, 0)

    async def test_the_oldest_is_next_even_while_it_waits(self, database: Database) -> None:
        """Order per receiver: a later delivery never overtakes one that is retried."""
        await enqueue(database, "ab")
        await enqueue(database, "c", receiver="archive")
        assert await database.run(lambda conn: deliveries.retry(conn, "a>team/webhook", 1, 8_000, 9_000, "busy\x00"))
        row = await database.run(lambda conn: deliveries.next(conn, "team", "webhook"))
        assert row is not None
        assert (row.id, row.attempts, row.next_attempt_ms, row.last_error) == ("a>team/webhook", 1, 9_000, "busy\ufffd")
        assert (row.status, row.created_ms, row.ended_ms, row.notified_ms) == ("pending", 100, None, 100)
        assert await database.run(lambda conn: deliveries.next(conn, "team", "file")) is None

    @pytest.mark.parametrize(
        ("end", "error"),
        [
            (lambda conn, id: deliveries.done(conn, id, 3, 500), None),
            (lambda conn, id: deliveries.dead(conn, id, 3, 500, "no room"), "no room"),
        ],
        ids=["done", "dead"],
    )
    async def test_it_ends_once(
        self, database: Database, end: Callable[[Connection, str], bool], error: str | None, request: Any
    ) -> None:
        """Then the next one's turn has come, and nothing changes the ended one any more."""
        await enqueue(database, "ab")
        id = "a>team/webhook"
        assert await database.run(lambda conn: end(conn, id))
        assert not await database.run(lambda conn: end(conn, id))
        assert not await database.run(lambda conn: deliveries.retry(conn, id, 9, 9, 9, "late"))
        row = next(row for row in await database.run(lambda conn: deliveries.list(conn, None, 9)) if row.id == id)
        assert (row.status, row.attempts, row.ended_ms, row.last_error) == (
            request.node.callspec.id.split("-")[-1],
            3,
            500,
            error,
        )
        following = await database.run(lambda conn: deliveries.next(conn, "team", "webhook"))
        assert following is not None
        assert following.id == "b>team/webhook"

    async def test_the_dead_are_revived_by_id_or_all_at_their_old_place(self, database: Database) -> None:
        """Their count of attempts and their age begin anew; the living are left alone."""
        await enqueue(database, "abcd")

        def kill(conn: Connection) -> None:
            for id in "abc":
                deliveries.dead(conn, f"{id}>team/webhook", 7, 500, "no room")
            deliveries.done(conn, "d>team/webhook", 1, 500)

        await database.run(kill)
        chosen = ["b>team/webhook", "d>team/webhook", "unknown"]
        assert await database.run(lambda conn: deliveries.revive(conn, chosen, 900)) == 1
        assert await database.run(lambda conn: deliveries.revive(conn, [], 900)) == 0
        row = await database.run(lambda conn: deliveries.next(conn, "team", "webhook"))
        assert row is not None
        assert (row.id, row.attempts, row.created_ms, row.next_attempt_ms, row.ended_ms) == (
            "b>team/webhook",
            0,
            900,
            900,
            None,
        )
        assert row.notified_ms == 100
        assert await database.run(lambda conn: deliveries.revive(conn, None, 950)) == 2
        first = await database.run(lambda conn: deliveries.next(conn, "team", "webhook"))
        assert first is not None
        assert first.id == "a>team/webhook"

    async def test_the_status_of_each_known_delivery_can_be_asked(self, database: Database) -> None:
        """Unknown ids are left out."""
        await enqueue(database, "ab")
        await database.run(lambda conn: deliveries.dead(conn, "a>team/webhook", 1, 500, "no room"))
        asked = ["a>team/webhook", "b>team/webhook", "unknown"]
        found = await database.run(lambda conn: deliveries.statuses(conn, asked))
        assert found == {"a>team/webhook": "dead", "b>team/webhook": "pending"}

    async def test_the_list_can_be_of_one_status_and_is_bounded(self, database: Database) -> None:
        """Newest first."""
        await enqueue(database, "abc")
        await database.run(lambda conn: deliveries.dead(conn, "b>team/webhook", 1, 2, "x"))
        assert [r.id[0] for r in await database.run(lambda conn: deliveries.list(conn, "dead", 9))] == ["b"]
        assert [r.id[0] for r in await database.run(lambda conn: deliveries.list(conn, "pending", 1))] == ["c"]

    async def test_depths_count_what_waits_and_what_is_dead(self, database: Database) -> None:
        """The oldest is the oldest that waits; a queue with neither is not there."""
        await enqueue(database, "a", 100)
        await enqueue(database, "bc", 200)
        await enqueue(database, "d", 300, receiver="archive")
        await enqueue(database, "e", 300, receiver="gone")

        def end(conn: Connection) -> None:
            deliveries.dead(conn, "a>team/webhook", 1, 400, "x")
            deliveries.done(conn, "d>archive/webhook", 1, 400)
            deliveries.dead(conn, "e>gone/webhook", 1, 400, "x")

        await database.run(end)
        assert await database.run(deliveries.depths) == (
            Depth("gone", "webhook", 0, None, 1),
            Depth("team", "webhook", 2, 200, 1),
        )

    async def test_a_delivery_without_its_notification_is_refused(self, database: Database) -> None:
        """The tables hold together: such a row could never be sent."""
        with pytest.raises(StoreRefused, match="refuses a statement"):
            await database.run(lambda conn: deliveries.enqueue(conn, [], [delivery("nothing")], 1))


class TestNotifications:
    async def test_recent_ones_come_newest_first_with_all_their_fields(self, database: Database) -> None:
        """As many as asked for."""
        late = alert("b", block_number=2**40, late=True, content={"amount": str(2**100)})
        await database.run(lambda conn: deliveries.enqueue(conn, [alert("a")], [], 1))
        await database.run(lambda conn: deliveries.enqueue(conn, [late], [], 2))
        both = await database.run(lambda conn: notifications.recent(conn, 10))
        assert both == (notifications.StoredNotification(late, 2), notifications.StoredNotification(alert("a"), 1))
        assert both[0].notification.late is True
        assert await database.run(lambda conn: notifications.recent(conn, 1)) == both[:1]


def keeping(age_ms: int) -> dict[str, int]:
    """The same for every table."""
    return dict.fromkeys(housekeeping.PRUNED, age_ms)


class TestHousekeeping:
    async def test_only_what_ended_long_ago_goes(self, database: Database, relay: int) -> None:
        """Pending and dead deliveries, their notifications and open holes stay, however old."""
        await enqueue(database, "abcd", 100)

        def fill(conn: Connection) -> None:
            deliveries.enqueue(conn, [alert("e")], [], 100)
            deliveries.enqueue(conn, [alert("f")], [], 999)
            deliveries.enqueue(conn, [], [delivery("d", "archive")], 100)
            deliveries.done(conn, "a>team/webhook", 1, 199)
            deliveries.done(conn, "b>team/webhook", 1, 200)
            deliveries.dead(conn, "c>team/webhook", 1, 100, "x")
            deliveries.done(conn, "d>archive/webhook", 1, 100)
            for number, healed in ((1, None), (2, 199), (3, 200)):
                put_hole(conn, relay, number)
                if healed:
                    holes.healed(conn, relay, number, healed)
            for key, stored in (("01", 199), ("02", 200)):
                facts.put(conn, relay, "validators", [("session", key, {})], stored)

        await database.run(fill)
        pruned = await database.run(lambda conn: housekeeping.prune(conn, 1_200, keeping(1_000)))
        assert pruned == {"deliveries": 2, "notifications": 2, "holes": 1, "facts": 1}
        assert await database.run(lambda conn: facts.read(conn, relay, "validators", "session")) == (("02", {}),)
        left = await database.run(lambda conn: deliveries.list(conn, None, 10))
        assert [row.id[0] for row in left] == ["d", "c", "b"]
        kept = await database.run(lambda conn: notifications.recent(conn, 10))
        assert sorted(stored.notification.id for stored in kept) == ["b", "c", "d", "f"]
        numbers = await database.run(
            lambda conn: [row[0] for row in conn.exec_driver_sql("SELECT number FROM holes ORDER BY 1")]
        )
        assert numbers == [1, 3]

    async def test_a_call_deletes_no_more_than_its_limit(self, database: Database) -> None:
        """So that housekeeping never holds up a block for long."""
        await enqueue(database, "abc", 100)
        await database.run(lambda conn: [deliveries.done(conn, f"{id}>team/webhook", 1, 100) for id in "abc"])
        first = await database.run(lambda conn: housekeeping.prune(conn, 5_000, keeping(1_000), limit=2))
        second = await database.run(lambda conn: housekeeping.prune(conn, 5_000, keeping(1_000), limit=2))
        assert [(p["deliveries"], p["notifications"]) for p in (first, second)] == [(2, 2), (1, 1)]

    async def test_each_table_has_an_age_of_its_own(self, database: Database, relay: int) -> None:
        """Facts are kept for reports when the alerts of that time are long forgotten."""
        await enqueue(database, "a", 100)
        await database.run(lambda conn: deliveries.done(conn, "a>team/webhook", 1, 100))
        await database.run(lambda conn: facts.put(conn, relay, "validators", [("session", "01", {})], 100))
        pruned = await database.run(lambda conn: housekeeping.prune(conn, 5_000, keeping(1_000) | {"facts": 9_000}))
        assert {table: gone for table, gone in pruned.items() if gone} == {"deliveries": 1, "notifications": 1}

    async def test_beyond_its_rows_the_oldest_of_a_table_go_before_their_time(
        self, database: Database, relay: int
    ) -> None:
        """What has not ended counts for nothing and stays: two pending deliveries, a dead one, an open hole."""
        await enqueue(database, "abcdefg", 100)

        def fill(conn: Connection) -> None:
            deliveries.dead(conn, "c>team/webhook", 1, 100, "x")
            for at, id in enumerate("gfed", 200):
                deliveries.done(conn, f"{id}>team/webhook", 1, at)
            for n in range(5):
                facts.put(conn, relay, "validators", [("session", f"{n}", {})], 300 - n)
            put_hole(conn, relay, 1)
            put_hole(conn, relay, 2)

        def shorten(conn: Connection, table: str, count: int) -> int:
            return housekeeping.shorten(conn, table, count)

        await database.run(fill)
        above = await database.run(lambda conn: housekeeping.excess(conn, 2))
        assert above == {"deliveries": 2, "notifications": 2, "facts": 3}
        assert await database.run(lambda conn: housekeeping.excess(conn, 7)) == {}
        for table, count in above.items():
            assert await database.run(partial(shorten, table=table, count=count)) == count
        newest = await database.run(lambda conn: facts.read(conn, relay, "validators", "session"))
        assert [key for key, _ in newest] == ["0", "1"]
        left = await database.run(lambda conn: deliveries.list(conn, None, 10))
        assert sorted(row.id[0] for row in left) == ["a", "b", "c", "d", "e"]
        counted = await database.run(housekeeping.rows)
        assert {name: counted[name] for name in ("deliveries", "notifications", "facts", "holes", "chains")} == {
            "deliveries": 5,
            "notifications": 5,
            "facts": 2,
            "holes": 2,
            "chains": 1,
        }
        assert await database.run(lambda conn: housekeeping.shorten(conn, "holes", 5)) == 0
