"""Sessions and backing votes on a driven relay chain, written where the runtime would have them.

Chopsticks mocks the parachains' inherent, so that no candidate is ever backed: `back` writes the votes of the head
block into its state, as the runtime keeps them (`ParaInherent.OnChainVotes`). The next block begins with none again.
"""

from collections.abc import Collection, Sequence

from tests.chopsticks import Chopsticks

ZEROS = "0x" + "00" * 32
SIGNATURE = "0x" + "00" * 64


class Sessions:
    """Moves a relay chain from session to session, and its validators to vote."""

    def __init__(self, chain: Chopsticks) -> None:
        self.chain = chain

    def validators(self) -> list[str]:
        """The active set, SS58, in its order."""
        return list(self.chain.query("Session", "Validators"))

    def next(self, validators: Sequence[str] | None = None) -> None:
        """The next block is the first of a new session, with these of the queued validators where they are given."""
        chain = self.chain
        if validators is not None:
            queued = dict(chain.query("Session", "QueuedKeys"))
            chosen = [[address, queued[address]] for address in validators]
            chain.set_storage({"Session": {"QueuedKeys": chosen, "QueuedChanged": True}})
        epoch = chain.constant("Babe", "EpochDuration")
        slot, now = int(chain.query("Babe", "CurrentSlot")), int(chain.query("Timestamp", "Now"))
        later = now + epoch * chain.constant("Babe", "ExpectedBlockTime")
        chain.set_storage({"Timestamp": {"Now": later}, "Babe": {"CurrentSlot": slot + epoch}})

    def back(self, session: int, silent: Collection[str] = ()) -> None:
        """In the head block every group of a session backs one candidate; these validators give no vote."""
        info = self.chain.query("ParaSessionInfo", "Sessions", session)
        accounts = self.chain.query("ParaSessionInfo", "AccountKeys", session)
        backed = []
        for core, group in enumerate(info["validatorGroups"]):
            voters = [place for place in group if accounts[place] not in silent]
            if voters:
                backed.append([_receipt(core), [[place, {"Explicit": SIGNATURE}] for place in voters]])
        votes = {"session": session, "backingValidatorsPerCandidate": backed, "disputes": []}
        self.chain.set_storage({"ParaInherent": {"OnChainVotes": votes}})


def _receipt(core: int) -> dict[str, object]:
    """A candidate of which only its being there matters."""
    descriptor = {
        "paraId": 1000 + core,
        "relayParent": ZEROS,
        "coreIndex": core,
        "persistedValidationDataHash": ZEROS,
        "povHash": ZEROS,
        "erasureRoot": ZEROS,
        "paraHead": ZEROS,
        "validationCodeHash": ZEROS,
    }
    return {"descriptor": descriptor, "commitmentsHash": ZEROS}
