"""What the service should say about a driven chain, worked out from storage before and after each block.

No event is looked at, and nothing of the package is asked: balances come from @polkadot/api. Two facts about the
scenarios make that possible: each block holds at most one extrinsic of ours, and all accounts that it moves value
between are known here. What its signer lost beyond what the others gained is then the fee.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.chopsticks import PAS, Account, Chopsticks

THRESHOLD = 10_000 * PAS
CAP = 5_000 * PAS
LOW = 1_000 * PAS
RECOVERED = 1_100 * PAS
ROOT = "//Root"
FAUCET = "//Eve"


class Said(NamedTuple):
    """One alert, as far as storage can tell it. `amount` is what moved, or the balance of a condition, in planck.

    Direction and amount are None where the alert says that it does not know them.
    """

    block: int
    rule: str
    status: str
    extrinsic: str | None
    account: str
    direction: str | None
    amount: int | None


@dataclass
class Truth:
    """Balances of the named dev accounts, block by block, and what follows from them."""

    chain: Chopsticks
    names: Sequence[str]
    said: list[Said] = field(default_factory=list)
    _over: set[str] = field(default_factory=set)
    _low: bool = False

    def __post_init__(self) -> None:
        hands = self.chain.driver
        self.addresses = {name: hands.address(name) for name in self.names}
        self.keys = {name: "0x" + hands.public_key(name).hex() for name in self.names}
        self.before = self._balances(None)

    def block(self, hash: str, signer: str, extrinsic: str | None) -> Mapping[str, int]:
        """Take in a built block with one extrinsic of this signer; what each account gained or lost, fees aside."""
        after = self._balances(hash)
        changes = {name: after[name].total - self.before[name].total for name in self.names}
        nets = self._without_fee(changes, signer)
        number = int(self.chain.rpc("chain_getHeader", hash)["number"], 16)
        self.said += self._move(number, self._place(hash, number, extrinsic), nets)
        self.said += self._conditions(number, after, [name for name, change in changes.items() if change])
        self.before = after
        return nets

    def _balances(self, hash: str | None) -> dict[str, Account]:
        return {name: self.chain.account(address, hash) for name, address in self.addresses.items()}

    def _without_fee(self, changes: Mapping[str, int], signer: str) -> dict[str, int]:
        """Root moves what others have, and can make it: its own change is the fee. Anybody else pays the others."""
        others = {name: change for name, change in changes.items() if name != signer and change}
        own = 0 if signer == ROOT else -sum(others.values())
        return others | ({signer: own} if own else {})

    def _place(self, hash: str, number: int, extrinsic: str | None) -> str | None:
        if extrinsic is None:
            return None
        built = self.chain.rpc("chain_getBlock", hash)["block"]["extrinsics"]
        return f"{number}-{built.index(extrinsic)}"

    def _move(self, number: int, place: str | None, nets: Mapping[str, int]) -> Iterable[Said]:
        """The largest change, a loss before a gain where they are equal, if it reaches the threshold."""
        largest = max(nets.items(), key=lambda item: (abs(item[1]), item[1] < 0), default=("", 0))
        name, amount = largest
        if abs(amount) >= THRESHOLD:
            direction = "in" if amount > 0 else "out"
            yield Said(number, "large-move", "event", place, self.keys[name], direction, abs(amount))

    def _conditions(self, number: int, after: Mapping[str, Account], touched: Iterable[str]) -> Iterable[Said]:
        for name in touched:
            over, was = after[name].total > CAP, name in self._over
            if over != was:
                self._over ^= {name}
                status = "firing" if over else "resolved"
                yield Said(number, "policy-cap", status, None, self.keys[name], None, after[name].total)
        if FAUCET in after:
            free = after[FAUCET].free
            low = free < RECOVERED if self._low else free < LOW
            if low != self._low:
                self._low = low
                status = "firing" if low else "resolved"
                yield Said(number, "faucet-low", status, None, self.keys[FAUCET], None, free)
