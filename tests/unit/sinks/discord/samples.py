"""Deliveries and options as the Discord tests need them."""

import hashlib
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import aiohttp
from pydantic import SecretStr

from paseo_watch.sinks.discord.options import DiscordOptions
from paseo_watch.sinks.sink import Delivery
from tests.unit.sinks import samples

TOKEN = "bot-t0ken.of.the-tests"
CHANNEL = "123456789012345678"


def delivery(number: int = 1, *, in_doubt: bool = False, **changes: Any) -> Delivery:
    """As `samples.delivery`, with an id that differs from its first digit on, as real ones do."""
    id = hashlib.md5(str(number).encode()).hexdigest()
    return replace(samples.delivery(number, **changes), id=id, in_doubt=in_doubt)


def bot_options(**changes: Any) -> DiscordOptions:
    """A bot in a channel."""
    return DiscordOptions.model_validate({"bot_token": SecretStr(TOKEN), "channel": CHANNEL} | changes)


def stream(*chunks: bytes) -> aiohttp.StreamReader:
    """An answer's body, as aiohttp has it."""
    made = aiohttp.StreamReader(Mock(_reading_paused=False), 2**16)
    for chunk in chunks:
        made.feed_data(chunk)
    made.feed_eof()
    return made
