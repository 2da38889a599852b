"""@polkadot/api in a Node process: independent hands and eyes for tests (`tests/e2e/chopsticks/drive.mjs`)."""

import json
import selectors
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.data import REPOSITORY, missing
from tests.node_packages import packages, talking

FOLDER = REPOSITORY / "tests" / "e2e" / "chopsticks"
CALL_SECONDS = 120


def node_program() -> Path:
    """The path of Node 22, which comes with the folder's packages."""
    program = packages("e2e/chopsticks") / "node_modules" / ".bin" / "node"
    if not program.exists():
        missing("npm has no Node 22 for this machine: Chopsticks 1.5.1 needs one")
    return program


def plain(value: Any) -> Any:
    """Integers as decimal texts: JSON numbers of the other side end at 2^53."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class Driver:
    """The Node process with @polkadot/api (`drive.mjs`), asked one question at a time."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._asked = 0
        assert process.stdin is not None
        assert process.stdout is not None
        self._input, self._output = process.stdin, process.stdout

    def ask(self, method: str, **params: Any) -> Any:
        """The result of one method of `drive.mjs`; RuntimeError with its message where it failed."""
        self._asked += 1
        question = {"id": self._asked, "method": method, "params": plain(params)}
        self._input.write(json.dumps(question).encode() + b"\n")
        self._input.flush()
        answer = json.loads(self._line())
        assert answer["id"] == self._asked
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def _line(self) -> bytes:
        with selectors.DefaultSelector() as ready:
            ready.register(self._output, selectors.EVENT_READ)
            if not ready.select(CALL_SECONDS):
                raise TimeoutError(f"drive.mjs gave no answer in {CALL_SECONDS} s")
        return self._output.readline()

    def address(self, uri: str) -> str:
        """SS58 text of a dev account such as `//Alice`, with prefix 42."""
        return str(self.ask("address", uri=uri))

    def public_key(self, uri: str) -> bytes:
        """The 32 bytes of a dev account."""
        return bytes.fromhex(self.ask("public_key", uri=uri)[2:])


@contextmanager
def driver(log: Path) -> Iterator[Driver]:
    """A running Driver; what @polkadot/api says about itself goes to the file `log`."""
    with talking(node_program(), "drive.mjs", FOLDER, log) as process:
        yield Driver(process)
