"""A real PostgreSQL server for tests: on 127.0.0.1, in a folder of its own, gone at the end.

The server refuses to run as root; there it runs as `nobody`. Where PostgreSQL is not installed, `missing` says so.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy import URL

from tests.data import missing

PASSWORD = "between:us@/home"


class PostgresServer:
    """One server. `url` names a fresh database each time; `crash` and `start` do what they say."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._databases = count()
        self.port = _free_port()

    def url(self, database: str | None = None, *, password: str = PASSWORD, options: str = "") -> str:
        """The URL of a fresh, empty database, or of the named one."""
        name = database or self._create()
        url = URL.create("postgresql", "postgres", password, "127.0.0.1", self.port, name)
        return url.render_as_string(hide_password=False) + options

    def connect(self, url: str) -> psycopg.Connection:
        """A connection beside the store's, for looking and meddling."""
        return psycopg.connect(url, autocommit=True)

    def initialise(self) -> None:
        """Make the cluster."""
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        shutil.chown(secret, _server_user())
        options = ["-U", "postgres", "-A", "scram-sha-256", f"--pwfile={secret}"]
        self._run("initdb", "-D", "data", *options, "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")

    def start(self) -> None:
        """Start and wait until it answers."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "fsync": "off",
        }
        options = " ".join(f"-c {key}='{value}'" for key, value in settings.items())
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")

    def crash(self) -> None:
        """End at once, as if the machine had lost power; `start` recovers."""
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "stop")

    def stop(self) -> None:
        """End cleanly where it runs."""
        self._run("pg_ctl", "-D", "data", "-m", "fast", "stop", check=False)

    def _create(self) -> str:
        name = f"store_{next(self._databases)}"
        with self.connect(self.url("postgres")) as conn:
            conn.execute(f"CREATE DATABASE {name}".encode())
        return name

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        as_user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
        command = [*as_user, str(self._programs / program), *arguments]
        result = subprocess.run(command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if check and result.returncode:
            log = self._folder / "log"
            raise AssertionError(f"{program} failed: {log.read_text() if log.exists() else 'no log'}")


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A server for as long as the block lasts."""
    folder_of_programs = programs()
    folder = Path(tempfile.mkdtemp(prefix="paseo-watch-pg-"))
    try:
        shutil.chown(folder, _server_user())
        server = PostgresServer(folder_of_programs, folder)
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def programs() -> Path:
    """The folder of the server's programs; `missing` where there is none."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: path.parts[-3])
    if not installed:
        missing("PostgreSQL's server is not installed (Debian: postgresql)")
    return installed[-1].parent


def _server_user() -> str:
    return "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
