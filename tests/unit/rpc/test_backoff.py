"""The back-off doubles up to its cap, and half of it is chance."""

from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.rpc.backoff import backoff


def test_it_doubles_from_the_base_up_to_the_cap() -> None:
    """With the most jitter that there is, the waits are 1, 2, 4, 8 and then the cap."""
    assert [backoff(n, 1.0, base=1.0, cap=10.0) for n in range(1, 7)] == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_half_of_it_is_certain() -> None:
    """With no jitter the wait is half of the whole, not nothing."""
    assert backoff(3, 0.0, base=1.0, cap=60.0) == 2.0


@given(failures=st.integers(-5, 10**9), jitter=st.floats(0, 1, exclude_max=True))
def test_it_stays_between_half_the_base_and_the_cap(failures: int, jitter: float) -> None:
    """No number of failures overflows or makes the wait vanish."""
    assert 0.5 <= backoff(failures, jitter, base=1.0, cap=60.0) <= 60.0
