"""What a courier is doing, for the status page and the logs."""

from dataclasses import dataclass
from typing import Literal

State = Literal["opening", "refused", "idle", "failing", "sending", "backing_off", "store_unavailable", "ended"]
"""`refused`: nothing can be sent until somebody acts; it is asked again every minute. `failing`: nothing is to be sent,
and a look found that it would fail now."""


@dataclass(frozen=True, slots=True)
class CourierStatus:
    """One courier at one moment; times by our clock; `detail` is the last error where there is one.

    `trouble_since_ms`: since when nothing went through; None while nothing failed. `proven`: the last send, or the last
    look at the sink, went well; false as well where neither was tried yet.
    """

    receiver: str
    sink: str
    kind: str
    state: State
    detail: str
    since_ms: int
    trouble_since_ms: int | None = None
    proven: bool = False
