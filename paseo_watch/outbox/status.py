"""What a courier is doing, for the status page and the logs."""

from dataclasses import dataclass
from typing import Literal

State = Literal["opening", "refused", "idle", "sending", "backing_off", "store_unavailable", "ended"]
"""`refused`: the sink can't be opened and says what to do; it is asked again every minute."""


@dataclass(frozen=True, slots=True)
class CourierStatus:
    """One courier at one moment; `since_ms` by our clock; `detail` is the last error where there is one."""

    receiver: str
    sink: str
    kind: str
    state: State
    detail: str
    since_ms: int
