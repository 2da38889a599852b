"""The programs that judge what lies in `deploy/`, and how they are run: to their end, with what they said.

Docker Compose and hadolint come with the development packages; the others are Debian's. None needs a Docker engine.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.data import REPOSITORY, missing

DEPLOY = REPOSITORY / "deploy"
COMPOSE = DEPLOY / "compose"
PACKAGES = {
    "promtool": "prometheus",
    "prometheus": "prometheus",
    "amtool": "prometheus-alertmanager",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "systemd-analyze": "systemd",
    "systemd-sysusers": "systemd",
    "buildah": "buildah",
    "mmdebstrap": "mmdebstrap",
    "unshare": "util-linux",
    "ip": "iproute2",
}
_EXAMPLE = re.compile(r"^(\s*)# (?=(\w+:|- )( |$)| {2,}\w+: )", re.MULTILINE)


def program(name: str) -> str:
    """The path of a program; skips, or fails where parts are required, if it is not here."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        missing(f"{name} is not here (Debian: {PACKAGES.get(name, 'none, run make setup')})")
    return found


def judged(*command: str | Path, environ: Mapping[str, str] | None = None) -> tuple[int, str]:
    """The exit code, and both outputs in one text."""
    words = [program(str(command[0])), *map(str, command[1:])]
    done = subprocess.run(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ, check=False, cwd=REPOSITORY
    )
    return done.returncode, done.stdout


def documented(name: str) -> str:
    """The commands under a name, as they stand in docs/deploy.md."""
    document = (REPOSITORY / "docs" / "deploy.md").read_text("utf-8")
    (commands,) = re.findall(rf"^```sh {name}\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    return str(commands)


def loaded(path: Path) -> Any:
    """A YAML file as data."""
    return yaml.safe_load(path.read_text())


def with_examples(configuration: Path) -> str:
    """A configuration of ours with its commented examples taken into use."""
    return _EXAMPLE.sub(r"\1", configuration.read_text())
