"""cyscale in a virtual environment of its own: it installs the same module as scalecodec and would break it."""

import json
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

VERSION = "0.8.0"
PLACE = Path(__file__).resolve().parent.parent / ".cache" / f"cyscale-{VERSION}"
PEER = Path(__file__).with_name("cyscale_peer.py")


class CyscaleMissing(Exception):
    """It could not be installed or started."""


class Cyscale:
    """A process that decodes one block with cyscale, as often as it is told to, and tells the time it took."""

    def __init__(self, progress: Callable[[str], None], metadata: Path, block: Path) -> None:
        python = _environment(progress)
        self._process = subprocess.Popen(
            [python, PEER, metadata, block], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._expect("ready")

    def seconds(self, times: int) -> float:
        """Seconds of processor that decoding the block takes, as the mean of `times` in a row."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{times}\n")
        self._process.stdin.flush()
        return self._expect("seconds")

    def _expect(self, key: str) -> float:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise CyscaleMissing("its process ended; what it wrote stands above")
        value: float = json.loads(line)[key]
        return value

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.terminate()
        self._process.communicate()


def _environment(progress: Callable[[str], None]) -> Path:
    python = PLACE / "bin" / "python"
    if not (PLACE / "installed").exists():
        progress(f"installing cyscale {VERSION}")
        venv.create(PLACE, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"cyscale=={VERSION}"]
        done = subprocess.run(command, stdout=sys.stderr, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise CyscaleMissing(f"pip could not install it: {done.stderr.strip().splitlines()[-1:]}")
        (PLACE / "installed").touch()
    return python
