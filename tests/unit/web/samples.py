"""A service with something of everything on its status page."""

from paseo_watch.watchers.watcher import Sheet, SheetRow
from paseo_watch.web.status import (
    AlertView,
    ChainView,
    ConditionView,
    EndpointView,
    ReceiverView,
    StatusView,
)

NOW_MS = 1_795_300_000_000  # 2026-11-21T22:26:40Z
REFERENDA = Sheet(
    "Referenda",
    ("Referendum", "Track", "Phase", "What it calls"),
    (
        SheetRow(("#41", "small_tipper", "confirming", "Treasury.spend_local"), "good"),
        SheetRow(
            ("#40", "whitelisted_caller", "deciding", "Utility.batch_all(System.authorize_upgrade, 3 more)"), "busy"
        ),
        SheetRow(("#38", "root", "preparing, frozen", "its preimage is not on the chain"), "warn"),
    ),
)
VALIDATORS = Sheet(
    "Validators of session 2104",
    ("Validator", "State", "Blocks", "Votes given", "Votes missed"),
    (
        SheetRow(("5CADNS…9APt", "offline", "0", "0", "184"), "bad"),
        SheetRow(("validator-two", "misses votes", "9", "140", "31"), "warn"),
        SheetRow(("validator-three", "works", "11", "180", "1"), "good"),
    ),
    left_out=1_230,
)
ACCOUNTS = Sheet(
    "Named accounts",
    ("Account", "Free", "Reserved"),
    (SheetRow(("treasury", "1,204,000.5 PAS", "0 PAS")), SheetRow(("faucet", "912.3 PAS", "0 PAS"))),
)
GONE = "dropped from the live network in July 2026"


def chain(name: str = "relay", **changes: object) -> ChainView:
    """A chain that is followed, at its finalized head."""
    facts: dict[str, object] = {
        "enabled": True,
        "state": "following",
        "best": 9_000_004,
        "finalized": 9_000_001,
        "processed": 9_000_001,
        "blocks": 4_312,
        "block_time_ms": NOW_MS - 21_000,
        "spec": "paseo 2003000",
        "endpoints": (
            EndpointView(endpoint="one.example", state="connected"),
            EndpointView(endpoint="two.example", state="idle"),
        ),
    }
    return ChainView(name=name, **(facts | changes))  # type: ignore[arg-type]


def calm(**changes: object) -> StatusView:
    """Nothing needs attention."""
    facts: dict[str, object] = {
        "network": "paseo",
        "version": "0.1.0",
        "now_ms": NOW_MS,
        "started_ms": NOW_MS - 7_500_000,
        "chains": (chain(),),
        "outbox": (ReceiverView(receiver="core-team", sink="console", pending=0, dead=0, state="idle"),),
    }
    return StatusView(**(facts | changes))  # type: ignore[arg-type]


def eventful() -> StatusView:
    """One of each thing that the page can show."""
    return calm(
        chains=(
            chain(sheets=(ACCOUNTS, VALIDATORS)),
            chain(
                "asset-hub",
                sheets=(REFERENDA,),
                state="catching_up",
                best=4_120_833,
                finalized=4_120_830,
                processed=4_120_412,
                block_time_ms=NOW_MS - 5_100_000,
                spec="asset-hub-paseo 2003000",
                holes=1,
            ),
            chain(
                "people",
                best=1_902_113,
                finalized=1_902_112,
                processed=1_902_112,
                blind=("balances: this runtime has no pallet Balances, moves are not seen",),
                endpoints=(
                    EndpointView(endpoint="one.example", state="connected"),
                    EndpointView(endpoint="two.example", state="quarantined", reason="another genesis: 0x77af…"),
                ),
            ),
            chain(
                "bulletin",
                state="halted",
                reason="block 77 became another one on every endpoint",
                best=None,
                finalized=80,
                processed=76,
                blocks=0,
                block_time_ms=NOW_MS - 90_000_000,
                endpoints=(EndpointView(endpoint="three.example", state="backing_off", reason="connection refused"),),
            ),
            ChainView(name="coretime", enabled=False, state="disabled", reason=GONE),
            ChainView(name="collectives", enabled=False, state="disabled", reason=GONE),
        ),
        conditions=(
            ConditionView(
                rule="policy-cap",
                severity="warning",
                chain="asset-hub",
                title="Over the cap of 5,000 PAS: 5EYCAe5ijiYfyeZ2JJCGq56LmPyNRAKzpG4QkoQkkQNB5e6Z",
                since_ms=NOW_MS - 4_000_000,
            ),
            ConditionView(
                rule="chain-halted", severity="critical", chain="bulletin", title="History changed", since_ms=NOW_MS
            ),
        ),
        alerts=(
            AlertView(
                rule="large-move",
                severity="warning",
                status="event",
                chain="relay",
                title="12,000 PAS moved",
                created_ms=NOW_MS - 40_000,
                block_number=8_999_998,
            ),
            AlertView(
                rule="large-move",
                severity="critical",
                status="event",
                chain="asset-hub",
                title="1,204,000.5 PAS moved",
                created_ms=NOW_MS - 400_000,
                block_number=4_120_001,
                late=True,
            ),
            AlertView(
                rule="chain-unreachable",
                severity="critical",
                status="resolved",
                chain="-",
                title="An endpoint is reached again",
                created_ms=NOW_MS - 9_000_000,
            ),
            AlertView(
                rule="core-accounts",
                severity="info",
                status="event",
                chain="relay",
                title="treasury received 40 PAS",
                created_ms=NOW_MS - 190_000_000,
                block_number=8_930_000,
            ),
        ),
        outbox=(
            ReceiverView(receiver="core-team", sink="console", pending=0, dead=0, state="idle"),
            ReceiverView(
                receiver="public",
                sink="webhook",
                pending=3,
                dead=2,
                oldest_ms=NOW_MS - 95_000,
                state="backing_off",
                detail="https://hooks.example: answered 503",
            ),
            ReceiverView(receiver="archive", sink="file", pending=1, dead=0, state="sending", oldest_ms=NOW_MS),
        ),
    )
