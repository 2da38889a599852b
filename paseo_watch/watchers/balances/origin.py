"""Where a move came from: the extrinsic's signer, who acted, and the call; or the hook."""

from dataclasses import dataclass

from paseo_watch.chain.block import Block
from paseo_watch.chain.calls import Actor, account_of, actor, describe
from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.watchers.balances.moves import Group
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.watcher import Answers

UNSIGNED = "unsigned/general"


@dataclass(frozen=True, slots=True)
class Origin:
    """`extrinsic` as N-i, None in a hook; `signer` an address or UNSIGNED, `call` in words: None where not known.

    `sentence` says all of it for people, what is not known too.
    """

    extrinsic: str | None
    signer: str | None
    actor: str | None
    call: str | None
    sentence: str


def origin(block: Block, group: Group, answers: Answers, names: Names) -> Origin:
    """What can be said about where a group of moves came from."""
    if group.extrinsic is None:
        where = f"In a hook, up to {group.driver}." if group.driver else "In a hook."
        return Origin(None, None, None, None, where)
    at = f"{block.number}-{group.extrinsic}"
    paid = names.address(group.payer) if group.payer else None
    fee = f"; {names.account(group.payer)} paid the fee" if group.payer else ""
    if answers.extrinsics is None or group.extrinsic >= len(answers.extrinsics):
        return Origin(at, paid, None, None, f"The call is not known: the block's body was not to be had{fee}.")
    try:
        decoded = block.runtime.decode_extrinsic(answers.extrinsics[group.extrinsic])
    except ScaleError:
        return Origin(at, paid, None, None, f"The call is not known: the extrinsic could not be decoded{fee}.")
    call = describe(decoded.call)
    signed_by = account_of(decoded.address)
    if signed_by is None:
        how = "signed by no account id" if decoded.kind == "signed" else f"{decoded.kind}, signed by nobody"
        return Origin(at, paid or UNSIGNED, None, call, f"{call}, {how}{fee}.")
    acting = _acting(actor(decoded.call, signed_by), names)
    by = f"signed by {names.account(signed_by)}"
    sentence = f"{call}, {by}." if acting is None else f"{call}, {by}; acting: {acting}."
    return Origin(at, names.address(signed_by), acting or names.account(signed_by), call, sentence)


def _acting(acting: Actor, names: Names) -> str | None:
    """In words, who acts if it is not the signer."""
    by = names.account(acting.signer)
    if acting.account is None:
        return f"root via sudo by {by}"
    if acting.account == acting.signer:
        return None
    how = {
        "proxy": f"proxied by {by}",
        "multisig": f"multisig, last approval by {by}",
        "derivative": f"derivative account of {by}",
        "sudo_as": f"via sudo by {by}",
        "signed": f"signed by {by}",
    }[acting.how]
    return f"{names.account(acting.account)} ({how})"
