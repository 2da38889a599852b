"""The npm packages that judge and show our messages (`tests/e2e/looks`)."""

import fcntl
import shutil
import subprocess
from pathlib import Path

from tests.data import REPOSITORY, missing

FOLDER = REPOSITORY / "tests" / "e2e" / "looks"


def looks_folder() -> Path:
    """The folder, its locked packages installed where they are missing or old."""
    if shutil.which("npm") is None:
        missing("npm is not here: the judges of our messages come through it")
    lock, installed = FOLDER / "package-lock.json", FOLDER / "node_modules" / ".package-lock.json"
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # test runs side by side share the folder
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            command = ["npm", "ci", "--loglevel=error"]
            done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=600, check=False)
            if done.returncode:
                missing(f"npm ci failed in {FOLDER.relative_to(REPOSITORY)}: {done.stderr.strip()[-500:]}")
    return FOLDER
