"""What the service stands on: a store that is there, or can be; an address that can be listened on."""

import asyncio
import errno
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from paseo_watch.cli.configuration import load_config
from paseo_watch.cli.premises import look_at_premises
from paseo_watch.store.database import Database
from tests.unit.cli.configured import configured, flags

RECEIVERS = "[{name: team, console: {}}]"


async def looked(folder: Path, more: str = "http: false") -> bool:
    return await look_at_premises(load_config(flags(configured(folder, RECEIVERS, more))))


async def test_a_store_that_is_not_there_yet_is_no_problem_and_is_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first run makes it."""
    assert await looked(tmp_path)
    assert capsys.readouterr().out == (
        f"store: sqlite:///{tmp_path}/store.db: not there yet; `paseo-watch run` makes it\n"
    )
    assert os.listdir(tmp_path) == ["config.yaml"]


async def test_a_store_is_read_beside_the_service_that_holds_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its lock keeps other services out, and nobody who only looks."""
    async with await Database.open(f"sqlite:///{tmp_path}/store.db"):
        assert await looked(tmp_path)
    assert capsys.readouterr().out == f"store: sqlite:///{tmp_path}/store.db: can be read\n"


async def test_a_store_that_is_still_empty_is_no_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty database, as one makes it for the service; so is one of an older version."""
    (tmp_path / "store.db").touch()
    assert await looked(tmp_path)
    assert "FAILED" not in (out := capsys.readouterr().out)
    assert "`paseo-watch run` brings it up to date" in out


async def test_what_is_no_store_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Some other file of that name."""
    (tmp_path / "store.db").write_text("Dear diary, " * 1000)
    assert not await looked(tmp_path)
    assert capsys.readouterr().out.startswith("store: FAILED: ")


async def test_a_folder_that_cannot_be_written_in_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may write anywhere, so the system's answer is put in here."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert not await looked(tmp_path)
    assert "store: FAILED: " in (out := capsys.readouterr().out)
    assert f"this user can't write in {tmp_path}" in out


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError(errno.EADDRNOTAVAIL, "while attempting"), "Cannot assign requested address"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "Name or service not known"),
    ],
)
async def test_an_address_that_cannot_be_had_is_said_with_what_to_do(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: OSError,
    why: str,
) -> None:
    """Who is there already is asked by tests/e2e/test_commands_receivers.py: here are no sockets."""

    async def refuse(*arguments: Any) -> None:
        raise error

    monkeypatch.setattr(asyncio, "start_server", refuse)
    assert not await looked(tmp_path, "http: {listen: '127.0.0.1:9615'}")
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"http: FAILED: cannot listen on 127.0.0.1:9615: {why}; stop what listens there, or set http.listen"
    )
