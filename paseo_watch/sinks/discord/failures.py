"""What it means where no answer came, or none that can be read: the last word at each boundary to a library.

No text of the error's is shown, it could hold a secret; its type is.
"""

import logging
import traceback

import aiohttp

from paseo_watch.sinks.sink import SendFailed

log = logging.getLogger(__name__)


def failed(error: Exception, about: str, *, sends: bool) -> SendFailed:
    """The error that leaves, for any exception. `sends`: a message may be out, so that a lost answer leaves a doubt.

    Of one that no network explains, the log tells where it was raised.
    """
    name = type(error).__name__
    if isinstance(error, aiohttp.ClientConnectorError):
        return SendFailed(f"{about}: cannot connect ({error.os_error.strerror or 'no reason given'})")
    if isinstance(error, (aiohttp.ClientError, OSError)):
        return SendFailed(f"{about}: connection lost ({name})", maybe_sent=sends)
    log.warning("%s: %s at %s", about, name, _place(error))
    what = f"{about}: the answer is not one of Discord's API, or we misread it ({name}); check the address"
    return SendFailed(what, maybe_sent=sends)


def _place(error: Exception) -> str:
    """File and line; no line of code, and no value."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else "an unknown place"
