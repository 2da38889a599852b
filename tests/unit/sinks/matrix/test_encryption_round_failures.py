"""A round that is disturbed: nothing is encrypted that somebody could not read, and the next message finds all well."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from paseo_watch.sinks.matrix.encryption_round import AT_ONCE
from paseo_watch.sinks.sink import SendFailed
from tests.unit.sinks.matrix.key_server import ROOM
from tests.unit.sinks.matrix.test_encryption_round import Stage


@pytest.fixture(name="stage")
def small_stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.machine.close()


@pytest.mark.parametrize("step", ["learn", "begin_sessions"])
async def test_others_have_their_turn_while_many_devices_are_taken_in(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Two thousand of them stood in everybody's way for three seconds."""
    peers = [stage.server.arrive(f"@user{number}:test", "D") for number in range(2 * AT_ONCE)]
    turns, seen, take = [0], [], getattr(stage.machine, step)

    async def everybody_else() -> None:
        while True:
            turns[0] += 1
            await asyncio.sleep(0)

    def noted(part: Any) -> None:
        seen.append((len(part), turns[0]))
        take(part)

    monkeypatch.setattr(stage.machine, step, noted)
    others = asyncio.create_task(everybody_else())
    content = await stage.send()
    others.cancel()
    sizes, at = zip(*seen, strict=True)
    assert (len(seen), max(sizes), len(set(at))) == (3, AT_ONCE, 3)
    assert all(stage.reads(peer, content) for peer in (*peers, stage.alice))


@pytest.mark.parametrize("path", ["/sync", "/keys/query", "/keys/claim", "/keys/upload", "/sendToDevice"])
async def test_nothing_is_encrypted_where_a_request_fails_and_all_is_well_after(stage: Stage, path: str) -> None:
    stage.server.broken[path] = SendFailed("no answer")
    with pytest.raises(SendFailed):
        await stage.send()
    stage.server.broken.clear()
    assert stage.reads(stage.alice, await stage.send())


async def test_a_key_that_was_not_taken_is_sent_again_as_the_same_request(stage: Stage) -> None:
    """A hundred failures use up one step of the session and not a hundred."""
    stage.server.broken["/sendToDevice"] = SendFailed("no answer")
    for _ in range(100):
        with pytest.raises(SendFailed):
            await stage.send()
    stage.server.broken.clear()
    assert stage.reads(stage.alice, await stage.send())
    assert len({path for path in stage.server.asked if "sendToDevice" in path}) == 1


async def test_a_key_that_ends_while_it_is_handed_out_is_not_used(stage: Stage) -> None:
    """nio puts one in its place that nobody has; the clock set back afterwards must not bring that one into use."""
    first = await stage.send()
    stage.server.arrive("@bob:test", "BOB")
    put = stage.server.put

    async def slow(path: str, body: dict[str, object]) -> object:
        answer = await put(path, body)
        stage.machine._rooms[ROOM].session.max_age = timedelta(0)
        return answer

    stage.server.put = slow  # type: ignore[method-assign,assignment]
    with pytest.raises(SendFailed, match="the room's key ended"):
        await stage.send()
    stage.server.put = put  # type: ignore[method-assign]
    content = await stage.send()
    assert content["session_id"] != first["session_id"]
    assert all(stage.reads(peer, content) for peer in stage.server.peers)


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("learn", OverflowError),
        ("begin_sessions", RecursionError),
        ("distribute", AttributeError),
        ("encrypt", TypeError),
    ],
)
async def test_whatever_the_machine_raises_is_a_failed_send_and_ends_the_machine(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, step: str, error: type[Exception]
) -> None:
    """By its name; what the machine has in memory then, nobody knows."""
    monkeypatch.setattr(stage.machine, step, lambda *_: (_ for _ in ()).throw(error("s3cret")))
    with pytest.raises(SendFailed, match=f"{ROOM}: .*{error.__name__}") as failed:
        await stage.send()
    assert "s3cret" not in str(failed.value)
    assert stage.machine.broken


async def test_a_sync_token_that_cannot_be_kept_is_a_failed_send(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of a pair of code units is JSON, and no text."""
    get = stage.server.get

    async def garbled(path: str) -> object:
        answer = dict(await get(path))
        return {**answer, "next_batch": "\ud800"} if "next_batch" in answer else answer

    monkeypatch.setattr(stage.server, "get", garbled)
    with pytest.raises(SendFailed, match="UnicodeEncodeError"):
        await stage.send()
    assert stage.machine.sync_token is None


async def test_the_others_get_the_rest_of_a_key_that_was_given_to_some(stage: Stage) -> None:
    peers = [stage.server.arrive(f"@user{number}:test", "D") for number in range(45)]
    put, left = stage.server.put, [2]

    async def fails_at_the_third(path: str, body: dict[str, object]) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise SendFailed("no answer")
        return await put(path, body)

    stage.server.put = fails_at_the_third  # type: ignore[method-assign,assignment]
    with pytest.raises(SendFailed):
        await stage.send()
    stage.server.put = put  # type: ignore[method-assign]
    content = await stage.send()
    assert all(stage.reads(peer, content) for peer in (*peers, stage.alice))
    assert len(stage.server.sent) == 3
