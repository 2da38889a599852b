"""A real Synapse for tests: on 127.0.0.1, in a folder of its own, killed and started again as a test likes.

    with running_synapse(tmp_path) as synapse:
        bot, alice = synapse.register("bot"), synapse.register("alice")
        room = alice.create_room(invite=[bot.id])

Synapse lives in an environment of its own, since its dependencies are not ours: the folder `.venv-synapse` beside the
checkout's `.venv`, made at its first use, or the Python that PASEO_WATCH_SYNAPSE_PYTHON names. Users talk to it
with the standard library's HTTP client, which shares no code with the one under test; a call blocks for some
milliseconds, in an async test too.
"""

import base64
import fcntl
import hashlib
import hmac
import http.client
import json
import os
import secrets
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from tests.data import REPOSITORY, missing
from tests.ports import free_port

ENVIRONMENT = REPOSITORY / ".venv-synapse"
LOCK = REPOSITORY / "tests" / "e2e" / "synapse" / "requirements.lock"
NAME = "test.local"
"""The homeserver's name in user and room ids."""
PLENTY = {"per_second": 10_000, "burst_count": 10_000}
OPTIONS: Mapping[str, Any] = {
    "rc_message": PLENTY,
    "rc_login": {"address": PLENTY, "account": PLENTY, "failed_attempts": PLENTY},
    "rc_joins": {"local": PLENTY, "remote": PLENTY},
    "rc_invites": {"per_room": PLENTY, "per_user": PLENTY, "per_issuer": PLENTY},
    "rc_room_creation": PLENTY,
    "rc_registration": PLENTY,
    "rc_admin_redaction": PLENTY,
}
"""What every test gets that does not say otherwise: no limit."""


class MatrixError(AssertionError):
    """An answer that is not 2xx: `status`, `errcode`."""

    def __init__(self, status: int, answer: Mapping[str, Any]) -> None:
        super().__init__(f"{status}: {answer}")
        self.status = status
        self.errcode = answer.get("errcode")


class Synapse:
    """One homeserver. Its port, keys and database outlive `kill`; `start` goes on with them.

    `options` go over OPTIONS and Synapse's own; None takes one of OPTIONS away, so that Synapse's default holds.
    `speed` runs the homeserver's clock so many times as fast, under libfaketime.
    """

    def __init__(self, python: str, folder: Path, options: Mapping[str, Any], speed: float = 1) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [python, "-m", "synapse.app.homeserver", "--config-path", str(folder / "homeserver.yaml")]
        self._environment = {**os.environ, **(_faster(speed) if speed != 1 else {})}
        self._process: subprocess.Popen[bytes] | None = None
        self.options = {key: value for key, value in {**OPTIONS, **options}.items() if value is not None}
        self._write_configuration()

    def start(self) -> None:
        """Start and wait until it answers; raises with the end of its log where it dies instead."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self.folder, stdout=log, stderr=log, env=self._environment
            )
        while not self._answers():
            if self._process.poll() is not None:
                raise AssertionError(f"Synapse did not start:\n{(self.folder / 'log').read_text()[-3000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL, as if the machine had lost power; `start` goes on with what is on the disk."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """SIGTERM, and wait for the end."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def register(self, name: str, *, admin: bool = False, password: str | None = None) -> "User":
        """A new user, logged in with a device of its own."""
        nonce = self.call("GET", "/_synapse/admin/v1/register")["nonce"]
        password = password or secrets.token_hex(8)
        signed = "\0".join((nonce, name, password, "admin" if admin else "notadmin"))
        body = {
            "nonce": nonce,
            "username": name,
            "password": password,
            "admin": admin,
            "mac": hmac.digest(self.options["registration_shared_secret"].encode(), signed.encode(), "sha1").hex(),
        }
        answer = self.call("POST", "/_synapse/admin/v1/register", body)
        return User(self, answer["user_id"], password, answer["device_id"], answer["access_token"])

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        """One request; the JSON of a 2xx answer, else MatrixError."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json", **headers})
            response = connection.getresponse()
            answer = json.loads(response.read())
        if not 200 <= response.status < 300:
            raise MatrixError(response.status, answer)
        return answer

    def query(self, statement: str, *values: Any) -> list[Any]:
        """Run SQL on the database; while the server is down only."""
        assert self._process is None, "Synapse caches what it has read"
        with closing(sqlite3.connect(self.folder / "homeserver.db")) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def _answers(self) -> bool:
        try:
            self.call("GET", "/_matrix/client/versions")
        except (OSError, http.client.HTTPException, MatrixError):
            return False
        return True

    def _write_configuration(self) -> None:
        seed = base64.b64encode(hashlib.sha256(NAME.encode()).digest()).decode().rstrip("=")
        (self.folder / "signing.key").write_text(f"ed25519 a_test {seed}\n")
        listener = {"port": self.port, "bind_addresses": ["127.0.0.1"], "type": "http", "tls": False}
        self.options = {
            "server_name": NAME,
            "pid_file": str(self.folder / "pid"),
            "listeners": [{**listener, "resources": [{"names": ["client"]}]}],
            "database": {"name": "sqlite3", "args": {"database": str(self.folder / "homeserver.db")}},
            "media_store_path": str(self.folder / "media"),
            "registration_shared_secret": "for tests only",
            "macaroon_secret_key": "for tests only",
            "form_secret": "for tests only",
            "signing_key_path": str(self.folder / "signing.key"),
            "trusted_key_servers": [],
            "federation_domain_whitelist": [],
            "report_stats": False,
            "bcrypt_rounds": 4,
            "presence": {"enabled": False},
            "suppress_key_server_warning": True,
            **self.options,
        }
        (self.folder / "homeserver.yaml").write_text(json.dumps(self.options))


@dataclass(frozen=True)
class User:
    """Somebody on the homeserver who is not under test."""

    synapse: Synapse
    id: str
    password: str
    device: str
    token: str

    _transactions = count()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One request of the client-server API, its path without `/_matrix/client/v3`."""
        return self.synapse.call(method, f"/_matrix/client/v3{path}", body, self.token)

    def login(self, device: str | None = None) -> Self:
        """The same user with a new token: of this device, or of a new one."""
        answer = self.call(
            "POST",
            "/login",
            {
                "type": "m.login.password",
                "identifier": {"type": "m.id.user", "user": self.id},
                "password": self.password,
                **({"device_id": device} if device else {}),
            },
        )
        return type(self)(self.synapse, self.id, self.password, answer["device_id"], answer["access_token"])

    def create_room(
        self, *, invite: list[str] | None = None, encrypted: bool = False, alias: str | None = None, **more: Any
    ) -> str:
        """A new room that can be joined with an invitation only; its id."""
        state = [{"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}] if encrypted else []
        body = {"preset": "private_chat", "invite": invite or [], "initial_state": state, **more}
        room: str = self.call("POST", "/createRoom", body | ({"room_alias_name": alias} if alias else {}))["room_id"]
        return room

    def join(self, room: str) -> None:
        """Accept an invitation."""
        self.call("POST", f"/join/{quote(room)}", {})

    def send(self, room: str, body: str) -> str:
        """A plain text message; its event id."""
        path = f"/rooms/{quote(room)}/send/m.room.message/{next(self._transactions)}"
        event: str = self.call("PUT", path, {"msgtype": "m.text", "body": body})["event_id"]
        return event

    def set_state(self, room: str, kind: str, content: Mapping[str, Any]) -> None:
        """One state event with an empty key."""
        self.call("PUT", f"/rooms/{quote(room)}/state/{kind}/", content)

    def state(self, room: str, kind: str) -> dict[str, Any]:
        """The content of a state event with an empty key."""
        content: dict[str, Any] = self.call("GET", f"/rooms/{quote(room)}/state/{kind}/")
        return content

    def events(self, room: str) -> list[dict[str, Any]]:
        """The whole timeline that this user may see, oldest first."""
        found: list[dict[str, Any]] = []
        token: str | None = ""
        while token is not None:
            page = self.call(
                "GET", f"/rooms/{quote(room)}/messages?dir=b&limit=100" + (f"&from={token}" if token else "")
            )
            found += page["chunk"]
            token = page.get("end")
        return found[::-1]

    def messages(self, room: str) -> list[dict[str, Any]]:
        """The content of each plain message in the room, oldest first."""
        return [event["content"] for event in self.events(room) if event["type"] == "m.room.message"]


@contextmanager
def running_synapse(folder: Path, *, speed: float = 1, **options: Any) -> Iterator[Synapse]:
    """A homeserver for as long as the block lasts; `folder` is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    synapse = Synapse(_python(), folder, options, speed)
    try:
        synapse.start()
        yield synapse
    finally:
        synapse.kill()


def _python() -> str:
    named = os.environ.get("PASEO_WATCH_SYNAPSE_PYTHON")
    if named:
        return named
    installed = ENVIRONMENT / "installed.lock"
    with LOCK.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # test runs side by side share the environment
        lock = held.read()
        if not installed.is_file() or installed.read_bytes() != lock:
            _install()
            installed.write_bytes(lock)
    return str(ENVIRONMENT / "bin" / "python")


def _install() -> None:
    pip = (str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    for command in ((sys.executable, "-m", "venv", str(ENVIRONMENT)), (*pip, "--require-hashes", "-r", str(LOCK))):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            missing(f"Synapse cannot be installed: {done.stderr.strip()[-500:]}")


def _faster(speed: float) -> dict[str, str]:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        missing("libfaketime is not installed (Debian: faketime)")
    return {"LD_PRELOAD": str(found[0]), "FAKETIME": f"+0 x{speed:g}"}
