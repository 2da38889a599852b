"""An alert in a running service's queue: what is said while it waits, and how it ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection

from paseo_watch.app.troubles import FAILING, REFUSED
from paseo_watch.cli.queued import deliver_beside
from paseo_watch.cli.send_test import marked_alert
from paseo_watch.outbox.outbox import delivery_id
from paseo_watch.pipeline.commit import enqueue
from paseo_watch.store import conditions, deliveries
from paseo_watch.store.conditions import Condition
from paseo_watch.store.database import Database

NOW_MS = 1_795_300_000_000
ALERT = marked_alert("paseo", "team", "info", NOW_MS)
HOOK = delivery_id(ALERT.notification["id"], "team", "webhook")
Work = Callable[[Connection], object]


class ServiceClock:
    """Each time that somebody waits, a quarter of a second passes and the service does its next piece of work."""

    def __init__(self, database: Database, *work: Work) -> None:
        self._database = database
        self._work = list(work)
        self._elapsed = 0.0

    def now_ms(self) -> int:
        return NOW_MS + int(self._elapsed * 1000)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        self._elapsed += seconds
        if self._work:
            await self._database.run(self._work.pop(0))


@pytest.fixture(name="service")
async def _service(tmp_path: Path) -> AsyncIterator[Database]:
    """The store as a running service holds it."""
    async with await Database.open(f"sqlite:///{tmp_path}/store.db") as database:
        yield database


async def beside(folder: Path, service: Database, *work: Work, kinds: tuple[str, ...] = ("webhook",)) -> bool:
    """Whether it was delivered within two seconds; nobody waits for longer."""
    clock = ServiceClock(service, *work)
    delivered = await deliver_beside(f"sqlite:///{folder}/store.db", ALERT, kinds, clock, seconds=2)
    assert clock.monotonic() <= 2
    return delivered


def fail(attempt: int, text: str, id: str = HOOK) -> Work:
    return lambda conn: deliveries.retry(conn, id, attempt, NOW_MS, NOW_MS + 1000, text)


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == "put into the queue of the service that holds the store"
    return lines


async def test_a_failure_and_the_end_are_told_as_they_come(
    tmp_path: Path, service: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each once, however often it is looked at."""
    work = [fail(1, "answered 502"), lambda conn: None, lambda conn: deliveries.done(conn, HOOK, 2, NOW_MS)]
    assert await beside(tmp_path, service, *work)
    assert said(capsys) == [
        "team/webhook: waits: attempt 1 failed: answered 502",
        "team/webhook: delivered in 750 ms",
    ]


async def test_one_that_dies_is_a_failure_with_its_reason_while_another_arrives(
    tmp_path: Path, service: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both are waited for."""
    file = delivery_id(ALERT.notification["id"], "team", "file")
    work: list[Work] = [
        lambda conn: deliveries.dead(conn, HOOK, 1, NOW_MS, "too large for it"),
        lambda conn: deliveries.done(conn, file, 1, NOW_MS),
    ]
    assert not await beside(tmp_path, service, *work, kinds=("file", "webhook"))
    assert said(capsys) == ["team/webhook: FAILED: too large for it", "team/file: delivered in 500 ms"]


async def test_what_is_not_delivered_in_time_stays_in_the_queue_and_that_is_said(
    tmp_path: Path, service: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """The service tries it, and will again."""
    assert not await beside(tmp_path, service, fail(1, "answered 502"))
    assert said(capsys) == [
        "team/webhook: waits: attempt 1 failed: answered 502",
        "team/webhook: FAILED: not delivered within 2 s, it stays in the queue: attempt 1 failed: answered 502",
    ]
    assert await service.run(lambda conn: deliveries.statuses(conn, [HOOK])) == {HOOK: "pending"}


async def test_what_the_service_does_not_try_is_taken_out_of_the_queue_again(
    tmp_path: Path, service: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """A service that was started with another configuration has no such sink, and nobody could remove it later."""
    file = delivery_id(ALERT.notification["id"], "team", "file")
    assert not await beside(tmp_path, service, fail(1, "full", file), kinds=("file", "webhook"))
    assert said(capsys)[1:] == [
        "team/file: FAILED: not delivered within 2 s, it stays in the queue: attempt 1 failed: full",
        "team/webhook: FAILED: the running service does not try it, so it may not know this receiver; start it anew "
        "with this configuration (the test alert is out of the queue)",
    ]
    statuses = await service.run(lambda conn: deliveries.statuses(conn, [HOOK, file]))
    assert statuses == {HOOK: "dead", file: "pending"}


@pytest.mark.parametrize("rule", [REFUSED, FAILING])
async def test_what_the_service_has_trouble_with_stays(tmp_path: Path, service: Database, rule: str) -> None:
    """It knows the way out, and tries nothing of it until somebody acts or its time has come."""
    labels = {"receiver": "team", "sink": "webhook"}
    trouble = Condition("a", None, rule, "critical", labels, {"text": "gone"}, NOW_MS)
    await service.run(lambda conn: conditions.put(conn, [trouble]))
    assert not await beside(tmp_path, service)
    assert await service.run(lambda conn: deliveries.statuses(conn, [HOOK])) == {HOOK: "pending"}


class EndOfService(ServiceClock):
    """The service ends while somebody waits for the second time."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        if self.monotonic() == 0.5:
            await self._database.close()


async def test_that_the_service_has_ended_is_noticed_and_the_alert_left_to_its_next_start(
    tmp_path: Path, service: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """Long before a minute is over."""
    clock = EndOfService(service)
    url = f"sqlite:///{tmp_path}/store.db"
    assert not await deliver_beside(url, ALERT, ("webhook",), clock)
    assert said(capsys) == [
        "team/webhook: FAILED: the service has ended; the alert waits in the queue for its next start"
    ]
    assert clock.monotonic() <= 6
    async with await Database.open(url) as anew:
        assert await anew.run(lambda conn: deliveries.statuses(conn, [HOOK])) == {HOOK: "pending"}


class Impatient(ServiceClock):
    """Ctrl-C at the first wait."""

    async def sleep(self, seconds: float) -> None:
        raise asyncio.CancelledError


async def test_who_waits_no_longer_is_told_that_the_alert_stays_in_the_queue(
    tmp_path: Path, service: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is not untouched: it will arrive."""
    with pytest.raises(asyncio.CancelledError):
        await deliver_beside(f"sqlite:///{tmp_path}/store.db", ALERT, ("webhook",), Impatient(service))
    assert said(capsys) == ["the test alert stays in the queue"]
    assert await service.run(lambda conn: deliveries.statuses(conn, [HOOK])) == {HOOK: "pending"}


async def test_an_alert_that_waits_before_it_is_named_as_the_reason(
    tmp_path: Path, service: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """Order is kept, for a test as well; and that one is not touched."""
    earlier = marked_alert("paseo", "team", "critical", NOW_MS - 1)
    await service.run(lambda conn: enqueue(conn, [earlier], {"team": ("webhook",)}, NOW_MS - 1))
    first = delivery_id(earlier.notification["id"], "team", "webhook")
    assert not await beside(tmp_path, service, fail(3, "answered 502", first))
    before, late = "another alert is before it; ", "not delivered within 2 s, it stays in the queue"
    assert said(capsys) == [
        f"team/webhook: waits: {before}it has not been tried yet",
        f"team/webhook: waits: {before}attempt 3 failed: answered 502",
        f"team/webhook: FAILED: {late}: {before}attempt 3 failed: answered 502",
    ]
    _, last = await service.run(lambda conn: deliveries.list(conn, None, 9))
    assert (last.id, last.attempts, last.status) == (first, 3, "pending")


async def test_a_sink_that_waits_for_somebody_to_act_is_told_as_such(
    tmp_path: Path, service: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """No delivery of it is tried meanwhile, so that the queue alone could not say why."""

    def held(rule: str, sink: str, text: str) -> Condition:
        labels = {"receiver": "team", "sink": sink}
        return Condition(rule + sink, None, rule, "critical", labels, {"text": text}, NOW_MS)

    others = [held(REFUSED, "file", "no folder"), held(FAILING, "webhook", "answered 502")]
    await service.run(lambda conn: conditions.put(conn, [*others, held(REFUSED, "webhook", "gone\nx")]))
    assert not await beside(tmp_path, service)
    assert said(capsys) == [
        "team/webhook: waits: gone",
        "team/webhook: FAILED: not delivered within 2 s, it stays in the queue: gone",
    ]


async def test_what_is_queued_is_the_alert_itself(tmp_path: Path, service: Database) -> None:
    """Under the ids that it would have anywhere."""
    with pytest.raises(asyncio.CancelledError):
        await deliver_beside(f"sqlite:///{tmp_path}/store.db", ALERT, ("webhook",), Impatient(service))
    (row,) = await service.run(lambda conn: deliveries.list(conn, None, 9))
    assert (row.id, row.receiver, row.sink, row.attempts) == (HOOK, "team", "webhook", 0)
    assert row.content == ALERT.notification
