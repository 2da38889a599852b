"""A chain whose every block has something to tell, and what is to be told, written down as it is made.

Encoded by hand against Polkadot's metadata V14 of spec 1002000: pallet Balances is 5, its event Transfer 2
(`shared/metadata/polkadot.v14.1002000.scale`).
"""

from collections import Counter
from hashlib import blake2b
from random import Random

from tests.scripted_chain import ScriptedChain, compact, storage_key

PLANCK = 10**10
RICH, POOR, FAUCET, HOARD = b"\x11" * 32, b"\x22" * 32, b"\x33" * 32, b"\x44" * 32
LIMIT, THRESHOLD, CAP = 1_000, 10_000, 5_000
HOARDED = 9 * CAP

Told = tuple[str, str, int, str, bool]
"""Rule, status, block number, amount or balance in planck, whether it is told late."""


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
    """Appends blocks: each moves a large amount once or twice, some move the faucet below its limit and back, some move
    the rich account over the cap and back. The hoard is always over it, and every block touches it."""

    def __init__(self, metadata: bytes, random: Random) -> None:
        self.chain = ScriptedChain(metadata={14: metadata}, spec=("polkadot", 1_002_000))
        self.expected: Counter[Told] = Counter()
        self._random = random
        self._low = self._over = self._hoard = False

    def append(self, *, hole: bool = False) -> None:
        """One block more. Of a hole the moves are to be told, late; its balances are never judged."""
        moves = self._random.randint(1, 2)
        small = transfer(9, POOR, HOARD, THRESHOLD - 1)
        events = [transfer(phase, RICH, POOR, THRESHOLD + phase) for phase in range(moves)] + [small]
        low, over = self._random.random() < 0.5, self._random.random() < 0.5
        faucet, rich = LIMIT - 1 if low else LIMIT * 2, CAP + 1 if over else CAP
        balances = {FAUCET: faucet, RICH: rich, HOARD: HOARDED}
        number = self.chain.append(
            compact(len(events)) + b"".join(events),
            storage={account_key(who): account(free) for who, free in balances.items()},
        ).number
        for phase in range(moves):
            self.expected["large", "event", number, str((THRESHOLD + phase) * PLANCK), hole] += 1
        if not hole:
            self._judged("low", number, faucet, self._low, low)
            self._judged("over", number, rich, self._over, over)
            self._judged("over", number, HOARDED, self._hoard, True)
            self._low, self._over, self._hoard = low, over, True

    def _judged(self, rule: str, number: int, balance: int, before: bool, now: bool) -> None:
        if now != before:
            self.expected[rule, "firing" if now else "resolved", number, str(balance * PLANCK), False] += 1
