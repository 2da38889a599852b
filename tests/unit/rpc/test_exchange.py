"""Answers that belong together are complete together."""

import pytest

from paseo_watch.rpc.errors import ConnectionLost, ErrorAnswer, RateLimited, error_answer
from paseo_watch.rpc.exchange import BatchRefused, Exchange


def exchange(*ids: int, batch: bool = False) -> Exchange:
    """Open calls with these ids."""
    return Exchange(list(ids), "method", 1.0, None, batch)


async def test_it_is_answered_when_the_last_answer_has_come() -> None:
    """The answers stand in the order of the calls, not of their coming."""
    both = exchange(1, 2)
    both.settle(2, "b")

    assert not both.answered.done()
    both.settle(1, None)
    assert both.answered.done()
    assert both.all() == [None, "b"]


async def test_an_error_answer_stands_in_the_place_of_its_result() -> None:
    """In a batch it is a value; alone it is raised."""
    error = ErrorAnswer(-1, "no")
    both = exchange(1, 2)
    both.settle(1, error)
    both.settle(2, "b")
    alone = exchange(3)
    alone.settle(3, error)

    assert both.all() == [error, "b"]
    with pytest.raises(ErrorAnswer, match="no"):
        alone.single()


async def test_one_rate_limit_is_raised_for_the_whole_batch() -> None:
    """The caller would have to ask for all of it again elsewhere anyway."""
    both = exchange(1, 2)
    both.settle(1, "a")
    both.settle(2, RateLimited(429, "slow down"))

    with pytest.raises(RateLimited, match="slow down"):
        both.all()


async def test_what_comes_after_a_failure_changes_nothing() -> None:
    """The first end counts."""
    call = exchange(1)
    call.fail(ConnectionLost("gone"))
    call.settle(1, "late")
    call.fail(ConnectionLost("again"))

    with pytest.raises(ConnectionLost, match="gone"):
        await call.answered


async def test_a_refused_batch_is_retried_and_a_rate_limit_is_not() -> None:
    """Only a refusal of the batch as such is worth a smaller one."""
    refused, limited, single = exchange(1, 2, batch=True), exchange(1, 2, batch=True), exchange(1)
    refused.refuse(error_answer(-32010, "The batch request was too large"))
    limited.refuse(error_answer(429, "slow down"))
    single.refuse(error_answer(-32700, "Parse error"))

    with pytest.raises(BatchRefused):
        await refused.answered
    with pytest.raises(RateLimited):
        await limited.answered
    with pytest.raises(ErrorAnswer, match="Parse error"):
        await single.answered


@pytest.mark.parametrize(
    ("code", "length", "next_length"), [(-32005, 64, 1), (-32600, 64, 1), (-32010, 64, 32), (-32010, 3, 1)]
)
def test_the_next_batch_is_half_as_long_or_none_at_all(code: int, length: int, next_length: int) -> None:
    """A node that takes no arrays is not asked with a smaller one."""
    assert BatchRefused(ErrorAnswer(code, "no")).smaller(length) == next_length
