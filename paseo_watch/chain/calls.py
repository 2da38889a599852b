"""What a call does and who stands behind it: calls inside calls, and the accounts that they act for.

On-chain text is not trusted: names come from metadata, and are bounded and cut down to what a Rust name can hold.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal, TypeGuard

from paseo_watch.chain.scale.compact import encode_compact
from paseo_watch.chain.scale.values import Call

MAX_DEPTH = 8
MAX_CALLS = 500
MAX_TEXT = 300

_MAX_KINDS = 5
_MAX_NAME = 64
_STRANGE = re.compile(r"[^A-Za-z0-9_]")
_DERIVED = b"modlpy/utilisuba"

ROOT_BY_SUDO = frozenset({("Sudo", "sudo"), ("Sudo", "sudo_unchecked_weight")})
PROXIES = frozenset({("Proxy", "proxy"), ("Proxy", "proxy_announced")})
BATCHES = frozenset({("Utility", "batch"), ("Utility", "batch_all"), ("Utility", "force_batch")})
TRANSPARENT = BATCHES | {("Utility", "with_weight"), ("Utility", "if_else")}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: `account` is None for root. `how` says by which way `signer` came to act for it."""

    account: bytes | None
    signer: bytes
    how: Literal["signed", "sudo", "sudo_as", "proxy", "multisig", "derivative"]


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """The innermost calls, in order. `complete` is False where the depth or count cap cut something off."""

    calls: tuple[Call, ...]
    complete: bool


class _Budget:
    """How many calls may still be looked at, over all levels together."""

    def __init__(self) -> None:
        self.left = MAX_CALLS
        self.cut = False

    def take(self, depth: int) -> bool:
        if self.left == 0 or depth > MAX_DEPTH:
            self.cut = True
            return False
        self.left -= 1
        return True


def inner_calls(call: Call) -> Iterator[Call]:
    """The calls that a call carries as arguments, whatever its pallet: alone or in a list."""
    for value in call.args.values():
        if isinstance(value, Call):
            yield value
        elif isinstance(value, list):
            yield from (item for item in value if isinstance(item, Call))


def unwrap(call: Call) -> Unwrapped:
    """Take batch, proxy, multisig, sudo, scheduler, whitelist and every other wrapper off.

    At most MAX_DEPTH levels and MAX_CALLS calls are looked at.
    """
    budget = _Budget()
    leaves = tuple(_leaves(call, 0, budget))
    return Unwrapped(leaves, not budget.cut)


def _leaves(call: Call, depth: int, budget: _Budget) -> Iterator[Call]:
    if not budget.take(depth):
        return
    wrapped = False
    for inner in inner_calls(call):
        wrapped = True
        yield from _leaves(inner, depth + 1, budget)
        if budget.left == 0:
            budget.cut = True
            return
    if not wrapped:
        yield call


def describe(call: Call) -> str:
    """`Utility.batch_all(2× Balances.transfer_keep_alive)`: bounded in depth, in count and in length."""
    text = _describe(call, 0, _Budget())
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def _describe(call: Call, depth: int, budget: _Budget) -> str:
    if not budget.take(depth):
        return "…"
    name = f"{_name(call.pallet)}.{_name(call.name)}"
    kinds: dict[str, int] = {}
    for inner in inner_calls(call):
        kind = _describe(inner, depth + 1, budget)
        kinds[kind] = kinds.get(kind, 0) + 1
        if kind == "…":
            break
    return f"{name}({_listing(kinds)})" if kinds else name


def _listing(kinds: dict[str, int]) -> str:
    shown = [f"{count}× {kind}" if count > 1 else kind for kind, count in list(kinds.items())[:_MAX_KINDS]]
    if len(kinds) > _MAX_KINDS:
        shown.append(f"and {len(kinds) - _MAX_KINDS} more kinds")
    return ", ".join(shown)


def _name(text: str) -> str:
    return _STRANGE.sub("?", text[:_MAX_NAME])


def account_of(address: object) -> bytes | None:
    """The account in a MultiAddress as decoded: 32 bytes, or ("Id", 32 bytes)."""
    if isinstance(address, tuple) and len(address) == 2 and address[0] == "Id":
        address = address[1]
    return address if isinstance(address, bytes) and len(address) == 32 else None


def actor(call: Call, signed_by: bytes) -> Actor:
    """Follow the wrappers that change the origin down to the innermost one.

    A batch stands for its contents where all of them act for one account. What a call schedules or proposes does not
    run now and is not followed.
    """
    return _actor(call, Actor(signed_by, signed_by, "signed"), 0, _Budget())


def _actor(call: Call, so_far: Actor, depth: int, budget: _Budget) -> Actor:
    if not budget.take(depth):
        return so_far
    following = _next(call, so_far)
    if following is None:
        return so_far
    found = {_actor(inner, following, depth + 1, budget) for inner in inner_calls(call)}
    return found.pop() if len(found) == 1 else following


def _next(call: Call, so_far: Actor) -> Actor | None:
    """The origin inside this call; None where the call is not one that dispatches another at once."""
    which, args, by = (call.pallet, call.name), call.args, so_far.signer
    if which in TRANSPARENT:
        return so_far
    if which in ROOT_BY_SUDO:
        return Actor(None, by, "sudo")
    if which == ("Sudo", "sudo_as"):
        return _acting(account_of(args.get("who")), by, "sudo_as", so_far)
    if which in PROXIES:
        return _acting(account_of(args.get("real")), by, "proxy", so_far)
    if which in {("Multisig", "as_multi"), ("Multisig", "as_multi_threshold_1")}:
        return _acting(_multisig(args, so_far.account), by, "multisig", so_far)
    if which == ("Utility", "as_derivative"):
        return _acting(_derivative(args, so_far.account), by, "derivative", so_far)
    return None


def _acting(
    account: bytes | None,
    by: bytes,
    how: Literal["sudo_as", "proxy", "multisig", "derivative"],
    otherwise: Actor,
) -> Actor:
    return otherwise if account is None else Actor(account, by, how)


def _multisig(args: dict[str, Any], approver: bytes | None) -> bytes | None:
    others = args.get("other_signatories")
    threshold = args.get("threshold", 1)
    if approver is None or not isinstance(others, list) or not _is_u16(threshold):
        return None
    if not all(isinstance(other, bytes) and len(other) == 32 for other in others):
        return None
    return multisig_account([approver, *others], threshold)


def _is_u16(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and 0 <= value < 1 << 16


def _derivative(args: dict[str, Any], of: bytes | None) -> bytes | None:
    index = args.get("index")
    if of is None or not _is_u16(index):
        return None
    return blake2b(_DERIVED + of + index.to_bytes(2, "little"), digest_size=32).digest()


def multisig_account(signatories: Sequence[bytes], threshold: int) -> bytes:
    """The account of a multisig: blake2-256 of ("modlpy/utilisuba", sorted signatories, threshold as u16).

    Source: pallet-multisig, `multi_account_id`.
    """
    members = sorted(signatories)
    encoded = _DERIVED + encode_compact(len(members)) + b"".join(members) + threshold.to_bytes(2, "little")
    return blake2b(encoded, digest_size=32).digest()
