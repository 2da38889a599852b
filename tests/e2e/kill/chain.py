"""A chain whose every block has something to tell, and what is to be told, written down as it is made.

Encoded by hand against Polkadot's metadata V14 of spec 1002000: pallet Balances is 5, its event Transfer 2
(`shared/metadata/polkadot.v14.1002000.scale`).
"""

from collections import Counter
from hashlib import blake2b
from random import Random

from tests.scripted_chain import ScriptedChain, compact, storage_key

PLANCK = 10**10
RICH, POOR, FAUCET = b"\x11" * 32, b"\x22" * 32, b"\x33" * 32
LIMIT, THRESHOLD = 1_000, 10_000

Told = tuple[str, str, int]
"""Rule, status, block number."""


def transfer(phase: int, sender: bytes, receiver: bytes, units: int) -> bytes:
    """One event record: phase ApplyExtrinsic, Balances.Transfer, no topics."""
    amount = (units * PLANCK).to_bytes(16, "little")
    return b"\x00" + phase.to_bytes(4, "little") + b"\x05\x02" + sender + receiver + amount + b"\x00"


def account(free: int) -> str:
    """System.Account's value: four counters, then free, reserved, frozen and flags (frame/system, pallet-balances)."""
    balances = (free * PLANCK).to_bytes(16, "little") + bytes(48)
    return "0x" + ((0).to_bytes(4, "little") + (1).to_bytes(4, "little") * 2 + bytes(4) + balances).hex()


def account_key(who: bytes) -> str:
    """System.Account is a map hashed with blake2_128_concat."""
    return storage_key("System", "Account") + blake2b(who, digest_size=16).hexdigest() + who.hex()


class TellingChain:
    """Appends blocks: each moves a large amount once or twice, some move the faucet over its limit and back."""

    def __init__(self, metadata: bytes, random: Random) -> None:
        self.chain = ScriptedChain(metadata={14: metadata}, spec=("polkadot", 1_002_000))
        self.expected: Counter[Told] = Counter()
        self._random = random
        self._low = False

    def append(self) -> None:
        """One block more."""
        moves = self._random.randint(1, 2)
        small = transfer(9, POOR, RICH, THRESHOLD - 1)
        events = [transfer(phase, RICH, POOR, THRESHOLD + phase) for phase in range(moves)] + [small]
        low = self._random.random() < 0.5
        faucet = LIMIT - 1 if low else LIMIT * 2
        block = self.chain.append(
            compact(len(events)) + b"".join(events), storage={account_key(FAUCET): account(faucet)}
        )
        self.expected["large", "event", block.number] += moves
        if low != self._low:
            self.expected["low", "firing" if low else "resolved", block.number] += 1
        self._low = low
