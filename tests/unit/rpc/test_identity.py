"""An endpoint shows block 0 before it is believed."""

import asyncio
from typing import Any

import pytest

from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.errors import BadAnswer, WrongIdentity
from paseo_watch.rpc.identity import Identity
from tests.scripted_chain import ScriptedChain
from tests.scripted_node import ScriptedNode, answer


async def test_the_configured_genesis_is_accepted(connection: Connection, chain: ScriptedChain) -> None:
    """And it is known before any contact."""
    identity = Identity(chain.genesis)

    assert await identity.known() == chain.genesis
    await identity.check(connection)


async def test_another_genesis_is_refused(connection: Connection, chain: ScriptedChain) -> None:
    """The error names both, so that a typing mistake in the configuration is seen as one."""
    identity = Identity(b"\x01" * 32)

    with pytest.raises(WrongIdentity) as caught:
        await identity.check(connection)
    assert (caught.value.expected, caught.value.found) == (b"\x01" * 32, chain.genesis)
    assert str(caught.value) == (
        f"node.test serves another chain: genesis 0x{chain.genesis.hex()}, expected 0x{'01' * 32}"
    )


async def test_first_contact_pins_what_was_not_configured(
    connection: Connection, chain: ScriptedChain, node: ScriptedNode
) -> None:
    """From then on another genesis is refused, even from the same endpoint."""
    identity = Identity(None)
    waiting = asyncio.create_task(identity.known())
    await asyncio.sleep(0)
    assert not waiting.done()
    await identity.check(connection)
    assert await waiting == chain.genesis
    node.replace_chain(ScriptedChain(salt="relaunched"))

    with pytest.raises(WrongIdentity):
        await identity.check(connection)


@pytest.mark.parametrize("value", [None, 7, "", "0x", "0x12", "0x" + "zz" * 32, "00" * 33, ["0x" + "00" * 32]])
async def test_what_is_no_hash_is_a_bad_answer(connection: Connection, node: ScriptedNode, value: Any) -> None:
    """A node that cannot name its block 0 is not believed, and nothing is pinned."""
    node.script(answer(value, "chain_getBlockHash"))
    identity = Identity(None)

    with pytest.raises(BadAnswer, match=r"node\.test: chain_getBlockHash of 0 answered .*, expected 0x and 64 hexa"):
        await identity.check(connection)
    await identity.check(connection)  # the node is honest again, and pinned only now
