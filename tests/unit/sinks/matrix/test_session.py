"""The file that keeps a session."""

import stat
from pathlib import Path

import pytest

from paseo_watch.sinks.matrix.session import LARGEST, Session, read, write
from paseo_watch.sinks.sink import SendFailed, SinkRefused

SESSION = Session("@bot:test", "DEVICE", "t0ken")


def test_a_session_is_read_as_it_was_written(tmp_path: Path) -> None:
    """And replaced whole by the next one."""
    path = tmp_path / "session.json"
    assert read(path, SESSION.user) is None
    write(path, SESSION)
    write(path, Session("@bot:test", "OTHER", "an0ther"))
    assert read(path, SESSION.user) == Session("@bot:test", "OTHER", "an0ther")
    assert [each.name for each in tmp_path.iterdir()] == ["session.json"]


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """It is as good as a password."""
    write(tmp_path / "session.json", SESSION)
    assert stat.S_IMODE((tmp_path / "session.json").stat().st_mode) == 0o600


def test_a_half_written_file_of_a_crash_is_in_nobodys_way(tmp_path: Path) -> None:
    """It lies beside, and is replaced by the next write."""
    (tmp_path / "session.new").write_text('{"user"')
    write(tmp_path / "session.json", SESSION)
    assert read(tmp_path / "session.json", SESSION.user) == SESSION


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"user": "@bot:test"}',
        b'{"user": "@bot:test", "device_id": "D", "access_token": ""}',
        b'{"user": "@bot:test", "device_id": "D", "access_token": 7}',
        b'{"user": "@bot:test", "device_id": "D", "access_token": "t0ken", "more": "x"}',
        b" " * (LARGEST + 1),
    ],
)
def test_a_file_that_is_something_else_is_named_and_left_alone(content: bytes, tmp_path: Path) -> None:
    """It may be somebody's; the message says what to do with it, and nothing of what it holds."""
    path = tmp_path / "session.json"
    path.write_bytes(content)
    with pytest.raises(SinkRefused, match=r"session\.json: no session of a Matrix account; take") as caught:
        read(path, SESSION.user)
    assert "t0ken" not in str(caught.value)
    assert path.read_bytes() == content


def test_another_accounts_session_is_not_used(tmp_path: Path) -> None:
    """A copied folder must not write as somebody else."""
    write(tmp_path / "session.json", SESSION)
    with pytest.raises(SinkRefused, match="the session of @bot:test, not of @other:test"):
        read(tmp_path / "session.json", "@other:test")


def test_a_folder_in_its_place_is_an_error_with_words(tmp_path: Path) -> None:
    """Reading says SinkRefused, writing SendFailed."""
    (tmp_path / "session.json").mkdir()
    with pytest.raises(SinkRefused, match="cannot be read"):
        read(tmp_path / "session.json", SESSION.user)
    with pytest.raises(SendFailed, match="cannot be written"):
        write(tmp_path / "session.json", SESSION)


def test_the_token_shows_in_no_repr() -> None:
    """A session is part of an account, and accounts end up in logs."""
    assert "t0ken" not in repr(SESSION) + str(SESSION)
