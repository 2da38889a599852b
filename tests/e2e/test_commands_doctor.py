"""`doctor`: what is seen of each chain and what is not; and our decoder against substrate-interface on real blocks."""

from pathlib import Path

import pytest

from tests.data import data_path
from tests.e2e.command_line import TOKEN, Ended, finished
from tests.e2e.command_stage import recorded_node, write_config
from tests.scripted_chain import ScriptedChain
from tests.scripted_node import FOREVER, ScriptedNode, answer

EVENTS = ("polkadot-18468942.v14.1002000.events", "polkadot-19772575.v14.1002000.events")  # 58 and 81 events


@pytest.fixture(name="chain")
def real_chain() -> ScriptedChain:
    """Blocks 1 and 2 have the events of two blocks of Polkadot, under Polkadot's metadata."""
    metadata = data_path("metadata", "polkadot.v14.1002000.scale").read_bytes()
    chain = ScriptedChain(metadata={14: metadata}, spec=("polkadot", 1_002_000))
    for name in EVENTS:
        chain.append(data_path("events", name).read_bytes())
    return chain


async def doctor(node: ScriptedNode, folder: Path, *flags: str) -> Ended:
    """`doctor` at this node."""
    write_config(folder, node.url, genesis=f'"0x{node.chain.genesis.hex()}"')
    return await finished("doctor", *flags, "-c", "config.yaml", folder=folder)


async def test_it_says_what_is_seen_of_a_chain_and_why_others_are_not_followed(tmp_path: Path) -> None:
    more = "  coretime: {enabled: false, endpoints: [], disabled_reason: Gone since July.}"
    async with recorded_node() as (node, _):
        write_config(tmp_path, node.url, genesis="null", more=more)
        ended = await finished("doctor", "--cross-check", "3", "-c", "config.yaml", folder=tmp_path)
    lines = ended.out.splitlines()
    assert f"  {node.url.removeprefix('ws://')}: connected" in lines
    assert any(line.startswith("  genesis 0x") and line.endswith(": learned now") for line in lines)
    assert any(line.startswith("  finalized #31, paseo 2003001, metadata V") for line in lines)
    assert "  not followed: Gone since July." in lines
    assert lines[-1].endswith("store.db: there is no such store yet; `paseo-watch run` creates it")
    assert [line for line in lines if "cross-check" in line][-1].endswith(", 0 blocks with differences")
    assert ended.code == 0


WATCH = ", opengov: {}, validators: {}"


async def test_it_says_which_instance_and_which_staking_mode_is_active_and_why(tmp_path: Path) -> None:
    """Today's relay: governance is gone, and the pallet is not taken for alive; the mode is read from storage."""
    async with recorded_node() as (node, _):
        write_config(tmp_path, node.url, watch=WATCH)
        ended = await finished("doctor", "-c", "config.yaml", folder=tmp_path)
    assert ended.code == 0
    told = [line.strip() for line in ended.out.splitlines()]
    (instance,) = (line for line in told if line.startswith("Referenda: "))
    assert "dormant" in instance
    assert "StakingAhClient" in instance
    assert any(line.startswith("staking mode: StakingAhClient.Mode is Passive") for line in told)
    assert any("validators make this chain's blocks" in line for line in told)
    assert "opengov: 0 events, 0 keys a block" in told


async def test_it_says_so_of_an_asset_hub_and_of_a_chain_with_collators_only(tmp_path: Path) -> None:
    """The clock that referenda count by too; what a chain lacks by nature is no blindness."""
    said: dict[str, list[str]] = {}
    for name in ("asset-hub-paseo.v16.2026-02.scale", "people-paseo.v15.2025-08.scale"):
        metadata = data_path("metadata", name).read_bytes()
        chain = ScriptedChain(metadata={metadata[4]: metadata})
        chain.extend(2)
        async with ScriptedNode(chain) as node:
            write_config(tmp_path, node.url, genesis=f'"0x{chain.genesis.hex()}"', watch=WATCH)
            ended = await finished("doctor", "-c", "config.yaml", folder=tmp_path)
        said[name[:5]] = [line.strip() for line in ended.out.splitlines()]
    hub, people = said["asset"], said["peopl"]
    assert any(line.startswith("Referenda: alive") and "relay blocks" in line for line in hub)
    assert any("pallet-staking-async elects" in line for line in hub)
    assert "no referenda on this chain" in people
    for told in (hub, people):
        assert any("collators" in line for line in told)
        assert not any(line.startswith("blind: ") for line in told)


async def test_both_decoders_read_real_blocks_alike(chain: ScriptedChain, tmp_path: Path) -> None:
    """139 events of Polkadot, leaf by leaf; that more blocks were wished for than there are is no failure."""
    async with ScriptedNode(chain) as node:
        ended = await doctor(node, tmp_path, "--cross-check", "5")
    assert "  cross-check: 2 blocks, 139 events, 0 blocks with differences" in ended.out.splitlines()
    assert ended.code == 0


async def test_a_node_that_lies_about_its_metadata_is_found_out(chain: ScriptedChain, tmp_path: Path) -> None:
    """The runtime API and `state_getMetadata` name one event differently: both decode, and do not agree."""
    metadata = data_path("metadata", "polkadot.v14.1002000.scale").read_bytes()
    lie = metadata.replace(b"\x20Transfer\x0c\x01\x10from", b"\x20Transfxr\x0c\x01\x10from", 1)
    assert lie != metadata
    async with ScriptedNode(chain) as node:
        truth = answer("0x" + metadata.hex(), "state_getMetadata", times=2)  # to look at the chain, and to decode
        node.script(truth, answer("0x" + lie.hex(), "state_getMetadata", times=FOREVER))
        ended = await doctor(node, tmp_path, "--cross-check", "2")
    differing = [line for line in ended.out.splitlines() if "ours 'Transfer', reference 'Transfxr'" in line]
    assert differing
    assert "2 blocks with differences" in ended.out
    assert ended.code == 1


async def test_bytes_that_neither_decoder_reads_are_a_difference_in_one_line(
    chain: ScriptedChain, tmp_path: Path
) -> None:
    chain.append(b"\x04\xff")
    async with ScriptedNode(chain) as node:
        ended = await doctor(node, tmp_path, "--cross-check", "2")
    assert any(line.startswith("  cross-check: #3: ") for line in ended.out.splitlines())
    assert "  cross-check: 2 blocks, 81 events, 1 blocks with differences" in ended.out.splitlines()
    assert ended.code == 1


async def test_a_chain_that_nobody_serves_is_said_and_the_others_are_looked_at(tmp_path: Path) -> None:
    more = f'  people: {{endpoints: ["ws://127.0.0.1:1/{TOKEN}"], start: 1, ss58_prefix: 42}}'
    async with recorded_node() as (node, _):
        write_config(tmp_path, node.url, more=more)
        ended = await finished("doctor", "-c", "config.yaml", folder=tmp_path)
    assert ended.code == 1
    assert "finalized #31" in ended.out
    assert "  127.0.0.1:1: cannot connect to 127.0.0.1:1" in ended.out
