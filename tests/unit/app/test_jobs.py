"""What is done every so often: inputs into a chain's queue, and what belongs to no chain."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from paseo_watch.alerts.route import Route
from paseo_watch.app.jobs import DocumentNotLoaded, HeartbeatFailed, HeartbeatWithheld, Tools, make_jobs
from paseo_watch.config.model import Config
from paseo_watch.config.sections import Heartbeat, Store
from paseo_watch.errors import PermanentError
from paseo_watch.pipeline.pipeline import Heal
from paseo_watch.store import chains, deliveries
from paseo_watch.store.database import Database
from paseo_watch.store.errors import StoreUnavailable
from paseo_watch.telemetry import Metrics
from paseo_watch.watchers.document import Document
from paseo_watch.watchers.watcher import Loaded, Tick
from tests.clock import FakeClock

SECRET = "https://user:hunter2@beat.test/hunter3?hunter4"


class Queue:
    """A chain as jobs see it."""

    def __init__(self, name: str = "relay", *, ready: bool = True) -> None:
        self.name = name
        self.inputs: list[Any] = []
        self.pool = None
        self.open_holes = 0
        self.ready = asyncio.Event()
        self.tried_names: list[str] = []
        self.ill: tuple[str, ...] = ()
        self.pipeline: Queue | None = None
        if ready:
            self.begin()

    def begin(self) -> None:
        self.pipeline = self
        self.ready.set()

    async def put(self, input: Any) -> None:
        self.inputs.append(input)

    def troubles(self, now_ms: int) -> tuple[str, ...]:
        return self.ill

    def tried(self, document: str) -> None:
        self.tried_names.append(document)


class Web:
    """A session in which every URL ends in the same way; a context manager as aiohttp's is."""

    def __init__(self, outcome: int | Exception) -> None:
        self.outcome = outcome
        self.asked: list[str] = []

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    def get(self, url: str, **options: object) -> Any:
        self.asked.append(url)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        answer = Web(self.outcome)
        answer.__dict__["status"] = self.outcome
        return answer


@pytest.fixture(name="database")
async def _database() -> AsyncIterator[Database]:
    async with await Database.open("sqlite://") as database:
        yield database


@pytest.fixture(name="clock")
def _clock() -> FakeClock:
    return FakeClock()


def make(
    database: Database,
    clock: FakeClock,
    *chains: Queue,
    documents: Any = (),
    heartbeat: Heartbeat | None = None,
    web: Web | None = None,
) -> tuple[dict[str, Callable[[], Awaitable[None]]], SimpleNamespace]:
    """The jobs by name, and what else they touched."""
    touched = SimpleNamespace(wakes=0, metrics=Metrics(CollectorRegistry()))

    def wake() -> None:
        touched.wakes += 1

    tools = Tools(
        config=Config.model_construct(network="paseo", heartbeat=heartbeat, store=Store()),
        database=database,
        clock=clock,
        metrics=touched.metrics,
        session=lambda: web or Web(404),  # type: ignore[arg-type,return-value]
        tree=Route("team"),
        destinations={"team": ["memory"], "ops": ["memory"]},
        wake_outbox=wake,
    )
    return {job.name: job.work for job in make_jobs(tools, chains, documents)}, touched  # type: ignore[arg-type]


async def alerts(database: Database) -> list[Any]:
    """What the outbox holds: (receiver, rule, chain)."""
    rows = await database.run(lambda conn: deliveries.list(conn, None, 100))
    return [(row.receiver, row.content["rule"], row.content["chain"]) for row in reversed(rows)]


async def test_a_tick_is_the_time_for_each_chain(database: Database, clock: FakeClock) -> None:
    """Into its queue, and nowhere beside it."""
    relay, hub = Queue(), Queue("asset-hub")
    jobs, _ = make(database, clock, relay, hub)
    await jobs["tick relay"]()
    assert (relay.inputs, hub.inputs) == ([Tick(clock.now_ms())], [])
    assert await alerts(database) == []


async def test_a_chain_that_was_never_reached_is_told_once(database: Database, clock: FakeClock) -> None:
    """There is no queue yet, and silence would look like peace."""
    chain = Queue(ready=False)
    jobs, touched = make(database, clock, chain)
    for ill, told in (((), 0), (("It was never reached",), 1), (("It was never reached",), 1)):
        chain.ill = ill
        await jobs["tick relay"]()
        assert await alerts(database) == [("team", "chain-not-reached", "relay")] * told
    assert touched.wakes == 1
    chain.begin()
    await jobs["tick relay"]()
    assert [type(input) for input in chain.inputs] == [Tick]


@pytest.mark.parametrize(("open_holes", "inputs"), [(0, []), (3, [Heal()])])
async def test_holes_are_healed_where_there_are_any(
    open_holes: int, inputs: list[Heal], database: Database, clock: FakeClock
) -> None:
    """Else the queue is left in peace."""
    chain = Queue()
    chain.open_holes = open_holes
    jobs, _ = make(database, clock, chain)
    await jobs["heal relay"]()
    assert chain.inputs == inputs


def document(path: Path, read: Callable[[bytes], Any] = bytes.decode) -> Document:
    return Document("whitelist:cap", str(path), read)


async def test_a_document_reaches_every_chain_that_wants_it_and_one_dead_chain_holds_up_no_other(
    tmp_path: Path, database: Database, clock: FakeClock
) -> None:
    """The chain that has not begun gets it when it does."""
    (tmp_path / "list").write_text("listed")
    dead, alive = Queue("dead", ready=False), Queue("alive")
    listed = document(tmp_path / "list")
    jobs, touched = make(database, clock, dead, alive, documents=[(dead, listed), (alive, listed)])
    waiting = asyncio.ensure_future(jobs["whitelist:cap dead"]())
    await jobs["whitelist:cap alive"]()
    assert alive.inputs == [Loaded("whitelist:cap", "listed", clock.now_ms())]
    assert alive.tried_names == ["whitelist:cap"]
    assert not waiting.done()
    assert loaded_at(touched, "dead") == 0
    dead.begin()
    await waiting
    assert dead.inputs == alive.inputs
    assert loaded_at(touched, "alive") == loaded_at(touched, "dead") == clock.now_ms() / 1000


def loaded_at(touched: SimpleNamespace, chain: str = "relay") -> float | None:
    """The metric of the document, on one chain."""
    value = touched.metrics.registry.get_sample_value
    found: float | None = value(
        "paseo_watch_document_loaded_timestamp_seconds", {"chain": chain, "document": "whitelist:cap"}
    )
    return found


class Damaged(PermanentError):
    """It cannot be read in full."""


def refuse(raw: bytes) -> Any:
    raise Damaged("line 3 makes no sense")


@pytest.mark.parametrize("fault", ["absent", "damaged"])
async def test_a_document_that_cannot_be_had_changes_nothing_and_the_job_has_failed(
    fault: str, tmp_path: Path, database: Database, clock: FakeClock
) -> None:
    """The last good one stays in the watcher's state; one that never came shows as infinitely old."""
    if fault == "damaged":
        (tmp_path / "list").write_text("listed")
    chain = Queue()
    jobs, touched = make(database, clock, chain, documents=[(chain, document(tmp_path / "list", refuse))])
    with pytest.raises(DocumentNotLoaded, match="relay: whitelist:cap was not loaded; the last good one stays"):
        await jobs["whitelist:cap relay"]()
    assert (chain.inputs, chain.tried_names) == ([], ["whitelist:cap"])
    assert loaded_at(touched) == 0


async def test_a_heartbeat_goes_to_its_receiver_through_the_outbox(database: Database, clock: FakeClock) -> None:
    """Each is another one: what dedupes must not take the second for the first."""
    jobs, touched = make(database, clock, heartbeat=Heartbeat(receiver="ops"))
    for _ in range(2):
        await jobs["heartbeat"]()
        await clock.advance(300)
    assert await alerts(database) == [("ops", "heartbeat", "-")] * 2
    assert touched.wakes == 2


async def test_a_heartbeat_to_a_url_asks_for_it(database: Database, clock: FakeClock) -> None:
    """With a GET, as dead man's switches want it."""
    web = Web(200)
    jobs, _ = make(database, clock, heartbeat=Heartbeat(url=SECRET), web=web)  # type: ignore[arg-type]
    await jobs["heartbeat"]()
    assert web.asked == [SECRET]
    assert await alerts(database) == []


@pytest.mark.parametrize("way", [{"url": SECRET}, {"receiver": "ops"}], ids=["url", "receiver"])
async def test_no_sign_of_life_is_sent_while_a_chain_is_not_watched(
    way: dict[str, Any], database: Database, clock: FakeClock
) -> None:
    """Whoever waits for it would think that all is well."""
    web, chain = Web(200), Queue()
    jobs, _ = make(database, clock, Queue("hub"), chain, heartbeat=Heartbeat(**way), web=web)
    chain.ill = ("No endpoint can be reached", "No block processed for 9 min")
    with pytest.raises(HeartbeatWithheld, match="relay: No endpoint can be reached; relay: No block processed"):
        await jobs["heartbeat"]()
    assert (web.asked, await alerts(database)) == ([], [])
    chain.ill = ()
    await jobs["heartbeat"]()
    assert len(web.asked) + len(await alerts(database)) == 1


async def test_no_sign_of_life_is_sent_while_the_store_is_away(clock: FakeClock) -> None:
    """What cannot be stored is not told: such a service is not alive."""

    class Away:
        async def run(self, work: object) -> None:
            raise StoreUnavailable("the connection was refused")

    web, away = Web(200), Away()
    jobs, _ = make(away, clock, heartbeat=Heartbeat(url=SECRET), web=web)  # type: ignore[arg-type]
    with pytest.raises(StoreUnavailable):
        await jobs["heartbeat"]()
    assert web.asked == []


@pytest.mark.parametrize(
    "outcome",
    [404, 500, aiohttp.ClientError(f"cannot connect to {SECRET}"), TimeoutError(), UnicodeError(f"of {SECRET}")],
    ids=str,
)
async def test_a_heartbeat_that_fails_says_so_without_its_url_which_is_a_key(
    outcome: int | Exception, database: Database, clock: FakeClock
) -> None:
    """The scheduler logs the error with everything that it came from."""
    jobs, _ = make(database, clock, heartbeat=Heartbeat(url=SECRET), web=Web(outcome))  # type: ignore[arg-type]
    with pytest.raises(HeartbeatFailed, match=r"beat\.test") as caught:
        await jobs["heartbeat"]()
    assert "hunter" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


async def test_housekeeping_goes_on_until_nothing_old_is_left(
    database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bounded number of rows at a time; what went before its time is counted apart, and said."""
    rounds = [{"facts": 1000, "holes": 0}, {"facts": 3, "holes": 1}, {"facts": 0, "holes": 0}]
    asked, shortened = [], []

    def prune(conn: object, now_ms: int, ages_ms: dict[str, int]) -> dict[str, int]:
        asked.append((now_ms, ages_ms["facts"]))
        return rounds.pop(0)

    def shorten(conn: object, table: str, count: int) -> int:
        shortened.append((table, count))
        return count

    monkeypatch.setattr("paseo_watch.store.housekeeping.prune", prune)
    monkeypatch.setattr("paseo_watch.store.housekeeping.excess", lambda conn, most: {"facts": most - 5_998_993})
    monkeypatch.setattr("paseo_watch.store.housekeeping.shorten", shorten)
    jobs, touched = make(database, clock)
    with caplog.at_level(logging.WARNING, "paseo_watch"):
        await jobs["housekeeping"]()
    assert asked == [(clock.now_ms(), 400 * 86_400_000)] * 3
    assert shortened == [("facts", 1000), ("facts", 7)]
    assert [record.message for record in caplog.records] == [
        "1007 rows of facts go before their time: the table holds store.most_rows of them"
    ]

    def pruned(table: str, reason: str) -> float | None:
        labels = {"table": table, "reason": reason}
        return touched.metrics.registry.get_sample_value("paseo_watch_store_pruned_rows_total", labels)  # type: ignore[no-any-return]

    assert [pruned("facts", "age"), pruned("facts", "rows"), pruned("deliveries", "rows")] == [1003, 1007, 0]


async def test_a_table_that_cannot_be_shortened_is_left(
    database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows may have come to be waited for meanwhile; the next hour looks again."""
    monkeypatch.setattr("paseo_watch.store.housekeeping.excess", lambda conn, most: {"deliveries": 5})
    jobs, touched = make(database, clock)
    await jobs["housekeeping"]()
    labels = {"table": "deliveries", "reason": "rows"}
    assert touched.metrics.registry.get_sample_value("paseo_watch_store_pruned_rows_total", labels) == 0


async def test_the_store_is_measured(database: Database, clock: FakeClock) -> None:
    """Its size, and the rows of every table."""
    jobs, touched = make(database, clock)
    await database.run(lambda conn: chains.register(conn, "relay", b"g" * 32, 1))
    await jobs["store size"]()

    def sample(name: str, **labels: str) -> float:
        value = touched.metrics.registry.get_sample_value(f"paseo_watch_store_{name}", labels)
        assert value is not None
        return float(value)

    assert sample("rows", table="chains") == 1
    assert sample("rows", table="deliveries") == 0
    assert sample("size_bytes") >= 4096
