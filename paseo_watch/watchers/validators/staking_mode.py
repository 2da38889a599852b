"""Who elects a relay chain's validators: itself, or its Asset Hub.

Source: pallet-staking-async-ah-client `lib.rs`, OperatingMode: Passive, Buffered, Active. State row: `mode` {"mode"},
as it was after the last block.
"""

from paseo_watch.chain.block import Block
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.validators.sight import MODE, Sight, Storage, stored
from paseo_watch.watchers.watcher import EventObservation, State, Step

RULE = "staking-mode"


def read(runtime: Runtime, storage: Storage) -> str | None:
    """`Passive`, `Buffered` or `Active`; None where it cannot be read or is none of them."""
    match stored(runtime, storage, MODE):
        case (("Passive" | "Buffered" | "Active") as mode, _):
            return str(mode)
    return None


def words(mode: str | None) -> str:
    """What it means."""
    match mode:
        case "Passive":
            return "StakingAhClient.Mode is Passive: this relay chain's own pallet Staking elects"
        case "Buffered":
            return "StakingAhClient.Mode is Buffered: elections are moving to Asset Hub, reports to it wait"
        case "Active":
            return "StakingAhClient.Mode is Active: Asset Hub elects, and tells slashes and eras"
    return "StakingAhClient.Mode cannot be read"


def changed(state: State, block: Block, seen: Sight, names: Names) -> Step:
    """An event where it is another than before; nothing from a late block."""
    now = read(block.runtime, block.storage) if seen.handed_over and not block.late else None
    before = state.get("mode")
    if now is None or (before is not None and before["mode"] == now):
        return Step()
    if before is None:
        return Step((), {"mode": {"mode": now}})
    told = EventObservation(
        rule=RULE,
        severity="warning",
        key=now,
        title=f"Staking mode changed from {before['mode']} to {now}",
        text=f"{words(now)}.",
        labels={},
        data={"mode": now, "mode_before": before["mode"]},
        links=names.links(block.number, None, []),
    )
    return Step((told,), {"mode": {"mode": now}})
