"""What leaves for each exception of a library: a typed error that shows nothing of it."""

import pytest

from paseo_watch.sinks.discord.client import Unwelcome
from paseo_watch.sinks.discord.errors import Answer
from paseo_watch.sinks.discord.library import discord
from paseo_watch.sinks.discord.translate import translated
from paseo_watch.sinks.sink import SendFailed, SendRefused, SinkRefused

ABOUT = "Discord channel 1"


@pytest.mark.parametrize(
    ("error", "words", "doubt"),
    [
        (Unwelcome(Answer(503)), "HTTP 503", True),
        (Unwelcome(Answer(429, retry_after=2.0)), "HTTP 429", False),
        (discord.RateLimited(2.0), "rate limit", False),
        (discord.InvalidData("s3cret"), "InvalidData", True),
        (KeyError("s3cret"), "KeyError", True),
    ],
)
def test_each_exception_of_the_library_becomes_a_transient_error(error: Exception, words: str, doubt: bool) -> None:
    """And tells whether the message may be out; for a read nothing is."""
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


@pytest.mark.parametrize("error", [SendFailed("a", retry_after=1.0), SendRefused("b"), SinkRefused("c")])
def test_an_error_of_ours_is_itself(error: Exception) -> None:
    """It says already what is meant."""
    assert translated(error, ABOUT, "", sends=True) is error
