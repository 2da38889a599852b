"""Programs for Node in the tests' folders: their locked npm packages, and a process that is asked line by line."""

import fcntl
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.data import REPOSITORY, missing

INSTALL_SECONDS = 600
SCRIPT_SECONDS = 600


def packages(name: str) -> Path:
    """The folder of this name in `tests`, its locked packages installed where they are missing or old."""
    folder = REPOSITORY / "tests" / name
    if shutil.which("npm") is None:
        missing(f"npm is not here: what tests/{name} needs comes through it")
    lock, installed = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # test runs side by side share the folder
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            _install(folder)
    return folder


def _install(folder: Path) -> None:
    command = ["npm", "ci", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    if done.returncode:
        missing(f"npm ci failed in {folder.relative_to(REPOSITORY)}: {done.stderr.strip()[-500:]}")


def node() -> str:
    """The Node of this machine."""
    program = shutil.which("node")
    if program is None:
        missing("node is not here")
    return program


def output_of(name: str, script: str, *arguments: str, lines: str = "") -> str:
    """What a script of that folder prints, given these lines; it must end well."""
    command = [node(), script, *arguments]
    folder = packages(name)
    done = subprocess.run(
        command, cwd=folder, input=lines, capture_output=True, text=True, timeout=SCRIPT_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@contextmanager
def talking(program: str | Path, script: str, folder: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A script of the folder, to be asked over its standard input; what it says besides goes to the file `log`."""
    with log.open("ab") as said:
        process = subprocess.Popen(
            [program, script],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
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
