"""Alerts to send, as the router makes them."""

from typing import Any

from paseo_watch.sinks.sink import Delivery


def notification(number: int = 1, **changes: Any) -> dict[str, Any]:
    """One event about a balance move; `number` makes its id."""
    return {
        "id": f"{number:032x}",
        "fingerprint": f"{number + 1000:032x}",
        "rule": "large-move",
        "watcher": "balances",
        "severity": "warning",
        "network": "paseo",
        "chain": "relay",
        "labels": {"rule": "large-move", "severity": "warning", "chain": "relay"},
        "kind": "event",
        "status": "event",
        "block": {"number": 9_000_001, "hash": "0x" + "ab" * 32, "time": "2026-11-21T20:59:06Z"},
        "extrinsic": "9000001-2",
        "since": None,
        "title": "12,000 PAS moved",
        "text": "from 5Alice to 5Bob\nby Balances.transfer_keep_alive",
        "links": ["https://paseo.subscan.io/extrinsic/9000001-2"],
        "data": {
            "account": "5Alice",
            "account_key": "0x" + "11" * 32,
            "direction": "out",
            "amount": "120000000000000",
            "amount_text": "12,000 PAS",
            "asset": "native",
            "legs": [],
            "signer": "5Alice",
            "call": "Balances.transfer_keep_alive",
        },
        "late": False,
        **changes,
    }


def delivery(number: int = 1, attempt: int = 1, **changes: Any) -> Delivery:
    """A delivery of that alert; the same number is the same delivery."""
    return Delivery(f"{number + 500:032x}", "core-team", "any", notification(number, **changes), attempt)
