"""Which chain it is: the genesis hash, given by the configuration or learned at first contact, and then pinned."""

import asyncio

from paseo_watch.rpc.connection import Connection
from paseo_watch.rpc.errors import WrongIdentity
from paseo_watch.rpc.hexadecimal import from_hex


class Identity:
    """The genesis hash that every endpoint of a chain must have."""

    def __init__(self, genesis: bytes | None) -> None:
        self._genesis = genesis
        self._known = asyncio.Event()
        if genesis is not None:
            self._known.set()

    async def known(self) -> bytes:
        """The genesis hash; waits for first contact where none was configured."""
        await self._known.wait()
        assert self._genesis is not None
        return self._genesis

    async def check(self, connection: Connection) -> None:
        """Ask for block 0 and compare. Raises WrongIdentity, BadAnswer, or the connection's error.

        The first endpoint asked decides where nothing was configured: it is believed, so a configuration that
        names the genesis hash is the safer one.
        """
        answer = await connection.request("chain_getBlockHash", [0])
        found = from_hex(answer, f"{connection.endpoint}: chain_getBlockHash of 0", size=32)
        if self._genesis is None:
            self._genesis = found
            self._known.set()
        if found != self._genesis:
            raise WrongIdentity(connection.endpoint, self._genesis, found)
