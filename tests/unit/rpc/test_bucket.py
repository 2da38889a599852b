"""The token bucket lets a burst through, then keeps to its rate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.rpc.bucket import TokenBucket


def test_a_burst_goes_out_at_once_and_the_next_waits_for_its_turn() -> None:
    """Three of burst three are free; the fourth and fifth wait one and two steps of the rate."""
    bucket = TokenBucket(rate=2.0, burst=3, now=100.0)

    assert [bucket.take(1, 100.0) for _ in range(5)] == [0.0, 0.0, 0.0, 0.5, 1.0]


def test_tokens_come_back_with_time_and_never_exceed_the_burst() -> None:
    """An hour of silence buys one burst, not an hour's worth of requests."""
    bucket = TokenBucket(rate=10.0, burst=5, now=0.0)
    bucket.take(5, 0.0)

    assert bucket.take(5, 3600.0) == 0.0
    assert bucket.take(1, 3600.0) == pytest.approx(0.1)


def test_a_batch_costs_its_length_even_beyond_the_burst() -> None:
    """A batch of 25 with a burst of 5 waits for the other 20."""
    bucket = TokenBucket(rate=10.0, burst=5, now=0.0)

    assert bucket.take(25, 0.0) == pytest.approx(2.0)


def test_draining_takes_the_burst_away_and_forgives_no_debt() -> None:
    """After the server complained there is no burst; a debt already made stays."""
    bucket = TokenBucket(rate=1.0, burst=10, now=0.0)
    bucket.drain(0.0)

    assert bucket.take(1, 0.0) == 1.0
    bucket.drain(0.0)
    assert bucket.take(1, 0.0) == 2.0


def test_a_clock_that_goes_back_gives_no_tokens() -> None:
    """An earlier time is taken for the latest one seen."""
    bucket = TokenBucket(rate=1.0, burst=1, now=10.0)
    bucket.take(1, 10.0)

    assert bucket.take(1, 5.0) == 1.0
    assert bucket.take(1, 10.0) == 2.0


@pytest.mark.parametrize(("rate", "burst"), [(0.0, 1), (-1.0, 1), (1.0, 0)])
def test_a_bucket_that_lets_nothing_through_is_refused(rate: float, burst: int) -> None:
    """A rate or burst of nothing would wait for ever."""
    with pytest.raises(ValueError, match="rate above 0 and a burst of at least 1"):
        TokenBucket(rate, burst, 0.0)


@given(
    rate=st.floats(0.1, 100),
    burst=st.integers(1, 50),
    steps=st.lists(st.tuples(st.integers(1, 20), st.floats(0, 5)), max_size=60),
)
def test_no_window_of_time_lets_more_through_than_burst_and_rate_allow(
    rate: float, burst: int, steps: list[tuple[int, float]]
) -> None:
    """Whatever is asked when, what has gone out by time t is at most burst + rate * t."""
    bucket, now, sent = TokenBucket(rate, burst, 0.0), 0.0, 0
    for count, pause in steps:
        now += pause
        leaves_at = now + bucket.take(count, now)
        sent += count
        assert sent <= burst + rate * leaves_at + 1e-6 * (1 + sent)
