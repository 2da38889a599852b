"""Bodies are read to a bound."""

import pytest

from paseo_watch.sinks.discord.stream import read_up_to
from tests.unit.sinks.discord.samples import stream


@pytest.mark.parametrize(("limit", "expected"), [(3, b"abc"), (6, b"abcdef"), (7, b"abcdef"), (1, b"a")])
async def test_a_body_is_read_whole_or_up_to_the_limit(limit: int, expected: bytes) -> None:
    """In as many pieces as it comes."""
    made = stream(b"ab", b"cd", b"ef")
    assert await read_up_to(made, limit) == expected
