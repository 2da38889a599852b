"""What a library raises that nobody foresaw, told as an error of ours: at the boundary to the library, and once."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from paseo_watch.sinks.sink import SendFailed, SendRefused, SinkRefused

log = logging.getLogger(__name__)


@contextmanager
def surprises_told(shown: str, then: Callable[[], None] = lambda: None) -> Iterator[None]:
    """SendFailed with the error's type, after `then`; never with its text, which may hold what is to be kept secret.

    What is ours passes through. `shown` is what was worked on: an account or a room.
    """
    try:
        yield
    except (SendFailed, SendRefused, SinkRefused):
        raise
    except Exception as error:  # noqa: BLE001  # a library over something from outside: any error at all
        then()
        where, kind = error.__traceback__, type(error).__name__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        place = f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}" if where else "nowhere"
        log.error("%s: %s at %s", shown, kind, place)  # no traceback: it shows the text
        raise SendFailed(f"{shown}: could not be encrypted for, by an error that is new to us ({kind})") from None
