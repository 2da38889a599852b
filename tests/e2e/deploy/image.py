"""Our image, really built and run without a Docker engine: by buildah, on a stand-in for the base image.

No image registry is asked. The base is made of Debian's packages under the name that the Dockerfile gives it: Debian's
Python 3.11 where the real one has its own, and only what the Dockerfile's commands need. Packages are extracted, not
configured, which takes seconds. The Dockerfile itself is taken as it is.

A container is this image's files with its user, environment and command; all but its volume is read-only, as in
deploy/compose, and its network has nothing but a loopback. Needs root.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.data import REPOSITORY, missing
from tests.e2e.deploy.programs import program

SUITE = "bookworm"
PACKAGES = (
    *("base-files", "base-passwd", "bash", "coreutils", "dash", "findutils", "libc-bin", "mawk", "passwd"),
    *("python3.11", "python3.11-venv"),
)
FINISH = """
set -e
cp usr/share/base-passwd/passwd.master etc/passwd
cp usr/share/base-passwd/group.master etc/group
ln -s mawk usr/bin/awk
mkdir -p usr/local/bin
ln -s /usr/bin/python3.11 usr/local/bin/python
"""
CERTIFICATES = Path("/etc/ssl/certs")
CONTAINER = """
set -e
mount --bind "$ROOT" "$ROOT"
mount --rbind /dev "$ROOT/dev"
mount -t proc proc "$ROOT/proc"
mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp"
mount -t tmpfs -o "mode=0700,uid=${USER_ID%:*},gid=${USER_ID#*:}" tmpfs "$ROOT$VOLUME"
[ -z "$ETC" ] || mount --bind "$ETC" "$ROOT/etc/paseo-watch"
mount -o remount,bind,ro "$ROOT"
ip link set lo up
exec setpriv --no-new-privs chroot --userspec="$USER_ID" "$ROOT" /usr/bin/env -i "$@"
"""


@dataclass(frozen=True)
class Image:
    """A built image: its files, and its configuration as Docker would read it."""

    root: Path
    configuration: dict[str, Any]
    base_bytes: int

    @property
    def bytes(self) -> int:
        """The size of all its files."""
        return _size(self.root)

    def command(self, *words: str) -> list[str]:
        """The image's entry point with these words."""
        return [*self.configuration["Entrypoint"], *words]

    def run(self, command: Sequence[str], etc: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command in a container to its end; `etc` is mounted as /etc/paseo-watch."""
        (volume,) = self.configuration["Volumes"]
        user = self.configuration["User"]
        container = {"ROOT": str(self.root), "VOLUME": volume, "USER_ID": user, "ETC": str(etc or "")}
        inside = f"cd {shlex.quote(self.configuration['WorkingDir'])} && exec {shlex.join(command)}"
        words = [program("unshare"), "--mount", "--net", "--pid", "--fork", "sh", "-c", CONTAINER, "container"]
        return subprocess.run(
            [*words, *self.configuration["Env"], "sh", "-c", inside],
            capture_output=True, text=True, check=False, env={**os.environ, **container},
        )  # fmt: skip


class Builder:
    """buildah with a storage of its own in `folder`; `close` takes away what it has mounted.

    The storage driver is overlay where this kernel and folder allow it, else vfs, which takes twice as long.
    """

    def __init__(self, folder: Path) -> None:
        if os.geteuid():
            missing("only root can build an image here")
        self._folder = folder
        probe = subprocess.run([*self._with_driver("overlay", "probe"), "info"], capture_output=True, check=False)
        self._buildah = self._with_driver("vfs" if probe.returncode else "overlay", "storage")

    def _with_driver(self, driver: str, root: str) -> list[str]:
        places = ["--root", str(self._folder / root), "--runroot", str(self._folder / f"{root}-run")]
        return [program("buildah"), *places, "--storage-driver", driver]

    def build(self) -> Image:
        """The image of the repository's Dockerfile."""
        base = re.findall(r"^FROM (\S+:\S+)", (REPOSITORY / "Dockerfile").read_text(), re.MULTILINE)
        assert len(set(base)) == 1, base
        base_bytes = self._make_base(f"localhost/{base[0]}")
        words = ["build", "--isolation=chroot", "--layers=false", "--format=docker", "--pull-never", "--quiet"]
        self._do(*words, *self._package_index(), "--tag=paseo-watch:test", str(REPOSITORY))
        container = self._do("from", "--pull-never", "localhost/paseo-watch:test")
        root = Path(self._do("mount", container))
        (root / "etc" / "paseo-watch").mkdir()
        configuration = json.loads(self._do("inspect", container))["Docker"]["config"]
        return Image(root, configuration, base_bytes)

    def close(self) -> None:
        """Unmount and remove everything."""
        self._do("rm", "--all")
        self._do("rmi", "--all", "--force")

    def _make_base(self, name: str) -> int:
        archive = self._folder / "base.tar"
        wanted = f"--include={','.join(PACKAGES)}"
        done = subprocess.run(
            [program("mmdebstrap"), "--quiet", "--variant=extract", wanted, SUITE, str(archive)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            missing(f"Debian's packages cannot be had: {done.stderr.strip()[-500:]}")
        container = self._do("from", "scratch")
        root = self._do("mount", container)
        subprocess.run(["tar", "--extract", f"--file={archive}", f"--directory={root}"], check=True)
        subprocess.run(["sh", "-c", FINISH], cwd=root, check=True)
        size = _size(Path(root))
        archive.unlink()
        self._do("commit", "--quiet", "--rm", container, name)
        return size

    def _package_index(self) -> list[str]:
        """How this machine's pip reaches its index, for the one in the build."""
        asked = subprocess.run(
            [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
        ).stdout
        known = dict(re.findall(r"^\S+\.(cert|index-url|proxy)='(.*)'$", asked, re.MULTILINE))
        file = self._folder / "pip.conf"
        file.write_text("\n".join(["[global]", *(f"{key} = {value}" for key, value in known.items())]))
        mounts = {file: "/etc/pip.conf"} | ({CERTIFICATES: str(CERTIFICATES)} if CERTIFICATES.is_dir() else {})
        return [f"--volume={source}:{target}:ro" for source, target in mounts.items()]

    def _do(self, *words: str) -> str:
        done = subprocess.run([*self._buildah, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"buildah {words[0]}:\n{(done.stdout + done.stderr)[-3000:]}"
        return done.stdout.strip()


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
