"""What comes out of calls of discord.py as errors of ours; no text of the library's goes with them."""

from paseo_watch.sinks.discord.client import Unwelcome
from paseo_watch.sinks.discord.errors import LONGEST_WAIT, judge
from paseo_watch.sinks.discord.failures import failed
from paseo_watch.sinks.discord.library import discord
from paseo_watch.sinks.sink import SendFailed, SendRefused, SinkRefused


def translated(error: Exception, about: str, secret: str, *, sends: bool) -> SendFailed | SendRefused | SinkRefused:
    """The error that any exception means. `sends`: a message may be out, so that a lost answer leaves it in doubt."""
    if isinstance(error, (SendFailed, SendRefused, SinkRefused)):
        return error
    if isinstance(error, Unwelcome):
        return judge(error.answer, about, secret, sends=sends)
    if isinstance(error, discord.RateLimited):
        return SendFailed(f"{about}: its rate limit is used up", retry_after=min(error.retry_after, LONGEST_WAIT))
    return failed(error, about, sends=sends)
