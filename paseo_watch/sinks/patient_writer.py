"""Writes to a stream that may take no more for as long as it likes: a paused terminal, a pipe that nobody reads.

A thread that is blocked in a write cannot be ended, and the interpreter waits for it at exit. So nothing is written
before the system says that it will not block.
"""

import io
import os
import select
import threading
from typing import TextIO

CHUNK = select.PIPE_BUF
"""Bytes written at once: a pipe that is ready takes this much without blocking (POSIX, write and poll)."""
LOOK_EVERY = 100
"""Milliseconds between looks whether to stop."""


class PatientWriter:
    """One stream. `write` blocks, for use in a thread; `stop` makes it end soon, from any thread and for good."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._stopped = threading.Event()

    def stop(self) -> None:
        """What is being written now is cut off, and nothing more is."""
        self._stopped.set()

    def write(self, text: str) -> None:
        """Write all of it, with what the encoding lacks escaped. Raises OSError, or ValueError for a closed stream."""
        encoding = self._stream.encoding or "utf-8"
        encoded = text.encode(encoding, "backslashreplace")
        self._stream.flush()  # what was printed before comes before
        try:
            file = self._stream.fileno()
        except io.UnsupportedOperation:  # in memory: never blocks
            self._stream.write(encoded.decode(encoding))
            self._stream.flush()
        else:
            self._write(file, encoded)

    def _write(self, file: int, rest: bytes) -> None:
        ready = select.poll()
        ready.register(file, select.POLLOUT)
        while rest:
            if self._stopped.is_set():
                raise OSError("stopped before it was written")
            if ready.poll(LOOK_EVERY):
                rest = rest[os.write(file, rest[:CHUNK]) :]
