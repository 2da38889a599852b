"""@polkadot/api in a Node process: independent hands and eyes for tests (`tests/e2e/chopsticks/drive.mjs`)."""

import fcntl
import json
import os
import selectors
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.data import REPOSITORY, missing

FOLDER = REPOSITORY / "tests" / "e2e" / "chopsticks"
CALL_SECONDS = 120


def node_program() -> Path:
    """The path of Node 22, after installing the locked npm packages where they are missing or old."""
    if shutil.which("npm") is None:
        missing("npm is not here: Chopsticks and @polkadot/api come through it")
    with (FOLDER / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test runs side by side share the folder
        _install()
    program = FOLDER / "node_modules" / ".bin" / "node"
    if not program.exists():
        missing("npm has no Node 22 for this machine: Chopsticks 1.5.1 needs one")
    return program


def _install() -> None:
    installed = FOLDER / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= (FOLDER / "package-lock.json").stat().st_mtime:
        return
    done = subprocess.run(
        ["npm", "ci", "--loglevel=error"], cwd=FOLDER, capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode:
        missing(f"npm ci failed in {FOLDER.relative_to(REPOSITORY)}: {done.stderr.strip()[-500:]}")


def plain(value: Any) -> Any:
    """Integers as decimal texts: JSON numbers of the other side end at 2^53."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started here in a session of its own, and all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


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
    program = node_program()
    with log.open("ab") as said:
        process = subprocess.Popen(
            [program, "drive.mjs"],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,
        )
    try:
        yield Driver(process)
    finally:
        end(process)
