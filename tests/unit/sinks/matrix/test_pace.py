"""How fast messages go out, against a homeserver that counts them as Synapse does."""

import random

from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.rpc.bucket import TokenBucket
from paseo_watch.sinks.matrix.pace import LONGEST_INTERVAL, Pace


def deliver(
    pace: Pace, count: int, rate: float, burst: int, latency: float, jitter: random.Random | None = None
) -> tuple[float, int]:
    """Send so many, one after the other, waiting as told: seconds it took, and refusals. Each way takes half of
    `latency`; with `jitter`, up to all of it."""
    bucket, now, refusals = TokenBucket(rate, burst, 0.0), 0.0, 0
    for _ in range(count):
        while True:
            now += pace.take(now) + latency * (jitter.random() if jitter else 0.5)
            wait = bucket.take(1, now)
            now += latency * (jitter.random() if jitter else 0.5)
            pace.ended(now)
            if not wait:
                break
            bucket.take(-1, now)
            refusals += 1
            pace.refused(now, wait)
            now += wait
    return now, refusals


def test_nothing_waits_before_the_first_refusal() -> None:
    """Most homeservers of one's own have no limit."""
    pace = Pace()
    assert [pace.take(float(now)) for now in (0, 0, 0, 1, 1)] == [0.0] * 5


def test_a_burst_at_synapses_default_limit_takes_what_the_limit_allows_and_few_refusals() -> None:
    """10 at once, then one in five seconds: 950 s for 200."""
    seconds, refusals = deliver(Pace(), 200, 0.2, 10, latency=0.05)
    assert 950 <= seconds <= 962
    assert refusals == 2


@given(
    rate=st.floats(0.05, 20),
    burst=st.integers(1, 50),
    latency=st.floats(0.001, 3),
    count=st.integers(1, 150),
)
def test_no_limit_is_run_into_for_every_message(rate: float, burst: int, latency: float, count: int) -> None:
    """Two refusals tell it, where the network is even; what is lost is the way to the homeserver, once a message."""
    seconds, refusals = deliver(Pace(), count, rate, burst, latency)
    assert refusals <= 2
    assert seconds <= 1e-6 + count * latency + max(0, count - burst) / rate + refusals * (latency + 1 / rate)


@given(seed=st.integers(0, 2**32), rate=st.floats(0.05, 1), burst=st.integers(1, 20))
def test_an_uneven_network_costs_few_refusals_more(seed: int, rate: float, burst: int) -> None:
    """Each way between nothing and a fifth of a second."""
    seconds, refusals = deliver(Pace(), 150, rate, burst, 0.2, random.Random(seed))
    assert refusals <= 15
    assert seconds <= 1.05 * (150 - burst) / rate + 150 * 0.4


def test_after_a_quiet_time_a_message_goes_out_at_once() -> None:
    """The limit that was learned in a burst does not slow a lone alert down."""
    pace = Pace()
    seconds, _ = deliver(pace, 20, 0.2, 10, latency=0.05)
    assert pace.take(seconds + 60) == 0.0
    assert pace.take(seconds + 60) == 0.0


def test_a_refusal_without_end_does_not_stop_the_messages_for_good() -> None:
    """An hour's wait is obeyed once; it is not the time between messages from then on."""
    pace = Pace()
    pace.take(0)
    pace.refused(0, 3600)
    assert pace.take(0) == 3600
    assert pace.take(3600) == LONGEST_INTERVAL


def test_a_message_that_is_given_back_takes_nobodys_turn() -> None:
    """The wait is left to the outbox, which asks again."""
    pace = Pace()
    pace.take(0)
    pace.refused(0, 20)
    first = pace.take(0)
    pace.give_back()
    assert pace.take(0) == first == 20
