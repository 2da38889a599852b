"""Where a move came from, and what is said where that is not known."""

import pytest

from paseo_watch.chain.block import Block
from paseo_watch.chain.calls import multisig_account
from paseo_watch.chain.scale.values import INITIALIZATION, Call
from paseo_watch.watchers.balances.legs import Vocabulary
from paseo_watch.watchers.balances.moves import groups
from paseo_watch.watchers.balances.origin import UNSIGNED, Origin, origin
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.watcher import Answers
from tests.unit.watchers.balances.doubles import ALICE, BOB, DAVE, Events, block, runtime, setting

NAMES = Names(setting())
ALICE_42 = "5C62Ck4UrFPiBtoCmeSrgF7x9yv9mn38446dhCpsi2mLHiFT"
TRANSFER = Call("Balances", "transfer_keep_alive", {"dest": ("Id", BOB), "value": 1})


def told(of: Block, extrinsics: list[bytes] | None) -> Origin:
    (group,) = groups(of.events, Vocabulary("Balances", frozenset()))
    return origin(of, group, Answers(extrinsics=extrinsics), NAMES)


def in_extrinsic(call: Call = TRANSFER, paid: bool = True) -> Block:
    events = Events(1).transfer(ALICE, BOB, 5) if paid else Events(1).balances("Transfer", ALICE, BOB, 5)
    return block(events, of=runtime(call=call))


def test_a_signed_extrinsic_names_its_signer_and_call() -> None:
    assert told(in_extrinsic(), [b"damaged", ALICE]) == Origin(
        "101-1", ALICE_42, ALICE_42, "Balances.transfer_keep_alive",
        f"Balances.transfer_keep_alive, signed by {ALICE_42}.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("call", "acting"),
    [
        (Call("Sudo", "sudo", {"call": TRANSFER}), f"root via sudo by {ALICE_42}"),
        (
            Call("Proxy", "proxy", {"real": ("Id", DAVE), "call": TRANSFER}),
            f"{NAMES.account(DAVE)} (proxied by {ALICE_42})",
        ),
        (
            Call("Multisig", "as_multi", {"threshold": 2, "other_signatories": [BOB], "call": TRANSFER}),
            f"{NAMES.account(multisig_account([ALICE, BOB], 2))} (multisig, last approval by {ALICE_42})",
        ),
        (
            Call("Sudo", "sudo_as", {"who": ("Id", DAVE), "call": TRANSFER}),
            f"{NAMES.account(DAVE)} (via sudo by {ALICE_42})",
        ),
    ],
)
def test_somebody_else_who_acts_is_named(call: Call, acting: str) -> None:
    found = told(in_extrinsic(call), [b"", ALICE])
    assert (found.signer, found.actor) == (ALICE_42, acting)
    assert found.sentence.endswith(f", signed by {ALICE_42}; acting: {acting}.")


def test_without_a_signature_the_payer_stands_in_or_nobody_does() -> None:
    paid = told(in_extrinsic(), [b"", b"general"])
    assert (paid.signer, paid.actor) == (ALICE_42, None)
    assert paid.sentence == f"Balances.transfer_keep_alive, general, signed by nobody; {ALICE_42} paid the fee."
    assert told(in_extrinsic(paid=False), [b"", b"general"]).signer == UNSIGNED


@pytest.mark.parametrize(
    ("extrinsics", "why"),
    [
        (None, "the block's body was not to be had"),
        ([b""], "the block's body was not to be had"),
        ([b"", b"damaged"], "the extrinsic could not be decoded"),
    ],
)
def test_a_call_that_is_not_known_is_said_to_be_so(extrinsics: list[bytes] | None, why: str) -> None:
    found = told(in_extrinsic(), extrinsics)
    sentence = f"The call is not known: {why}; {ALICE_42} paid the fee."
    assert found == Origin("101-1", ALICE_42, None, None, sentence)


def test_a_hook_has_no_signer_and_names_what_ended_it() -> None:
    driven = Events(INITIALIZATION).balances("Minted", BOB, 5).add("MessageQueue", "Processed", 0, 0, 0, True)
    assert told(block(driven), None) == Origin(None, None, None, None, "In a hook, up to MessageQueue.Processed.")
    assert told(block(Events(INITIALIZATION).balances("Minted", BOB, 5)), None).sentence == "In a hook."
