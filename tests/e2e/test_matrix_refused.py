"""Where an encrypted room cannot be served readably, the sink refuses and says what to do; nothing is sent.

On a real Synapse. That what is not refused is readable, `test_matrix_encrypted.py` proves.
"""

import asyncio
import base64
import json
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from paseo_watch.sinks.matrix.cross_signing import CrossSigningKeys
from paseo_watch.sinks.matrix.secret import read_secret
from paseo_watch.sinks.matrix.sink import MatrixSink
from paseo_watch.sinks.sink import SinkRefused
from tests.data import REPOSITORY
from tests.e2e.matrix.stage import Scene, found, scene, setting
from tests.matrix_reader import Readers, matrix_readers
from tests.synapse import Synapse, User, running_synapse
from tests.unit.sinks.samples import delivery

KEY = base64.b64encode(b"the secret of these tests only..").decode()
OTHER_KEY = base64.b64encode(b"another secret, of somebody else").decode()


@pytest.fixture(scope="module", name="synapse")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    with running_synapse(tmp_path_factory.mktemp("synapse")) as running:
        yield running


@pytest.fixture(scope="module", name="readers")
def element(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readers]:
    with matrix_readers(tmp_path_factory.mktemp("readers") / "log") as running:
        yield running


@pytest.fixture(name="place")
def encrypted_room_with_a_reader(synapse: Synapse, readers: Readers, tmp_path: Path) -> Scene:
    made = scene(synapse, tmp_path, encrypted=True)
    readers.start(made.alice)
    return made


@asynccontextmanager
async def built(place: Scene, **options: Any) -> AsyncIterator[MatrixSink]:
    """A sink that is not open yet, closed at the end."""
    sink = MatrixSink(place.options(**{"cross_signing_key": SecretStr(KEY), **options}), setting())
    try:
        yield sink
    finally:
        await sink.close()


async def refused(place: Scene, **options: Any) -> str:
    """Why the sink refuses, in its words; `check --online` says the same, and nothing of it is in the room."""
    async with built(place, **options) as sink:
        with pytest.raises(SinkRefused) as refusal:
            await sink.open()
        with pytest.raises(SinkRefused):
            await sink.send(delivery(1))
        told = found(await sink.examine())["encryption"]
    assert told == str(refusal.value)
    kinds = {event["type"] for event in place.alice.events(place.room)}
    assert not kinds & {"m.room.message", "m.room.encrypted"}
    for secret in (KEY, OTHER_KEY, place.bot.password, place.bot.token):
        assert secret not in told
    return told


async def served(place: Scene, **options: Any) -> None:
    """The room is written to."""
    async with built(place, **options) as sink:
        await sink.open()
        await sink.send(delivery(2))


WITHOUT_EXTRA = """
import asyncio, json, sys
sys.modules.update(dict.fromkeys(("vodozemac", "peewee", "playhouse", "cachetools", "atomicwrites")))
from paseo_watch.sinks.matrix.options import MatrixOptions
from paseo_watch.sinks.matrix.sink import MatrixSink
from paseo_watch.sinks.sink import SinkRefused
from tests.data import REPOSITORY
from tests.e2e.matrix.stage import setting
from tests.unit.sinks.samples import delivery

async def main():
    for line in sys.stdin:
        sink = MatrixSink(MatrixOptions(**json.loads(line)), setting())
        try:
            await sink.open()
            await sink.send(delivery(1))
            print("sent")
        except SinkRefused as error:
            print(error)
        await sink.close()

asyncio.run(main())
"""
"""A process in which what the extra brings cannot be imported; it serves the rooms that it is given."""


async def test_without_the_extra_plain_rooms_are_served_and_encrypted_ones_are_told_what_to_install(
    place: Scene,
) -> None:
    plain = place.alice.create_room(invite=[place.bot.id])
    place.bot.join(plain)
    login = {"homeserver": place.synapse.url, "user": place.bot.id, "password": place.bot.password}
    given = [
        {**login, "room": room, "store": str(place.store), "cross_signing_key": KEY} for room in (plain, place.room)
    ]
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", WITHOUT_EXTRA],
        input="\n".join(map(json.dumps, given)),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "sent"
    assert "pip install '.[encryption]'" in second
    assert len(place.alice.messages(plain)) == 1
    assert place.alice.messages(place.room) == []


async def test_without_a_cross_signing_key_it_says_how_to_make_one(place: Scene) -> None:
    assert "openssl rand -base64 32" in await refused(place, password=True, cross_signing_key=None)


async def test_cross_signing_keys_of_somebody_else_are_never_overwritten(place: Scene) -> None:
    """Such as those that Element made when a person logged in to the account first."""
    keys = CrossSigningKeys.derive(read_secret(OTHER_KEY), place.bot.id)
    place.bot.call("POST", "/keys/device_signing/upload", keys.upload_body(place.bot.id))
    told = await refused(place, password=True)
    assert "already has cross-signing keys" in told
    assert "reset" in told
    assert master_key(place.bot) == keys.master.public


async def test_a_wrong_cross_signing_key_is_told_and_the_right_one_goes_on(place: Scene) -> None:
    await served(place, password=True)
    async with built(place, password=True, cross_signing_key=SecretStr(OTHER_KEY)) as sink:
        with pytest.raises(SinkRefused, match="configure the key that it was set up with"):
            await sink.open()
    await served(place, password=True)


async def test_a_token_whose_store_is_lost_is_refused(place: Scene, tmp_path: Path) -> None:
    await served(place)
    lost = replace(place, store=tmp_path / "another machine")
    before = device_keys(place.bot)
    async with built(lost) as sink:
        with pytest.raises(SinkRefused, match="bring the store folder back, or log in by password"):
            await sink.open()
        assert "bring the store folder back" in found(await sink.examine())["encryption"]
    assert device_keys(place.bot) == before, "the device is what it was"
    await served(place)


@pytest.mark.parametrize("damage", ["cut in half", "overwritten", "one byte"])
async def test_a_damaged_store_is_refused_by_name_and_no_device_is_made(place: Scene, damage: str) -> None:
    await served(place, password=True)
    [file] = place.store.glob("*/*/keys-*.db")
    content = file.read_bytes()
    file.write_bytes(damaged(file, damage))
    async with built(place, password=True) as sink:
        with pytest.raises(SinkRefused) as refusal:
            await sink.open()
    assert str(file) in str(refusal.value)
    assert "move that file away" in str(refusal.value)
    assert len(place.bot.call("GET", "/devices")["devices"]) == 2, "the one that registered, and the bot's"
    file.write_bytes(content)
    await served(place, password=True)


async def test_with_the_damaged_file_away_a_password_makes_a_new_device(place: Scene) -> None:
    await served(place, password=True)
    [file] = place.store.glob("*/*/keys-*.db")
    file.unlink()
    await served(place, password=True)
    names = {each["device_id"] for each in place.bot.call("GET", "/devices")["devices"]}
    assert any(name.startswith("PASEOWATCH_") for name in names)


async def test_an_unknown_way_to_encrypt_is_refused(synapse: Synapse, readers: Readers, tmp_path: Path) -> None:
    odd = scene(synapse, tmp_path, initial_state=[odd_encryption()])
    readers.start(odd.alice)
    async with built(odd, password=True) as sink:
        with pytest.raises(SinkRefused, match=r"org\.example\.rot13"):
            await sink.open()


async def test_a_room_where_nobody_has_a_device_is_refused_until_somebody_has(
    synapse: Synapse, readers: Readers, tmp_path: Path
) -> None:
    empty = scene(synapse, tmp_path, encrypted=True)
    async with built(empty, password=True) as sink:
        with pytest.raises(SinkRefused, match="no member has a device that could read"):
            await sink.open()
        assert "no member has a device that could read" in found(await sink.examine())["encryption"]
    alice = readers.start(empty.alice)
    async with built(empty, password=True) as sink:
        await sink.open()
        assert "1 devices of 1 members" in found(await sink.examine())["encryption"]
        await sink.send(delivery(1))
    assert [each.failure for each in alice.read(empty.room, 1)] == [None]


async def test_where_the_server_wants_a_proof_the_password_is_given(place: Scene) -> None:
    """Synapse wants one from the second upload on: here the self-signing key is another, under the same master key."""
    keys = half_of_ours(place.bot)
    place.bot.call("POST", "/keys/device_signing/upload", keys)
    async with built(place) as sink:
        with pytest.raises(SinkRefused, match=r"wants a proof .* log in by password instead of access_token"):
            await sink.open()
    await served(place, password=True)
    now = place.bot.call("POST", "/keys/query", {"device_keys": {place.bot.id: []}})
    assert now["self_signing_keys"][place.bot.id]["keys"] != keys["self_signing_key"]["keys"]


def half_of_ours(bot: User) -> dict[str, Any]:
    """Our master key, with the other two of a different secret."""
    ours, others = (CrossSigningKeys.derive(read_secret(secret), bot.id) for secret in (KEY, OTHER_KEY))
    return replace(others, master=ours.master).upload_body(bot.id)


def damaged(file: Path, how: str) -> bytes:
    """The file's content, spoilt."""
    content = file.read_bytes()
    if how == "cut in half":
        return content[: len(content) // 2]
    if how == "overwritten":
        return b"not a database at all" * 100
    with closing(sqlite3.connect(file)) as connection:
        [(account,)] = connection.execute("SELECT account FROM accounts")
    at = content.index(account[:100]) + 50  # SQLite cannot know that it is wrong
    return content[:at] + (b"A" if content[at : at + 1] != b"A" else b"B") + content[at + 1 :]


def odd_encryption() -> dict[str, Any]:
    return {"type": "m.room.encryption", "content": {"algorithm": "org.example.rot13"}}


def master_key(user: User) -> str:
    """The account's public master key on the server."""
    keys = user.call("POST", "/keys/query", {"device_keys": {user.id: []}})["master_keys"][user.id]["keys"]
    [public] = keys.values()
    return str(public)


def device_keys(user: User) -> Any:
    """What the server has of the account's devices."""
    return user.call("POST", "/keys/query", {"device_keys": {user.id: []}})["device_keys"]
