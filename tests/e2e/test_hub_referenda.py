"""`tests.e2e.hub_referenda` judged by @polkadot/api: what it decodes from the blocks is what was meant."""

from hashlib import blake2b
from typing import Any

import pytest
from scalecodec.utils.ss58 import ss58_decode

from tests.chopsticks import PAS
from tests.data import data_path
from tests.e2e.hub_blocks import SUBMITTER
from tests.e2e.hub_referenda import CONFIRM, UNDECIDING, HubReferenda
from tests.polkadot_api import Driver
from tests.scripted_chain import EVENTS, Written, storage_key

OLD_RELAY = 12_360_000


@pytest.fixture
def hub(hands: Driver) -> HubReferenda:
    """The chain with nothing on it; its first referendum has the index 7."""
    return HubReferenda(hands, data_path("metadata", "asset-hub-paseo.v16.2026-02.scale"), clock=5_000, count=7)


def item(hub: HubReferenda, name: str, *args: Any, block: Written | None = None) -> Any:
    """A decoded storage item at a block, by default the best one."""
    pallet, entry = name.split(".")
    value = (block or hub.chain.tip).state.get(hub.key(pallet, entry, *args))
    return value and hub.ask("decode_storage", pallet=pallet, item=entry, value=value)


def events(hub: HubReferenda, block: Written | None = None) -> list[tuple[Any, str, Any]]:
    """Phase, name and fields of a block's events."""
    records = hub.ask("decode_events", events=(block or hub.chain.tip).state[EVENTS])
    return [(record["phase"], f"{record['pallet']}.{record['name']}", record["fields"]) for record in records]


def names(hub: HubReferenda) -> list[str]:
    """The names of the best block's events."""
    return [name for _, name, _ in events(hub)]


def info(hub: HubReferenda, index: int) -> tuple[str, Any]:
    """The referendum as it stands: variant and content."""
    ((variant, content),) = item(hub, "Referenda.ReferendumInfoFor", index).items()
    return variant, content


def test_a_referendum_from_its_submission_to_its_execution(hub: HubReferenda) -> None:
    call = hub.call("System", "remark", "0x" + "ab" * 200)
    index = hub.submit(1, call)
    assert (index, item(hub, "Referenda.ReferendumCount")) == (7, 8)
    digest = "0x" + blake2b(call, digest_size=32).hexdigest()
    variant, one = info(hub, index)
    assert variant == "ongoing"
    assert one["track"] == 1
    assert one["origin"] == {"origins": "WhitelistedCaller"}
    assert one["proposal"] == {"lookup": {"hash": digest, "len": len(call)}}
    assert (one["enactment"], one["submitted"]) == ({"after": 100}, 5_001)
    assert ss58_decode(one["submissionDeposit"]["who"]) == SUBMITTER.hex()
    assert (one["decisionDeposit"], one["deciding"], one["inQueue"]) == (None, None, False)
    assert one["alarm"] == [5_001 + UNDECIDING, [5_001 + UNDECIDING, 0]]
    assert item(hub, "Preimage.PreimageFor", [digest, len(call)]) == "0x" + call.hex()
    assert events(hub)[2] == ({"applyExtrinsic": 1}, "Referenda.Submitted", [7, 1, one["proposal"]])
    assert item(hub, "ParachainSystem.LastRelayChainBlockNumber") == 5_001

    with hub.together():
        hub.place_deposit(index, 100 * PAS)
        hub.vote(index, ayes=9 * PAS, nays=2 * PAS, support=9 * PAS)
    assert names(hub)[1:3] == ["Referenda.DecisionDepositPlaced", "ConvictionVoting.Voted"]
    variant, one = info(hub, index)
    assert int(one["decisionDeposit"]["amount"]) == 100 * PAS
    assert [int(one["tally"][name]) for name in ("ayes", "nays", "support")] == [9 * PAS, 2 * PAS, 9 * PAS]

    hub.advance(300)
    hub.start_deciding(index)
    assert info(hub, index)[1]["deciding"] == {"since": 5_302, "confirming": None}
    assert names(hub) == ["Referenda.DecisionStarted", "Scheduler.Scheduled", "Scheduler.Dispatched"]
    assert [phase for phase, _, _ in events(hub)] == [{"initialization": None}] * 3
    assert item(hub, "Referenda.DecidingCount", 1) == 1
    hub.confirm(index)
    assert info(hub, index)[1]["deciding"] == {"since": 5_302, "confirming": 5_303 + CONFIRM}
    hub.abort(index)
    assert info(hub, index)[1]["deciding"] == {"since": 5_302, "confirming": None}
    hub.confirm(index, 10)
    hub.advance(10)
    hub.approve(index, after=50)
    now = item(hub, "ParachainSystem.LastRelayChainBlockNumber") - 1
    variant, held = info(hub, index)
    assert (variant, held[0]) == ("approved", now)
    assert names(hub) == ["Scheduler.Scheduled", "Referenda.Confirmed", "Scheduler.Dispatched"]
    assert item(hub, "Referenda.DecidingCount", 1) == 0
    name = "0x" + blake2b(b"assembly\x24enactment\x07\0\0\0", digest_size=32).hexdigest()
    assert item(hub, "Scheduler.Lookup", name) == [now + 50, 0]
    ((task,),) = [item(hub, "Scheduler.Agenda", now + 50)]
    assert (task["maybeId"], task["origin"]) == (name, {"origins": "WhitelistedCaller"})

    hub.dispatched(index, error={"Module": {"index": 10, "error": "0x02000000"}})
    failed = {"err": {"module": {"index": 10, "error": "0x02000000"}}}
    assert events(hub) == [({"initialization": None}, "Scheduler.Dispatched", [[now + 50, 0], name, failed])]
    assert item(hub, "ParachainSystem.LastRelayChainBlockNumber") == now + 51
    assert item(hub, "Scheduler.Lookup", name) is None
    hub.refund(index)
    assert info(hub, index) == ("approved", [now, None, None])
    states = ["submitted", "deposit", "deciding", "confirming", "aborted", "confirming", "confirmed", "failed"]
    assert hub.said == [(block, 7, state) for block, state in zip(range(2, 10), states, strict=True)]


def test_every_other_end(hub: HubReferenda) -> None:
    call = hub.call("Balances", "force_transfer", {"Id": "0x" + "11" * 32}, {"Id": "0x" + "22" * 32}, PAS)
    seven, eight, nine, ten, eleven = (hub.submit(0, call, inline=True) for _ in range(5))
    assert info(hub, seven)[1]["proposal"] == {"inline": "0x" + call.hex()}
    assert info(hub, seven)[1]["origin"] == {"system": {"root": None}}
    hub.place_deposit(nine)
    hub.vote(nine, 3, 2, 1)
    hub.queue(nine)
    assert item(hub, "Referenda.TrackQueue", 0) == [[nine, 3]]
    hub.reject(seven)
    assert (info(hub, seven)[0], names(hub)[0]) == ("rejected", "Referenda.Rejected")
    hub.time_out(eight)
    assert (info(hub, eight)[0], names(hub)[0]) == ("timedOut", "Referenda.TimedOut")
    hub.kill(nine)
    assert (info(hub, nine)[0], names(hub)[:3]) == ("killed", ["Referenda.Killed"] + ["Referenda.DepositSlashed"] * 2)
    assert item(hub, "Referenda.TrackQueue", 0) is None
    hub.cancel(ten)
    assert (info(hub, ten)[0], names(hub)[0]) == ("cancelled", "Referenda.Cancelled")
    hub.approve(eleven)
    hub.dispatched(eleven)
    assert events(hub)[0][2][2] == {"ok": None}
    assert [(index, state) for _, index, state in hub.said][6:] == [
        (seven, "rejected"),
        (eight, "timed out"),
        (nine, "killed"),
        (ten, "cancelled"),
        (eleven, "confirmed"),
        (eleven, "executed"),
    ]


def test_a_preimage_that_is_not_there(hub: HubReferenda) -> None:
    call = hub.call("System", "remark", "0x01")
    index = hub.submit(34, call, noted=False, enactment={"At": 9_000})
    where = [hub.referenda[index].hash, len(call)]
    assert item(hub, "Preimage.PreimageFor", where) is None
    hub.note_preimage(index)
    assert (item(hub, "Preimage.PreimageFor", where), names(hub)[0]) == ("0x" + call.hex(), "Preimage.Noted")
    hub.approve(index, after=1_000)
    hub.clear_preimage(index)
    assert (item(hub, "Preimage.PreimageFor", where), names(hub)[0]) == (None, "Preimage.Cleared")
    hub.call_unavailable(index)
    assert names(hub) == ["Scheduler.CallUnavailable"]
    assert hub.said[-1] == (hub.chain.tip.number, index, "unavailable")


def test_silence_an_old_clock_and_issuance(hub: HubReferenda) -> None:
    call = hub.call("System", "remark", "0x02")
    old = hub.plant(33, call, submitted=OLD_RELAY, deciding={"since": OLD_RELAY + 5, "confirming": None})
    assert events(hub) == []
    assert info(hub, old)[1]["submitted"] == OLD_RELAY
    hub.relaunch(3)
    hub.idle()
    assert item(hub, "ParachainSystem.LastRelayChainBlockNumber") == 3
    hub.confirm(old, silently=True)
    hub.inactive_issuance += 7
    with hub.together(silently=True):
        hub.abort(old)
        hub.submit(2, call)
    assert hub.unreadable == [hub.chain.tip.number - 1, hub.chain.tip.number]
    assert [state for _, _, state in hub.said] == ["confirming", "aborted", "submitted"]
    electorate = int(item(hub, "Balances.TotalIssuance"), 16) - int(item(hub, "Balances.InactiveIssuance"), 16)
    assert electorate == 80_000_000 * PAS - 7


def test_several_blocks_share_a_relay_block(hands: Driver) -> None:
    metadata = data_path("metadata", "asset-hub-paseo.v16.2026-02.scale")
    hub = HubReferenda(hands, metadata, clock=10, velocity=3)
    hub.idle(6)
    clocks = [item(hub, "ParachainSystem.LastRelayChainBlockNumber", block=block) for block in hub.chain.best_chain[1:]]
    assert clocks == [10, 10, 10, 11, 11, 11, 12]
    index = hub.submit(0, hub.call("System", "remark", "0x"))
    hub.approve(index, after=40)
    hub.dispatched(index)
    when, _ = hub.referenda[index].task or (0, 0)
    before = item(hub, "ParachainSystem.LastRelayChainBlockNumber")
    assert before - when in (0, 1)


def test_the_keys_are_what_the_hashers_make(hub: HubReferenda) -> None:
    number = (7).to_bytes(4, "little")
    expected = (
        storage_key("Referenda", "ReferendumInfoFor") + blake2b(number, digest_size=16).hexdigest() + number.hex()
    )
    assert hub.key("Referenda", "ReferendumInfoFor", 7) == expected
    assert hub.key("Referenda", "ReferendumCount") == storage_key("Referenda", "ReferendumCount")
    digest = "0x" + "17" * 32
    assert hub.key("Preimage", "PreimageFor", [digest, 9]) == (
        storage_key("Preimage", "PreimageFor") + digest[2:] + (9).to_bytes(4, "little").hex()
    )
