"""How long one thing is asked for before it counts as not to be had."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from paseo_watch.chain.patience import ENDLESS, PAUSES, Forked, NotThere, find, patient_rounds
from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.errors import (
    BackingOff,
    BadAnswer,
    ConnectFailed,
    Exhausted,
    Quarantined,
    StateDiscarded,
    UnknownBlock,
)
from tests.unit.chain.conftest import HastyClock

DEFINITE = StateDiscarded(4003, "State already discarded")


class Rounds:
    """A pool whose every round ends as scripted: what each endpoint answered, or None where one had it.

    The last round is repeated; `limit` rounds are too many.
    """

    def __init__(self, *script: Sequence[Exception] | None, limit: int = 60) -> None:
        self.script = list(script)
        self.count = 0
        self.limit = limit

    async def each(self, work: Callable[[Connection], Awaitable[Any]]) -> str:
        self.count += 1
        if self.count > self.limit:
            raise asyncio.CancelledError
        causes = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if causes is None:
            return "had"
        raise Exhausted({f"node{i}": cause for i, cause in enumerate(causes)})


async def nothing(connection: Connection) -> str:
    """Never called: the rounds are scripted."""
    raise AssertionError


@pytest.mark.parametrize(
    ("causes", "rounds"),
    [
        ([DEFINITE], 3),
        ([DEFINITE, BadAnswer("nonsense")], 3),
        ([DEFINITE, ConnectFailed("down")], 15),
        ([DEFINITE, BackingOff("down")], 15),
        ([DEFINITE, NotThere("stuck far behind")], 15),
        ([DEFINITE, Quarantined("another chain")], 15),
        ([UnknownBlock(4003, "Header was not found")], 15),
        ([DEFINITE, UnknownBlock(4003, "Header was not found")], 15),
    ],
)
async def test_what_is_answered_definitely_is_given_up(causes: list[Exception], rounds: int, clock: HastyClock) -> None:
    """After three rounds where everybody says so, after fifteen where somebody may yet know better."""
    pool = Rounds(causes)
    with pytest.raises(Exhausted):
        await patient_rounds(pool, clock, nothing)  # type: ignore[arg-type]
    assert pool.count == rounds


@pytest.mark.parametrize(
    "causes",
    [
        [ConnectFailed("down")],
        [BackingOff("down"), Quarantined("another chain")],
        [NotThere("not yet")],
        [Forked("another history"), BackingOff("down")],
    ],
)
async def test_what_may_come_by_itself_is_waited_for_without_end(causes: list[Exception], clock: HastyClock) -> None:
    """Sixty rounds are not the end."""
    pool = Rounds(causes)
    with pytest.raises(asyncio.CancelledError):
        await patient_rounds(pool, clock, nothing)  # type: ignore[arg-type]
    assert pool.count == 61


async def test_endless_patience_outlasts_definite_answers(clock: HastyClock) -> None:
    """And gives what comes in the end; the pauses grow to the last one and stay there."""
    pool = Rounds(*[[DEFINITE]] * 8, None)
    assert await patient_rounds(pool, clock, nothing, patience=ENDLESS) == "had"  # type: ignore[arg-type]
    assert clock.slept == [*PAUSES, PAUSES[-1], PAUSES[-1], PAUSES[-1]]


async def test_every_vain_round_is_reported(clock: HastyClock) -> None:
    """With what each endpoint answered; also the last one."""
    seen: list[Exhausted] = []
    with pytest.raises(Exhausted):
        await patient_rounds(Rounds([DEFINITE]), clock, nothing, seen.append)  # type: ignore[arg-type]
    assert [exhausted.causes for exhausted in seen] == [{"node0": DEFINITE}] * 3


def test_causes_are_found_by_their_kind() -> None:
    """The first that fits, or none."""
    fork = Forked("another history")
    exhausted = Exhausted({"a": DEFINITE, "b": fork, "c": Forked("a third one")})
    assert find(exhausted, Forked) is fork
    assert find(exhausted, NotThere) is None
