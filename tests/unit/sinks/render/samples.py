"""An alert with everything in it that a message shows."""

from typing import Any

from tests.unit.sinks.samples import notification

NOW_MS = 1_795_295_000_000  # 2026-11-21T21:03:20Z, 4 min 14 s after the sample's block
ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
BOB = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"
EXTRINSIC = "https://explorer.example/extrinsic/9000001-2"
ACCOUNT = f"https://explorer.example/account/{ALICE}"
OTHER = "https://status.example/?a=1&b=2"


def move(**changes: Any) -> dict[str, Any]:
    """Alice sends 12,000 PAS to the treasury."""
    legs = [
        {"account": ALICE, "account_key": "0x", "account_name": None, "direction": "out", "amount_text": "12,000 PAS"},
        {
            "account": BOB,
            "account_key": "0x",
            "account_name": "treasury",
            "direction": "in",
            "amount_text": "12,000 PAS",
        },
    ]
    alert = {
        "text": f"From {ALICE} to treasury ({BOB}).\nSigned by {ALICE} & nobody else.",
        "links": [EXTRINSIC, ACCOUNT, OTHER],
        "data": {**legs[0], "legs": legs, "limit_text": "10,000 PAS"},
    }
    return notification(**{**alert, **changes})
