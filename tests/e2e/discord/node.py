"""Node and the locked npm packages of this folder."""

import fcntl
import shutil
import subprocess
from pathlib import Path

from tests.data import REPOSITORY, missing

FOLDER = REPOSITORY / "tests" / "e2e" / "discord"


def node() -> Path:
    """The path of Node, after installing the packages where they are missing or old."""
    program = shutil.which("node")
    if program is None or shutil.which("npm") is None:
        missing("node or npm is not here: discord-api-spec and discord.js come through them")
    with (FOLDER / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test runs side by side share the folder
        _install()
    return Path(program)


def _install() -> None:
    installed = FOLDER / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= (FOLDER / "package-lock.json").stat().st_mtime:
        return
    done = subprocess.run(
        ["npm", "ci", "--loglevel=error"], cwd=FOLDER, capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode:
        missing(f"npm ci failed in {FOLDER.relative_to(REPOSITORY)}: {done.stderr.strip()[-500:]}")
