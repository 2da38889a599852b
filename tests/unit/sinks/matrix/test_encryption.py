"""One account's encryption: set up by the first room, refused with words where it cannot be readable."""

import asyncio
import base64
import importlib.util
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import peewee
import pytest
from pydantic import SecretStr

from paseo_watch.sinks.matrix import encryption
from paseo_watch.sinks.matrix.content import DELIVERY
from paseo_watch.sinks.matrix.cross_signing import CrossSigningKeys
from paseo_watch.sinks.matrix.encryption import Encryption
from paseo_watch.sinks.sink import SendFailed, SinkRefused
from tests.unit.sinks.matrix.key_server import DEVICE, ROOM, USER, KeyServer
from tests.unit.sinks.settings import FixedClock

SECRET = bytes(range(32))
KEY = SecretStr(base64.b64encode(SECRET).decode())
OTHERS = CrossSigningKeys.derive(bytes(32), USER)
CONTENT = {"body": "hello", DELIVERY: "d1"}


class FakeAccount:
    """What encryption needs of an account; a login as another device changes the session and no more."""

    def __init__(self, folder: Path, password: str | None = None, key: SecretStr | None = KEY) -> None:
        secret = None if password is None else SecretStr(password)
        self.options = SimpleNamespace(
            user=USER, device_id=DEVICE, password=secret, cross_signing_key=key, timeout=10.0
        )
        self.session = SimpleNamespace(user=USER, device_id=DEVICE)
        self.folder = folder
        self.clock = FixedClock()
        self.shown = "http://matrix.test (@bot:test)"

    async def log_in_as(self, device_id: str) -> None:
        self.session = SimpleNamespace(user=USER, device_id=device_id)


@pytest.fixture(name="server")
def key_server(monkeypatch: pytest.MonkeyPatch) -> KeyServer:
    """A server with a reader in the room; it answers whatever is asked here."""
    server = KeyServer()
    server.arrive("@alice:test", "ALICE")

    def requests(account: FakeAccount) -> KeyServer:
        server.account = account
        return server

    monkeypatch.setattr(encryption, "Requests", requests)
    return server


def made(account: FakeAccount) -> Encryption:
    return Encryption(account)  # type: ignore[arg-type]


async def refusal(account: FakeAccount) -> str:
    """Why it refuses; to prepare and to encrypt alike."""
    ours = made(account)
    with pytest.raises(SinkRefused) as first:
        await ours.prepare(ROOM)
    with pytest.raises(SinkRefused) as second:
        await ours.encrypt(ROOM, CONTENT)
    assert str(first.value) == str(second.value)
    await ours.close()
    return str(first.value)


async def test_a_message_is_encrypted_and_its_delivery_stays_readable(server: KeyServer, tmp_path: Path) -> None:
    ours = made(FakeAccount(tmp_path))
    content = await ours.encrypt(ROOM, CONTENT)
    assert server.peers[0].read(content) == CONTENT
    assert content[DELIVERY] == "d1"
    assert "hello" not in str(content)
    await ours.close()


async def test_a_content_without_a_delivery_gets_none(server: KeyServer, tmp_path: Path) -> None:
    ours = made(FakeAccount(tmp_path))
    assert DELIVERY not in await ours.encrypt(ROOM, {"body": "hello"})
    await ours.close()


async def test_several_rooms_at_once_wait_for_each_other(server: KeyServer, tmp_path: Path) -> None:
    ours = made(FakeAccount(tmp_path))
    contents = await asyncio.gather(*(ours.encrypt(ROOM, {"body": str(number)}) for number in range(5)))
    assert sorted(server.peers[0].read(content)["body"] for content in contents) == list("01234")
    assert len(server.sent) == 1
    await ours.close()


async def test_closed_and_opened_again_it_is_the_same_device(server: KeyServer, tmp_path: Path) -> None:
    account = FakeAccount(tmp_path)
    for _ in range(2):
        ours = made(account)
        assert server.peers[0].read(await ours.encrypt(ROOM, CONTENT)) == CONTENT
        await ours.close()
    assert list(server.devices[USER]) == [DEVICE]


@pytest.mark.parametrize("name", ["vodozemac", "peewee"])
async def test_without_the_extra(server: KeyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda wanted: None if wanted == name else find(wanted))
    assert "pip install '.[encryption]'" in await refusal(FakeAccount(tmp_path))
    assert server.asked == []


async def test_without_a_cross_signing_key(server: KeyServer, tmp_path: Path) -> None:
    assert "openssl rand -base64 32" in await refusal(FakeAccount(tmp_path, key=None))
    assert server.asked == []


async def test_foreign_keys_are_told_before_a_store_is_made(server: KeyServer, tmp_path: Path) -> None:
    server.cross_signing = OTHERS.upload_body(USER)
    assert "already has cross-signing keys" in await refusal(FakeAccount(tmp_path / "store", "passw0rd"))
    assert not (tmp_path / "store").exists()
    assert server.cross_signing == OTHERS.upload_body(USER)


async def test_with_a_wrong_key_it_is_told_which_and_the_store_stays(server: KeyServer, tmp_path: Path) -> None:
    ours = made(FakeAccount(tmp_path))
    await ours.prepare(ROOM)
    await ours.close()
    wrong = SecretStr(base64.b64encode(bytes(32)).decode())
    assert "configure the key that it was set up with" in await refusal(FakeAccount(tmp_path, key=wrong))
    await made(FakeAccount(tmp_path)).prepare(ROOM)


async def test_a_lost_store_is_refused_by_token(server: KeyServer, tmp_path: Path) -> None:
    ours = made(FakeAccount(tmp_path / "first"))
    await ours.prepare(ROOM)
    await ours.close()
    before = server.devices[USER][DEVICE]
    assert "bring the store folder back" in await refusal(FakeAccount(tmp_path / "second"))
    assert server.devices[USER] == {DEVICE: before}
    assert not (tmp_path / "second").exists()


@pytest.mark.parametrize("left", ["nothing", "an empty file", "another store"])
async def test_a_lost_store_makes_a_new_device_by_password(
    server: KeyServer, tmp_path: Path, left: str, caplog: pytest.LogCaptureFixture
) -> None:
    ours = made(FakeAccount(tmp_path / "first", "passw0rd"))
    await ours.prepare(ROOM)
    await ours.close()
    account = FakeAccount(tmp_path / "second", "passw0rd")
    if left == "an empty file":
        account.folder.mkdir()
        (account.folder / f"keys-{DEVICE}.db").write_bytes(b"")
    if left == "another store":
        other = made(FakeAccount(account.folder, "passw0rd"))
        kept, server.devices = server.devices, {}
        await other.prepare(ROOM)
        await other.close()
        server.devices = kept
    with caplog.at_level(logging.WARNING):
        again = made(account)
        assert server.peers[0].read(await again.encrypt(ROOM, CONTENT)) == CONTENT
    await again.close()
    [new] = set(server.devices[USER]) - {DEVICE}
    assert new == account.session.device_id
    assert new.startswith(f"{DEVICE}_")
    assert "the keys of DEVICE are not here" in caplog.text


async def test_after_a_full_disk_it_begins_again_from_what_is_kept(
    server: KeyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from paseo_watch.sinks.matrix.encryption_store import SendingStore

    ours = made(FakeAccount(tmp_path))
    await ours.prepare(ROOM)

    def full(*anything: Any) -> None:
        raise peewee.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(SendingStore, "save_session", full)
        with pytest.raises(SendFailed, match="disk is full"):
            await ours.encrypt(ROOM, CONTENT)
    server.asked.clear()
    assert server.peers[0].read(await ours.encrypt(ROOM, CONTENT)) == CONTENT
    assert any("full_state=true" in path for path in server.asked), "nothing in memory is gone on with"
    await ours.close()


async def test_after_an_error_that_nobody_foresaw_it_begins_again_from_what_is_kept(
    server: KeyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from paseo_watch.sinks.matrix.encryption_machine import Machine

    ours = made(FakeAccount(tmp_path))
    for name in ("__init__", "learn", "encrypt"):
        with monkeypatch.context() as patch:
            patch.setattr(Machine, name, lambda *_: (_ for _ in ()).throw(RuntimeError("s3cret")))
            with pytest.raises(SendFailed, match="RuntimeError"):
                await ours.encrypt(ROOM, CONTENT)
        server.changed.append("@alice:test")
    server.asked.clear()
    assert server.peers[0].read(await ours.encrypt(ROOM, CONTENT)) == CONTENT
    assert any("full_state=true" in path for path in server.asked)
    await ours.close()


@pytest.mark.parametrize("call", ["examine", "prepare"])
async def test_a_store_in_a_folder_of_another_user_is_refused(
    server: KeyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """`check --online` by another user than the service's."""
    ours = made(FakeAccount(tmp_path))
    await ours.prepare(ROOM)
    await ours.close()
    stat = Path.stat

    def denied(path: Path, **given: Any) -> Any:
        if path.name.startswith("keys-"):
            raise PermissionError(13, "Permission denied")
        return stat(path, **given)

    monkeypatch.setattr(Path, "stat", denied)
    with pytest.raises(SinkRefused, match="run this as the user of the service"):
        await (ours.prepare(ROOM) if call == "prepare" else ours.examine())


async def test_a_failure_while_setting_up_leaves_nothing_half_open(server: KeyServer, tmp_path: Path) -> None:
    ours = made(FakeAccount(tmp_path))
    server.broken["/keys/signatures"] = SendFailed("no answer")
    with pytest.raises(SendFailed):
        await ours.prepare(ROOM)
    server.broken.clear()
    assert server.peers[0].read(await ours.encrypt(ROOM, CONTENT)) == CONTENT
    await ours.close()


async def test_to_examine_changes_nothing(server: KeyServer, tmp_path: Path) -> None:
    account = FakeAccount(tmp_path / "store", "passw0rd")
    assert "to do at the start: the server has no keys for our device" in await made(account).examine()
    assert server.asked == ["/keys/query"]
    assert not account.folder.exists()
    ours = made(account)
    await ours.prepare(ROOM)
    assert await made(account).examine() == "keys on the homeserver, device signed"
    await ours.close()


async def test_to_examine_tells_what_a_send_would_meet(server: KeyServer, tmp_path: Path) -> None:
    server.cross_signing = OTHERS.upload_body(USER)
    with pytest.raises(SinkRefused, match="already has cross-signing keys"):
        await made(FakeAccount(tmp_path, "passw0rd")).examine()
    server.cross_signing = {}
    server.devices = {USER: {DEVICE: {"keys": {}}}}
    with pytest.raises(SinkRefused, match="bring the store folder back"):
        await made(FakeAccount(tmp_path)).examine()
    assert "other keys" in await made(FakeAccount(tmp_path, "passw0rd")).examine()
    with pytest.raises(SinkRefused, match="openssl"):
        await made(FakeAccount(tmp_path, key=None)).examine()
