"""The shipped fake does what it says."""

import pytest

from paseo_watch.sinks.memory import MemorySink
from paseo_watch.sinks.sink import SendFailed
from tests.unit.sinks.samples import delivery


async def test_it_fails_as_scripted_and_keeps_what_got_through() -> None:
    """One entry of the script a send; after its end everything passes."""
    sink = MemorySink([SendFailed("later", retry_after=3), None])
    await sink.open()
    with pytest.raises(SendFailed, match="later"):
        await sink.send(delivery(1))
    for number in (1, 2, 2):
        await sink.send(delivery(number))
    assert list(sink.sent) == [delivery(1).id, delivery(2).id]
    assert sink.attempts == 4
    assert sink.is_open
    await sink.close()
    assert not sink.is_open
