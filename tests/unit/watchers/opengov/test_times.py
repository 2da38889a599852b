"""Deadlines: by the clock, and by the calendar."""

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.watchers.opengov.info import Info
from paseo_watch.watchers.opengov.instances import Instance, Track
from paseo_watch.watchers.opengov.times import deadline, moment

RELAY = Instance("Referenda", False, "relay", 6_000, 700, {0: Track("root", 100, 2_000, 400)})
OWN = Instance("FellowshipReferenda", True, "own", None, 700, {0: Track("members", 100, 2_000, 400)})
NOON = 1_735_732_800_000  # 2025-01-01 12:00 UTC
BLOCKS = st.integers(-(1 << 64), 1 << 64)


@pytest.mark.parametrize(
    ("info", "text"),
    [
        (
            Info(None, 0, submitted=1_000),
            "Without a decision deposit it times out at relay block #1,700 (about 2025-01-01 13:00 UTC).",
        ),
        (
            Info(None, 0, submitted=1_005, deposit=True),
            "Its preparation ends at relay block #1,105 (about 2025-01-01 12:00 UTC).",
        ),
        (Info(None, 0, submitted=999, deposit=True), "Its preparation is over: it waits for its turn."),
        (
            Info(None, 0, submitted=9, deposit=True, since=1_090),
            "Its decision ends at relay block #3,090 (about 2025-01-01 15:19 UTC).",
        ),
        (
            Info(None, 0, submitted=9, deposit=True, since=20, confirming=1_110),
            "It is approved if it still passes at relay block #1,110 (about 2025-01-01 12:01 UTC).",
        ),
        (Info(None, 0, submitted=9), ""),  # it should have timed out long ago: nothing is made up
        (Info(None, 0, submitted=9, deposit=True, since=10, confirming=20), ""),
        (Info(None, 9, submitted=1_000, deposit=True), ""),  # a track that nobody knows
        (Info(None, 0, submitted=1_101, deposit=True), ""),  # frozen
        (Info("approved"), ""),
    ],
)
def test_what_comes_next_and_when(info: Info, text: str) -> None:
    """At relay block 1,100, at noon."""
    assert deadline(RELAY, info, 1_100, NOON) == text


def test_without_a_clock_there_is_the_block_alone() -> None:
    """Nor where nobody knows how long a block takes."""
    waiting = Info(None, 0, submitted=1_000)
    assert deadline(RELAY, waiting, None, NOON) == "Without a decision deposit it times out at relay block #1,700."
    assert deadline(RELAY, waiting, 1_000, None) == "Without a decision deposit it times out at relay block #1,700."
    assert deadline(OWN, waiting, 1_000, NOON) == "Without a decision deposit it times out at block #1,700."


def test_an_unknown_timeout_is_not_told() -> None:
    """Its constant could not be read."""
    assert deadline(Instance("Referenda", False, "own", 6_000, 0, {}), Info(None, 0), 5, NOON) == ""


def test_what_lies_years_ahead_has_no_date() -> None:
    """A period that means never."""
    assert moment(RELAY, (1 << 32) - 1, 5, NOON) == "at relay block #4,294,967,295"
    assert moment(RELAY, 5 + 86_400 * 365 // 6, 5, NOON) == "at relay block #5,256,005 (about 2026-01-01 12:00 UTC)"


@given(BLOCKS, BLOCKS, BLOCKS, st.none() | BLOCKS, st.booleans(), st.none() | st.integers(0, 253_402_300_799_999))
def test_no_time_is_nonsense(
    submitted: int, since: int, end: int, now: int | None, deposit: bool, time_ms: int | None
) -> None:
    """Whatever the chain says, a date is ahead and at most some years; a block is ahead of a now that is known."""
    for info in (
        Info(None, 0, submitted=submitted, deposit=deposit),
        Info(None, 0, submitted=submitted, deposit=True, since=since),
        Info(None, 0, submitted=submitted, deposit=True, since=since, confirming=end),
    ):
        text = deadline(RELAY, info, now, time_ms)
        if now is not None and (block := re.search(r"#(-?[\d,]+)", text)):
            assert int(block[1].replace(",", "")) > now
        if date := re.search(r"about (.*) UTC", text):
            assert time_ms is not None
            ahead_ms = datetime.fromisoformat(date[1] + "+00:00").timestamp() * 1_000 - time_ms
            assert -60_000 < ahead_ms < 5.1 * 366 * 86_400_000
