"""A real PostgreSQL server for tests: on 127.0.0.1, in a folder of its own, gone at the end.

The server refuses to run as root; there it runs as `nobody`. Where PostgreSQL is not installed, `missing` says so.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy import URL

from tests.data import missing
from tests.ports import free_port

PASSWORD = "between:us@/home"


class PostgresServer:
    """One server. `url` names a fresh database each time; `crash` and `start` do what they say."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._databases = count()
        self.port = free_port()

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

    def end_sessions(self, program: str) -> None:
        """Have the server end the sessions of the clients whose application name begins with this."""
        ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE starts_with(application_name, %s)"
        with self.connect(self.url("postgres")) as conn:
            conn.execute(ours, [program])

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """No process of the server does anything, and every connection stays: SIGSTOP, and SIGCONT at the end."""
        main = int((self._folder / "data" / "postmaster.pid").read_text().split()[0])
        stopped = [main]
        os.kill(main, signal.SIGSTOP)  # first, so that it makes no further one
        try:
            for pid in _children(main):
                os.kill(pid, signal.SIGSTOP)
                stopped.append(pid)
            yield
        finally:
            for pid in stopped:
                with suppress(ProcessLookupError):  # it had ended already, and only waited to be reaped
                    os.kill(pid, signal.SIGCONT)

    def caught(self, url: str, program: str, table: str) -> psycopg.Connection:
        """Wait until a transaction of that program stands in the middle, about to write to this table.

        It stands there until the connection that comes back is closed.
        """
        waiting = """SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
            AND wait_event = 'relation' AND starts_with(application_name, %s)"""
        holding = psycopg.connect(url)
        holding.execute(f"LOCK TABLE {table} IN SHARE MODE".encode())
        with self.connect(url) as looking:
            while not looking.execute(waiting, [program]).fetchall():
                time.sleep(0.01)
        return holding

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


def _children(parent: int) -> list[int]:
    """By the fourth field of /proc/PID/stat; the second, the program's name, stands in parentheses."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def _server_user() -> str:
    return "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
