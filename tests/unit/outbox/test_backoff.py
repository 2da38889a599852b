"""When to try again."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.outbox.backoff import CAP, LONGEST, delay, wait_until

ATTEMPTS = st.integers(min_value=1, max_value=10**9)
JITTER = st.floats(min_value=0, max_value=1, exclude_max=True)


@pytest.mark.parametrize(
    ("attempt", "least", "most"), [(1, 0.5, 1), (2, 1, 2), (3, 2, 4), (6, 16, 32), (7, 30, 60), (10**9, 30, 60)]
)
def test_the_wait_doubles_up_to_the_cap_and_jitter_spreads_its_upper_half(
    attempt: int, least: float, most: float
) -> None:
    """From one second to one minute."""
    assert delay(attempt, 0.0) == least
    assert delay(attempt, 0.5) == (least + most) / 2
    assert most * 0.99 < delay(attempt, 0.999) < most


@given(ATTEMPTS, JITTER)
def test_no_wait_of_our_own_leaves_its_bounds(attempt: int, jitter: float) -> None:
    """However many attempts there were."""
    assert 0.5 <= delay(attempt, jitter) <= CAP


@given(ATTEMPTS, JITTER, st.floats(allow_nan=True, allow_infinity=True))
def test_what_the_other_side_asks_for_is_a_lower_bound_of_at_most_a_day(
    attempt: int, jitter: float, retry_after: float
) -> None:
    """Nonsense is ignored, and no server can silence us for ever."""
    waited = delay(attempt, jitter, retry_after=retry_after)
    own = delay(attempt, jitter)
    if math.isnan(retry_after) or retry_after <= own:
        assert waited == own
    else:
        assert waited == min(retry_after, LONGEST)


def test_a_time_ahead_is_waited_for_and_a_past_one_is_due() -> None:
    """In seconds."""
    assert wait_until(5_500, 4_000) == 1.5
    assert wait_until(4_000, 4_000) == 0
    assert wait_until(1_000, 4_000) == 0


def test_a_time_that_no_wait_reaches_is_due() -> None:
    """The clock was set back by years: the delivery must not wait for it to catch up."""
    assert wait_until(1_000 + 86_400_000, 1_000) == LONGEST
    assert wait_until(1_001 + 86_400_000, 1_000) == 0
