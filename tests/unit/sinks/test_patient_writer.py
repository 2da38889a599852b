"""What nobody takes waits, and ends when it is told to."""

import io
import os
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from paseo_watch.sinks.patient_writer import PatientWriter

MUCH = "ä" * 500_000  # more than a pipe holds


@pytest.fixture(name="pipe")
def _pipe() -> Iterator[tuple[int, io.TextIOWrapper]]:
    reading, writing = os.pipe()
    with open(writing, "w", encoding="utf-8") as stream:
        yield reading, stream
    os.close(reading)


def test_a_write_that_nobody_reads_ends_when_told_to(pipe: tuple[int, io.TextIOWrapper]) -> None:
    """The thread is gone then, so that the interpreter can exit."""
    writer = PatientWriter(pipe[1])
    errors: list[str] = []

    def write() -> None:
        try:
            writer.write(MUCH)
        except OSError as error:
            errors.append(str(error))

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    assert os.read(pipe[0], 1) == b"\xc3"  # it is under way
    writer.stop()
    thread.join(10)

    assert not thread.is_alive()
    assert errors == ["stopped before it was written"]


def test_what_is_read_slowly_arrives_whole_and_after_what_was_printed(pipe: tuple[int, io.TextIOWrapper]) -> None:
    """In pieces that a pipe takes, without losing a byte between two of them."""
    reading, stream = pipe
    print("before", file=stream)
    writer = PatientWriter(stream)
    thread = threading.Thread(target=writer.write, args=(MUCH,), daemon=True)
    thread.start()
    taken = b""
    while len(taken) < len("before\n" + MUCH.encode().decode("latin-1")):
        taken += os.read(reading, 5_000)
    thread.join(10)

    assert taken.decode() == "before\n" + MUCH


def test_a_pipe_whose_reader_is_gone_raises() -> None:
    """And does not wait."""
    reading, writing = os.pipe()
    os.close(reading)
    with closing(open(writing, "w", encoding="utf-8")) as stream, pytest.raises(BrokenPipeError):
        PatientWriter(stream).write("a")
