"""What the service has told, read from its file receiver, in the terms in which it was foreseen."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.e2e.kill.chain import Told

Alert = dict[str, Any]


def alerts_in(path: Path) -> list[Alert]:
    """The whole lines; the last one may be in the middle of being written."""
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]


def told(alerts: Iterable[Alert]) -> Counter[Told]:
    """What blocks brought."""
    return Counter(
        (
            alert["rule"],
            alert["status"],
            alert["block"]["number"],
            alert["data"].get("amount") or alert["data"]["balance"],
            alert["late"],
        )
        for alert in alerts
        if alert["rule"] in ("large", "low", "over")
    )
