"""One login for all rooms of an account."""

import asyncio
import json
import logging
from pathlib import Path

import pytest

from paseo_watch.sinks.matrix.account import Account
from paseo_watch.sinks.sink import SendFailed, SinkRefused
from tests.unit.sinks.matrix.homeserver import DEVICE, TOKEN, USER, Homeserver, failure
from tests.unit.sinks.matrix.samples import options, setting
from tests.unit.sinks.settings import FixedClock


def account(homeserver: Homeserver, store: Path, **changes: object) -> Account:
    """Not logged in yet."""
    return Account(options(store, **changes), setting(homeserver))  # type: ignore[arg-type]


class Hours(FixedClock):
    """A clock that a test sets."""

    hours = 0.0

    def monotonic(self) -> float:
        return self.hours * 3600


async def whoami(made: Account) -> object:
    """Some request."""
    return await made.ask("token", lambda client: client.whoami())


async def test_a_token_is_checked_once_and_the_login_ends_with_the_last_who_needs_it(tmp_path: Path) -> None:
    """Two who acquire, two who release."""
    homeserver = Homeserver()
    made = account(homeserver, tmp_path)
    await asyncio.gather(made.acquire(), made.acquire())
    assert homeserver.asked("/whoami") == 1
    await made.release()
    await whoami(made)
    client = made.client
    await made.release()
    assert client.client_session is None


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        ({TOKEN: "OTHER"}, "of device_id OTHER, not DEVICE; configure device_id: OTHER"),
        ({}, "not valid any more"),
    ],
)
async def test_a_token_that_does_not_fit_is_refused_and_nothing_is_held(
    tokens: dict[str, str], says: str, tmp_path: Path
) -> None:
    """The next one can acquire, once somebody has acted."""
    homeserver = Homeserver(tokens=dict(tokens))
    made = account(homeserver, tmp_path)
    with pytest.raises(SinkRefused, match=says):
        await made.acquire()
    homeserver.tokens = {TOKEN: DEVICE}
    await made.acquire()
    await made.release()


async def test_a_password_logs_in_once_and_the_session_is_used_by_the_next_process(tmp_path: Path) -> None:
    """Under the configured device."""
    homeserver = Homeserver()
    for _ in range(3):
        made = account(homeserver, tmp_path, by_password=True)
        await made.acquire()
        assert (made.session.user, made.session.device_id) == (USER, DEVICE)
        await whoami(made)
        await made.release()
    assert homeserver.asked("/login") == 1


async def test_a_revoked_token_is_replaced_once_however_many_meet_it(tmp_path: Path) -> None:
    """Ten requests at once, one login; each request is answered."""
    homeserver = Homeserver()
    made = account(homeserver, tmp_path, by_password=True)
    await made.acquire()
    homeserver.tokens.clear()
    await asyncio.gather(*(whoami(made) for _ in range(10)))
    assert homeserver.asked("/login") == 2
    await made.release()


async def test_each_login_by_password_is_logged_with_its_reason_and_a_repeated_one_with_what_to_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Two services of one account and device log each other out, and nothing else would tell."""
    caplog.set_level(logging.INFO)
    homeserver = Homeserver()
    made = account(homeserver, tmp_path, by_password=True)
    made.clock = clock = Hours()
    await made.acquire()
    assert "logged in by password as device DEVICE: no session is kept yet" in caplog.text
    for hours, again in ((0.0, False), (2.0, False), (2.5, True)):
        caplog.clear()
        clock.hours = hours
        homeserver.tokens.clear()
        await whoami(made)
        assert "logged in by password as device DEVICE: the session was revoked" in caplog.text
        assert ("give one of them another device_id" in caplog.text) is again
    caplog.clear()
    await made.log_in_as("DEVICE_2")
    assert "as device DEVICE_2: in place of DEVICE, whose keys are not here" in caplog.text
    assert "passw0rd" not in caplog.text
    await made.release()


async def test_without_a_password_a_revoked_token_is_told(tmp_path: Path) -> None:
    """And no login is tried."""
    homeserver = Homeserver()
    made = account(homeserver, tmp_path)
    await made.acquire()
    homeserver.tokens.clear()
    with pytest.raises(SinkRefused, match="not valid any more"):
        await whoami(made)
    assert homeserver.asked("/login") == 0
    await made.release()


async def test_a_login_that_cannot_be_kept_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk: said, tried again later, and the lock is let go."""

    def full(*_: object) -> None:
        raise SendFailed("the disk is full")

    made = account(Homeserver(), tmp_path, by_password=True)
    with monkeypatch.context() as patched:
        patched.setattr("paseo_watch.sinks.matrix.session.write", full)
        with pytest.raises(SendFailed, match="full"):
            await made.acquire()
    await made.acquire()
    await made.release()


async def test_another_service_with_the_same_device_waits_and_a_look_does_not(tmp_path: Path) -> None:
    """The lock; the look uses the session of the one that runs."""
    homeserver = Homeserver()
    running = account(homeserver, tmp_path, by_password=True)
    await running.acquire()
    other = account(homeserver, tmp_path, by_password=True)
    with pytest.raises(SendFailed, match="another process holds this account"):
        await other.acquire()
    await other.acquire(exclusive=False)
    assert other.session == running.session
    await other.release()
    await running.release()
    await other.acquire()
    await other.release()


async def test_a_look_never_revokes_the_token_of_a_running_service(tmp_path: Path) -> None:
    """Where the kept session is no good, it says that somebody else holds the account, and logs nobody in."""
    homeserver = Homeserver()
    running = account(homeserver, tmp_path, by_password=True)
    await running.acquire()
    homeserver.tokens.clear()
    look = account(homeserver, tmp_path, by_password=True)
    await look.acquire(exclusive=False)
    with pytest.raises(SendFailed, match="another process holds this account"):
        await whoami(look)
    assert homeserver.asked("/login") == 1
    await look.release()
    await running.release()


async def test_to_become_another_device_keeps_that_and_ends_the_former_one(tmp_path: Path) -> None:
    """The next process goes on as the new device; of the former no token is left."""
    homeserver = Homeserver()
    made = account(homeserver, tmp_path, by_password=True)
    await made.acquire()
    await made.log_in_as("DEVICE_2")
    await whoami(made)
    await made.release()
    assert set(homeserver.tokens.values()) == {"DEVICE_2"}
    made = account(homeserver, tmp_path, by_password=True)
    await made.acquire()
    assert made.session.device_id == "DEVICE_2"
    homeserver.tokens.clear()
    await whoami(made)
    assert set(homeserver.tokens.values()) == {"DEVICE_2"}
    await made.release()


async def test_what_is_made_once_is_shared_and_closed_at_the_end(tmp_path: Path) -> None:
    """After the last release, and made anew after that."""
    closed: list[object] = []

    class Part:
        def __init__(self, of: Account) -> None:
            self.of = of

        async def close(self) -> None:
            closed.append(self)

    made = account(Homeserver(), tmp_path)
    await made.acquire()
    first = made.once(Part)
    assert made.once(Part) is first
    assert first.of is made
    await made.release()
    assert closed == [first]
    await made.acquire()
    assert made.once(Part) is not first
    await made.release()


async def test_a_store_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "store").write_text("")
    made = account(Homeserver(), tmp_path / "store")
    with pytest.raises(SinkRefused, match=r"store/bot@test/DEVICE: cannot be used \(Not a directory\)"):
        await made.acquire()


async def test_the_folder_of_an_account_is_its_own_whatever_its_name(tmp_path: Path) -> None:
    """No name leads out of the store, and no two share a folder."""
    users = ["@a/../../b:test", "@a%2F..:test", "@a:test:80"]
    folders = [account(Homeserver(), tmp_path, user=user).folder for user in users]
    assert len(set(folders)) == len(users)
    assert all(folder.resolve().relative_to(tmp_path).parts[-1] == DEVICE for folder in folders)
    assert all(len(folder.relative_to(tmp_path).parts) == 2 for folder in folders)


async def test_a_homeserver_that_tells_no_versions_is_none(tmp_path: Path) -> None:
    """Something else that answers in JSON."""
    homeserver = Homeserver()
    made = account(homeserver, tmp_path)
    await made.acquire()
    assert await made.server() == "http://matrix.test knows Matrix v1.15"
    homeserver.script("/versions", (200, {}, {"versions": "all"}))
    with pytest.raises(SinkRefused, match="tells no versions"):
        await made.server()
    await made.release()


async def test_a_login_as_somebody_else_is_refused_and_not_kept(tmp_path: Path) -> None:
    """Or messages would be somebody else's."""
    homeserver = Homeserver()
    wrong = {"user_id": "@other:test", "device_id": DEVICE, "access_token": "an0ther", "home_server": "test"}
    homeserver.script("/login", (200, {}, wrong))
    made = account(homeserver, tmp_path, by_password=True)
    with pytest.raises(SinkRefused, match="logged in @other:test; check user"):
        await made.acquire()
    assert not (made.folder / "session.json").exists()


async def test_a_refused_login_says_so_without_the_password(tmp_path: Path) -> None:
    """The password is in no message."""
    homeserver = Homeserver()
    homeserver.script("/login", failure(403, "M_FORBIDDEN"), failure(429, "M_LIMIT_EXCEEDED", retry_after_ms=9000))
    made = account(homeserver, tmp_path, by_password=True)
    with pytest.raises(SinkRefused, match="the password is refused") as refused:
        await made.acquire()
    assert "passw0rd" not in str(refused.value)
    with pytest.raises(SendFailed, match="too many requests") as limited:
        await made.acquire()
    assert limited.value.retry_after == 9.0


def test_no_secret_shows_in_what_an_account_holds(tmp_path: Path) -> None:
    """Its repr and its options."""
    made = account(Homeserver(), tmp_path, by_password=True)
    assert "passw0rd" not in json.dumps([repr(made), repr(vars(made))])
