"""Work that prints for somebody: it ends with its reader."""

import asyncio
import io
import os
from collections.abc import Iterator
from typing import TextIO

import pytest

from paseo_watch.cli.errors import NobodyReads
from paseo_watch.cli.execute import execute
from paseo_watch.cli.while_read import while_read


@pytest.fixture(name="pipe")
def _pipe() -> Iterator[tuple[int, TextIO]]:
    """A pipe's two ends; who reads closes the first."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        yield reading, stream


async def seven() -> int:
    await asyncio.sleep(0)
    return 7


async def for_ever(ended: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        ended.append("cleanly")


def test_the_result_comes_out_where_somebody_reads_or_nobody_could(pipe: tuple[int, TextIO]) -> None:
    """A stream in memory has no reader that could go."""
    reading, stream = pipe
    assert execute(while_read(seven(), stream)) == 7
    assert execute(while_read(seven(), io.StringIO())) == 7
    os.close(reading)


def test_work_without_end_ends_once_nobody_reads(pipe: tuple[int, TextIO]) -> None:
    """With its clean-up, and told as what it is."""
    reading, stream = pipe
    os.close(reading)
    ended: list[str] = []
    with pytest.raises(NobodyReads):
        execute(while_read(for_ever(ended), stream))
    assert ended == ["cleanly"]
