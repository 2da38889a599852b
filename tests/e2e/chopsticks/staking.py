"""Sessions, eras, chills and slashes on a real relay runtime of 2024, and what @polkadot/api saw of them.

    staking = Staking(chain)
    staking.begin()
    staking.new_session()
    staking.said  # [NewSession(2, 1, (…), (…))]

Hours are jumped over by moving the clock and the slot; the runtime then ends the session by itself. Chopsticks names
no existing author, so that ImOnline would find everybody offline: who is to count as present is written down before.
On today's relay runtime `new_session`, `replace_set` and what they say work too; the rest moved to Asset Hub.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tests.chopsticks import PAS, Chopsticks
from tests.e2e.chopsticks.seen import ROOT, Call, Event, build, call, furnish, signed, sudo

START = {"//Valerie": 1_000_000}
"""What each account begins with, in PAS."""
BOND = 200_000 * PAS

Keys = tuple[str, ...]


class NewSession(NamedTuple):
    """A session began; the validator sets before and after as public keys, from `Session.Validators`."""

    block: int
    session: int
    before: Keys
    after: Keys


class Offline(NamedTuple):
    """These were found offline in the session that ended."""

    block: int
    stashes: Keys


class Chilled(NamedTuple):
    """A stash stopped being a candidate."""

    block: int
    stash: str


class SlashReported(NamedTuple):
    """A slash was computed for an offence of this era; `fraction` in parts of a billion."""

    block: int
    stash: str
    era: int
    fraction: int


class Slashed(NamedTuple):
    """A slash was taken, in planck."""

    block: int
    account: str
    amount: int


class EraPaid(NamedTuple):
    """An era ended, and this is what its validators may claim, in planck."""

    block: int
    era: int
    payout: int


class ElectionFailed(NamedTuple):
    """No result was there when a new era was planned."""

    block: int


Said = NewSession | Offline | Chilled | SlashReported | Slashed | EraPaid | ElectionFailed


class Staking:
    """Drives sessions and staking. Accounts are SS58 addresses; a name such as `//Valerie` is a dev account."""

    def __init__(self, chain: Chopsticks) -> None:
        self.chain = chain
        self.said: list[Said] = []
        """What happened, in the order of the chain."""
        self._heartbeats = self._has("ImOnline", "AuthoredBlocks", 0, self.validators()[0])

    def begin(self) -> None:
        """Fund the dev accounts and take the Sudo key."""
        furnish(self.chain, START)

    def validators(self) -> list[str]:
        """The active set, in its order."""
        return list(self.chain.query("Session", "Validators"))

    def keys_at(self, block: str) -> Keys:
        """The active set in the state of a block (by hash), as public keys."""
        return self._keys(list(self.chain.query("Session", "Validators", block=block)))

    def new_session(self, offline: Sequence[str] = ()) -> None:
        """One block, an epoch later than the last; these validators were not there in the session that ends."""
        if self._heartbeats:
            self._all_present_but(offline)
        epoch = self.chain.constant("Babe", "EpochDuration")
        slot, now = int(self.chain.query("Babe", "CurrentSlot")), int(self.chain.query("Timestamp", "Now"))
        later = now + epoch * self.chain.constant("Babe", "ExpectedBlockTime")
        self.chain.set_storage({"Timestamp": {"Now": later}, "Babe": {"CurrentSlot": slot + epoch}})
        self.block()

    def replace_set(self, validators: Sequence[str]) -> None:
        """One block: a session with this set, of validators that were queued for it anyway."""
        queued = dict(self.chain.query("Session", "QueuedKeys"))
        chosen = [[address, queued[address]] for address in validators]
        self.chain.set_storage({"Session": {"QueuedKeys": chosen, "QueuedChanged": True}})
        self.new_session()

    def failed_election(self) -> None:
        """Two blocks: root asks for a new era, and nothing was elected; the next `new_era` ends the emergency."""
        self.block(sudo(call("Staking", "force_new_era")))
        self.new_session()

    def new_era(self, validators: Sequence[str] | None = None) -> None:
        """Three blocks: root says who is elected, a session plans the era, and another begins it."""
        elected = self.validators() if validators is None else validators
        self.chain.set_storage({"ElectionProviderMultiPhase": {"CurrentPhase": "Emergency"}})
        supports = [[address, self._own_support(address)] for address in elected]
        result = call("ElectionProviderMultiPhase", "set_emergency_election_result", supports)
        self.block(sudo(call("Utility", "batch_all", [call("Staking", "force_new_era"), result])))
        self.new_session()
        self.new_session()

    def join(self, name: str) -> str:
        """One block in which a dev account bonds, sets session keys and becomes a candidate; its address."""
        keys = b"".join(self.chain.driver.public_key(f"{name}/{kind}") for kind in range(6)) + b"\x02" + bytes(32)
        prefs = {"commission": 50_000_000, "blocked": False}
        self.block(
            call("Staking", "bond", BOND, "Staked"),
            call("Session", "set_keys", keys, b""),
            call("Staking", "validate", prefs),
            signer=name,
        )
        return self.chain.driver.address(name)

    def chill(self, who: str) -> None:
        """One block in which a candidate chills: a dev account signs it, for anybody else root dispatches it."""
        wish = call("Staking", "chill")
        if who.startswith("//"):
            self.block(wish, signer=who)
        else:
            self.block(sudo(call("Utility", "dispatch_as", {"system": {"Signed": who}}, wish)))

    def offence(self, offline: Sequence[str]) -> None:
        """Two blocks: these may be slashed, and are found offline; up to a tenth of the set and one are forgiven."""
        protected = [address for address in self.chain.query("Staking", "Invulnerables") if address not in offline]
        self.block(sudo(call("Staking", "set_invulnerables", protected)))
        self.new_session(offline)

    def slash(self, offline: Sequence[str]) -> None:
        """Five blocks: an offence, and a new era, without these, that takes its slashes now instead of in 28 eras."""
        era = int(self.chain.query("Staking", "ActiveEra")["index"])
        self.offence(offline)
        later = era + self.chain.constant("Staking", "SlashDeferDuration") + 1
        slashes = self.chain.query("Staking", "UnappliedSlashes", later)
        self.chain.set_storage({"Staking": {"UnappliedSlashes": [[[later], None], [[era + 1], slashes]]}})
        self.new_era([address for address in self.validators() if address not in offline])

    def block(self, *wishes: Call, signer: str = ROOT) -> None:
        """One block with these calls of one signer."""
        before = self.validators()
        number, events = build(self.chain, *[signed(self.chain, signer, wish) for wish in wishes])
        for event in events:
            self.said += self._said(number, event, before)

    def _said(self, number: int, event: Event, before: Sequence[str]) -> Iterable[Said]:
        data = event.data
        match event.name:
            case "session.NewSession":
                yield NewSession(number, data["sessionIndex"], self._keys(before), self._keys(self.validators()))
            case "imOnline.SomeOffline":
                yield Offline(number, self._keys([stash for stash, _ in data["offline"]]))
            case "staking.Chilled":
                yield Chilled(number, self._key(data["stash"]))
            case "staking.SlashReported":
                yield SlashReported(number, self._key(data["validator"]), data["slashEra"], int(data["fraction"]))
            case "staking.Slashed":
                yield Slashed(number, self._key(data["staker"]), int(data["amount"]))
            case "staking.EraPaid":
                yield EraPaid(number, data["eraIndex"], int(data["validatorPayout"]))
            case "staking.StakingElectionFailed":
                yield ElectionFailed(number)

    def _all_present_but(self, offline: Sequence[str]) -> None:
        session = self.chain.query("Session", "CurrentIndex")
        present = [[[session, address], 1] for address in self.validators() if address not in offline]
        self.chain.set_storage({"ImOnline": {"AuthoredBlocks": present}})

    def _own_support(self, address: str) -> dict[str, object]:
        staked = int(self.chain.query("Staking", "Ledger", address)["active"])
        return {"total": staked, "voters": [[address, staked]]}

    def _key(self, address: str) -> str:
        return self._keys([address])[0]

    def _keys(self, addresses: Sequence[str]) -> Keys:
        return tuple(self.chain.driver.ask("public_keys", addresses=addresses))

    def _has(self, pallet: str, item: str, *args: object) -> bool:
        try:
            self.chain.query(pallet, item, *args)
        except RuntimeError:
            return False
        return True
