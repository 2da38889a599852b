"""What leaves for each exception of a library: a typed error that shows nothing of it."""

import json
import socket
from unittest.mock import Mock

import aiohttp
import pytest

from paseo_watch.sinks.discord.client import TooLong, Unwelcome
from paseo_watch.sinks.discord.errors import Answer
from paseo_watch.sinks.discord.library import discord
from paseo_watch.sinks.discord.translate import LIBRARY, translated
from paseo_watch.sinks.sink import SendFailed, SinkRefused

ABOUT = "Discord channel 1"


def refused() -> aiohttp.ClientConnectorError:
    """Nobody listens."""
    return aiohttp.ClientConnectorError(Mock(), OSError(111, "Connection refused"))


@pytest.mark.parametrize(
    ("error", "words", "doubt"),
    [
        (Unwelcome(Answer(503)), "HTTP 503", True),
        (Unwelcome(Answer(429, retry_after=2.0)), "HTTP 429", False),
        (discord.RateLimited(2.0), "rate limit", False),
        (refused(), "cannot connect (Connection refused)", False),
        (aiohttp.ServerDisconnectedError(), "connection lost (ServerDisconnectedError)", True),
        (ConnectionResetError(104, "s3cret"), "connection lost (ConnectionResetError)", True),
        (TimeoutError(), "connection lost (TimeoutError)", True),
        (socket.gaierror(-2, "s3cret"), "connection lost (gaierror)", True),
        (TooLong(), "not one of Discord's API (TooLong)", True),
        (discord.InvalidData("s3cret"), "not one of Discord's API (InvalidData)", True),
        (json.JSONDecodeError("s3cret", "s3cret", 0), "not one of Discord's API (JSONDecodeError)", True),
        (KeyError("s3cret"), "not one of Discord's API (KeyError)", True),
        (AttributeError("s3cret"), "not one of Discord's API", True),
        (TypeError("s3cret"), "not one of Discord's API", True),
    ],
)
def test_each_exception_of_a_library_becomes_a_transient_error(error: Exception, words: str, doubt: bool) -> None:
    """And tells whether the message may be out; for a read nothing is."""
    assert isinstance(error, LIBRARY)
    found = translated(error, ABOUT, "s3cret", sends=True)
    assert isinstance(found, SendFailed)
    assert words in str(found)
    assert "s3cret" not in str(found)
    assert found.maybe_sent is doubt
    read = translated(error, ABOUT, "s3cret", sends=False)
    assert isinstance(read, SendFailed)
    assert not read.maybe_sent


def test_a_wait_that_discord_py_knows_of_is_passed_on() -> None:
    """Its own RateLimited: longer than it would wait itself."""
    found = translated(discord.RateLimited(40.0), ABOUT, "", sends=True)
    assert isinstance(found, SendFailed)
    assert found.retry_after == 40.0


def test_a_token_that_is_not_accepted_is_permanent() -> None:
    """As every answer, by `judge`."""
    assert isinstance(translated(Unwelcome(Answer(401)), ABOUT, "", sends=True), SinkRefused)


def test_a_defect_of_ours_is_none_of_them() -> None:
    """It stops the service with its reason."""
    assert not isinstance(AssertionError(), LIBRARY)
    assert not isinstance(RuntimeError(), LIBRARY)
