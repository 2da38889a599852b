"""One marked alert to one receiver: to whom, what it is, and what is said of each attempt."""

import asyncio
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from paseo_watch.alerts.schema import alert_schema
from paseo_watch.cli.configuration import load_config
from paseo_watch.cli.errors import WrongInput
from paseo_watch.cli.main import _parser
from paseo_watch.cli.send_test import attempt, choose, deliver_directly, marked_alert, send_test
from paseo_watch.clock import SystemClock
from paseo_watch.config.model import Config
from paseo_watch.sinks.memory import MemorySink
from paseo_watch.sinks.sink import Delivery, SendFailed, SendRefused, SinkRefused
from paseo_watch.store import deliveries
from paseo_watch.store.access import Access
from paseo_watch.store.database import Database
from paseo_watch.watchers.watcher import SEVERITIES
from tests.clock import FakeClock
from tests.unit.cli.configured import configured, flags

RECEIVERS = "[{name: team, file: {path: a.jsonl}, console: {}}, {name: archive, file: {path: no/b.jsonl}}]"
NOW_MS = 1_795_300_000_000


@pytest.fixture(name="config")
def _config(tmp_path: Path) -> Config:
    return load_config(flags(configured(tmp_path, RECEIVERS)))


def test_all_sinks_of_a_receiver_are_meant_or_the_one_that_is_named(config: Config) -> None:
    """In the order of the configuration's kinds."""
    assert choose(config, "team", None)[1] == ("console", "file")
    receiver, kinds = choose(config, "team", "file")
    assert (receiver.name, kinds) == ("team", ("file",))


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("archiv", None, 'there is no receiver "archiv"; did you mean "archive"?'),
        ("ops", None, 'there is no receiver "ops"; expected archive or team'),
        ("team", "fil", 'the receiver team has no sink "fil"; did you mean "file"?'),
        ("archive", "console", 'the receiver archive has no sink "console"; expected file'),
    ],
)
def test_an_unknown_name_is_wrong_input_with_the_nearest(
    config: Config, name: str, kind: str | None, message: str
) -> None:
    """Nothing is opened for it."""
    with pytest.raises(WrongInput) as caught:
        choose(config, name, kind)
    assert str(caught.value) == message


@pytest.mark.parametrize("severity", SEVERITIES)
def test_the_alert_says_that_it_is_a_test_and_is_one_by_the_schema(severity: str) -> None:
    """Each command line makes another: a receiver that dedupes must not take the second for the first."""
    assert _parser().parse_args(["send-test", "team", "--severity", severity]).severity == severity
    one, two = (marked_alert("paseo", "team", severity, NOW_MS + late) for late in (0, 1))
    Draft202012Validator(alert_schema()).validate(json.loads(json.dumps(one.notification)))
    assert one.receivers == ("team",)
    assert one.notification["title"] == "TEST: alerts reach team"
    assert {key: one.notification[key] for key in ("rule", "severity", "status", "chain")} == {
        "rule": "send-test",
        "severity": severity,
        "status": "event",
        "chain": "-",
    }
    assert one.notification["id"] != two.notification["id"]


def delivery() -> Delivery:
    return Delivery("d" * 32, "team", "memory", marked_alert("paseo", "team", "info", NOW_MS).notification, 1)


class SlowSink(MemorySink):
    """Takes 120 ms of a clock for a send, and is held up for ever where `stuck`."""

    def __init__(self, clock: FakeClock, stuck: bool = False) -> None:
        super().__init__()
        self._clock, self._stuck = clock, stuck

    async def send(self, delivery: Delivery) -> None:
        if self._stuck:
            await asyncio.Event().wait()
        await self._clock.advance(0.12)
        await super().send(delivery)


async def test_what_arrived_is_told_with_its_time() -> None:
    """And the sink is closed."""
    clock = FakeClock()
    sink = SlowSink(clock)
    assert await attempt(sink, delivery(), clock) == (True, "delivered in 120 ms")
    assert (list(sink.sent), sink.is_open) == (["d" * 32], False)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (SinkRefused("the token is revoked; make a new one"), "the token is revoked; make a new one"),
        (SendRefused("too large"), "too large"),
        (SendFailed("answered 502"), "answered 502"),
        (SendFailed("rate limit", retry_after=12.4), "rate limit; try again in 12 s"),
        (SendFailed("no answer", maybe_sent=True), "no answer; it may have arrived all the same"),
    ],
)
async def test_what_did_not_arrive_is_told_with_the_reason(
    error: SendFailed | SendRefused | SinkRefused, told: str
) -> None:
    """One attempt only: somebody is watching."""
    sink = MemorySink([error])
    assert await attempt(sink, delivery(), FakeClock()) == (False, f"FAILED: {told}")
    assert (sink.attempts, sink.is_open) == (1, False)


async def test_a_send_without_end_is_ended() -> None:
    """It is not known then what the other side has."""
    sink = SlowSink(FakeClock(), stuck=True)
    sent, told = await attempt(sink, delivery(), FakeClock(), seconds=0.01)
    assert (sent, told) == (False, "FAILED: no end within 0.01 s; it may have arrived all the same")
    assert not sink.is_open


async def test_a_receiver_is_sent_to_and_no_other(
    config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The other one's file could not even be opened."""
    alert = marked_alert("paseo", "team", "critical", NOW_MS)
    one = config.model_copy(update={"receivers": config.receivers[:1]})
    assert await deliver_directly(one, alert, ("file",), SystemClock())
    assert capsys.readouterr().out.startswith("team/file: delivered in ")
    assert json.loads((tmp_path / "a.jsonl").read_text()) == alert.notification


def test_without_a_service_nothing_goes_through_the_queue(
    config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that fails is over with the command: nothing is left to be delivered by a later run."""
    archive = flags(tmp_path / "config.yaml", receiver="archive", sink=None, severity="info")
    assert send_test(archive) == 1
    assert capsys.readouterr().out == (
        f"archive/file: FAILED: {tmp_path}/no/b.jsonl: its folder does not exist; create it\n"
    )
    team = flags(tmp_path / "config.yaml", receiver="team", sink=None, severity="info")
    assert send_test(team) == 0
    assert len((tmp_path / "a.jsonl").read_text().splitlines()) == 1

    async def stored() -> tuple[object, ...]:
        async with await Database.open(f"sqlite:///{tmp_path}/store.db", Access.READER) as database:
            return await database.run(lambda conn: deliveries.list(conn, None, 10))

    assert asyncio.run(stored()) == ()
