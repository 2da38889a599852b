"""Who elects a relay chain's validators: itself, or its Asset Hub.

Source: pallet-staking-async-ah-client `lib.rs`, OperatingMode: Passive, Buffered, Active. State row: `mode` {"mode"},
as it was after the last block.
"""

from paseo_watch.chain.block import Block
from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.validators.sight import MODE, Sight, Storage
from paseo_watch.watchers.watcher import EventObservation, State, Step

RULE = "staking-mode"


def read(runtime: Runtime, storage: Storage) -> str | None:
    """`Passive`, `Buffered` or `Active`; None where it cannot be read."""
    key = runtime.storage_key(*MODE)
    if key not in storage:
        return None
    raw = storage[key]
    try:
        value = runtime.storage_default(*MODE) if raw is None else runtime.decode_storage(*MODE, raw)
    except ScaleError:
        return None
    return value[0] if isinstance(value, tuple) and isinstance(value[0], str) else None


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
