"""Finality lag and stall, from what endpoints announce."""

from typing import Any

import pytest

from paseo_watch.watchers.validators import finality
from paseo_watch.watchers.validators.finality import LAG_MS, SETTLED_MS, STALL_MS
from paseo_watch.watchers.watcher import EndpointVitals, Vitals

START, MOST, SECOND = 1_800_000_000_000, 10, 1000
CONNECTED = (EndpointVitals("wss://a", "connected", "", START - SETTLED_MS),)


def vitals(at: int, *, best: int | None = 100, finalized: int | None = 98, **changes: Any) -> Vitals:
    """`at` milliseconds behind START; both heads rose just now unless said otherwise."""
    given: dict[str, Any] = {
        "now_ms": START + at, "endpoints": CONNECTED, "holes": 0, "halted": None, "processed": 90, "progress_ms": START,
        "progressed": True, "best_ms": START + at, "finalized_ms": START + at,
    }  # fmt: skip
    return Vitals(best=best, finalized=finalized, **{**given, **changes})


class Watched:
    """Steps in turn; `told` holds what was told."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.told: list[Any] = []

    def see(self, *inputs: Vitals) -> "Watched":
        for each in inputs:
            step = finality.step(self.state, each, MOST)
            self.state = {key: value for key, value in {**self.state, **step.changes}.items() if value is not None}
            self.told += step.observations
        return self

    @property
    def titles(self) -> list[tuple[str, bool]]:
        return [(each.title, each.active) for each in self.told]


def lagging(first: int, last: int, behind: int = 11) -> list[Vitals]:
    """Every ten seconds."""
    return [vitals(at * SECOND, finalized=100 - behind) for at in range(first, last + 1, 10)]


def still(first: int, last: int, since: int = 0) -> list[Vitals]:
    """No finalized block since `since`, seen every ten seconds."""
    return [vitals(at * SECOND, finalized_ms=START + since * SECOND) for at in range(first, last + 1, 10)]


def test_a_lag_is_told_after_a_minute_and_its_end_at_once() -> None:
    seen = Watched().see(*lagging(0, 50))
    assert seen.told == []
    assert seen.see(*lagging(60, 120)).titles == [("Finality is 11 blocks behind", True)]
    assert seen.see(vitals(130 * SECOND, finalized=90)).titles[1:] == [
        ("Finality has caught up: 10 blocks behind", False)
    ]
    assert seen.state == {}
    assert seen.told[0].data == {"best": 100, "finalized": 89, "lag": 11, "lag_text": "11 blocks"}


def test_a_lag_as_large_as_is_allowed_is_none() -> None:
    assert Watched().see(*lagging(0, 300, behind=10)).told == []


def test_a_lag_that_ends_within_the_minute_is_not_told_and_the_next_one_waits_anew() -> None:
    seen = Watched().see(*lagging(0, 50), vitals(55 * SECOND), *lagging(60, 110))
    assert seen.told == []
    assert len(seen.see(*lagging(120, 120)).told) == 1


def test_a_lag_before_we_were_away_does_not_count_for_one_behind_it() -> None:
    """Whether it lasted in between, nobody saw: the service was down, or no endpoint was connected."""
    seen = Watched().see(*lagging(0, 30), *lagging(1000, 1050))
    assert seen.told == []
    assert len(seen.see(*lagging(1060, 1060)).told) == 1


def test_a_clock_that_was_set_back_does_not_silence_a_lag() -> None:
    seen = Watched().see(*lagging(100_000, 100_010), *lagging(0, 60))
    assert len(seen.told) == 1


def test_a_stall_is_told_after_three_minutes_and_its_end_with_the_next_block() -> None:
    seen = Watched().see(*still(0, 170))
    assert seen.told == []
    assert seen.see(*still(180, 400)).titles == [("No block has become final for 3 min", True)]
    assert "Blocks are still made: the best one is #100" in seen.told[0].text
    seen.see(vitals(410 * SECOND, finalized=99))
    assert seen.titles[1:] == [("Blocks become final again", False)]
    assert seen.state == {}
    assert [each.severity for each in seen.told] == ["critical", "critical"]


def test_a_chain_that_stands_still_altogether_is_told_so() -> None:
    (stalled,) = Watched().see(vitals(STALL_MS, best_ms=START, finalized_ms=START)).told
    assert stalled.text.endswith("the chain stands still, or the endpoints do.")


def test_a_restart_during_a_stall_tells_it_neither_again_nor_as_over() -> None:
    seen = Watched().see(*still(0, 180))
    seen.see(vitals(190 * SECOND, best=None, finalized=None, best_ms=None, finalized_ms=None))
    seen.see(*still(200, 600, since=200))
    assert len(seen.told) == 1
    assert len(seen.see(vitals(610 * SECOND, finalized=99)).told) == 2


def test_a_young_process_that_saw_no_head_yet_says_nothing() -> None:
    young = [vitals(at, best=None, finalized=None, best_ms=None, finalized_ms=None) for at in (0, LAG_MS, STALL_MS)]
    half = [vitals(at, best=200, finalized=None, finalized_ms=None) for at in (0, LAG_MS, STALL_MS)]
    assert Watched().see(*young, *half).told == []


@pytest.mark.parametrize("state", ["connecting", "backing_off", "quarantined", "idle"])
def test_without_an_endpoint_nothing_is_known(state: str) -> None:
    away = (EndpointVitals("wss://a", state, "", START - STALL_MS),)
    seen = [vitals(at, finalized=1, finalized_ms=START, endpoints=away) for at in (0, LAG_MS, STALL_MS)]
    assert Watched().see(*seen, vitals(STALL_MS, endpoints=())).told == []


def test_an_endpoint_that_comes_back_has_time_to_tell_its_heads() -> None:
    """What stood still for the ten minutes without it was us."""
    back = (EndpointVitals("wss://a", "connected", "", START + 600 * SECOND),)
    seen = Watched().see(vitals(605 * SECOND, finalized_ms=START, endpoints=back))
    assert seen.told == []
    assert len(seen.see(vitals(610 * SECOND, finalized_ms=START, endpoints=back)).told) == 1


def test_a_lower_finalized_block_ends_no_stall() -> None:
    """Another endpoint, farther behind."""
    seen = Watched().see(*still(0, 180), vitals(190 * SECOND, finalized=97))
    assert [active for _, active in seen.titles] == [True]
