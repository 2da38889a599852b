"""Element Web's own crypto stack as a reader (`tests/e2e/matrix/reader.mjs`): what it reads, Element shows.

with matrix_readers(log) as readers:
    alice = readers.start(synapse.register("alice"))
    alice.join(room)
    [message] = alice.read(room, 1)
    message.body, message.failure
"""

import json
import selectors
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.node_packages import packages, talking
from tests.polkadot_api import node_program
from tests.synapse import User

SECONDS = 60
"""How long a reader waits for messages; then it tells what it has, and the test fails on that."""


@dataclass(frozen=True)
class Seen:
    """One message as the reader has it.

    `failure` is the reason why it cannot be read (then `content` is None), `shield` 0 where a client warns of nothing,
    `delivery` our delivery id outside the ciphertext, `session` the room key's id.
    """

    event: str
    wire_type: str
    session: str | None
    delivery: str | None
    failure: str | None
    content: dict[str, Any] | None
    shield: int | None
    signed_by_owner: bool | None

    @property
    def body(self) -> str | None:
        """The plain text, None where it cannot be read."""
        return None if self.content is None else self.content["body"]


class Readers:
    """The Node process; as many readers in it as a test likes."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log
        self._numbers = count(1)

    def start(self, user: User) -> "Reader":
        """A reader on this user's device, which is a new one to encryption. Ready when its first sync is done."""
        name = f"{user.id} {user.device}"
        self.ask("start", name=name, url=user.synapse.url, user=user.id, token=user.token, device=user.device)
        return Reader(self, name)

    def ask(self, method: str, **params: Any) -> Any:
        """The result of one method of `reader.mjs`."""
        number = next(self._numbers)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": number, "method": method, "params": params}).encode() + b"\n")
        self._process.stdin.flush()
        answer = json.loads(self._line(method))
        assert answer["id"] == number
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}; see {self._log}")
        return answer["result"]

    def _line(self, method: str) -> bytes:
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as ready:
            ready.register(self._process.stdout, selectors.EVENT_READ)
            if not ready.select(2 * SECONDS):
                raise TimeoutError(f"reader.mjs gave no answer to {method}; see {self._log}")
        return self._process.stdout.readline()


@dataclass(frozen=True)
class Reader:
    """One reader in the process."""

    readers: Readers
    name: str

    def join(self, room: str) -> None:
        """Accept an invitation."""
        self.readers.ask("join", name=self.name, room=room)

    def read(self, room: str, expected: int) -> list[Seen]:
        """All messages of others in the room, when there are so many and each is read, or is known to be unreadable."""
        seen = self.readers.ask("read", name=self.name, room=room, count=expected, seconds=SECONDS)
        return [Seen(**each) for each in seen]

    def stop(self) -> None:
        """Forget it, keys and all."""
        self.readers.ask("stop", name=self.name)


@contextmanager
def matrix_readers(log: Path) -> Iterator[Readers]:
    """A running process; what its libraries say goes to the file `log`."""
    with talking(node_program(), "reader.mjs", packages("e2e/matrix"), log) as process:
        yield Readers(process, log)
