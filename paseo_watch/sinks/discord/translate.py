"""What comes out of calls of discord.py as errors of ours, purely; no text of the library's goes with them."""

import aiohttp

from paseo_watch.sinks.discord.client import TooLong, Unwelcome
from paseo_watch.sinks.discord.errors import judge
from paseo_watch.sinks.discord.library import discord
from paseo_watch.sinks.sink import SendFailed, SendRefused, SinkRefused

LIBRARY = (
    Unwelcome,
    TooLong,
    discord.DiscordException,
    aiohttp.ClientError,
    OSError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
)
"""What a call of discord.py can raise. The last four: it takes an answer for granted that is not Discord's."""


def translated(error: Exception, about: str, secret: str, *, sends: bool) -> SendFailed | SendRefused | SinkRefused:
    """The error that one of LIBRARY means. `sends`: a message may be out, so that a lost answer leaves it in doubt."""
    if isinstance(error, Unwelcome):
        return judge(error.answer, about, secret, sends=sends)
    if isinstance(error, discord.RateLimited):
        return SendFailed(f"{about}: its rate limit is used up", retry_after=error.retry_after)
    if isinstance(error, aiohttp.ClientConnectorError):
        return SendFailed(f"{about}: cannot connect ({error.os_error.strerror or 'no reason given'})")
    if isinstance(error, (aiohttp.ClientError, OSError)):
        return SendFailed(f"{about}: connection lost ({type(error).__name__})", maybe_sent=sends)
    what = f"{about}: the answer is not one of Discord's API ({type(error).__name__}); check `api_base`"
    return SendFailed(what, maybe_sent=sends)
