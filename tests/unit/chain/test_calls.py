"""Calls inside calls: what is found, what is said, who acts; and that none of it can be made to run away."""

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paseo_watch.chain import calls, ss58
from paseo_watch.chain.calls import Actor, actor, describe, multisig_account, unwrap
from paseo_watch.chain.scale.values import Call

ALICE, BOB, CAROL = (bytes([n]) * 32 for n in (1, 2, 3))


def transfer(to: bytes = BOB) -> Call:
    return Call("Balances", "transfer_keep_alive", {"dest": ("Id", to), "value": 5})


def remark() -> Call:
    return Call("System", "remark", {"remark": b"hello"})


def wrap(pallet: str, name: str, inner: Call | list[Call], **args: Any) -> Call:
    return Call(pallet, name, {"calls" if isinstance(inner, list) else "call": inner, **args})


def sudo(inner: Call) -> Call:
    return wrap("Sudo", "sudo", inner)


def proxy(inner: Call, real: bytes) -> Call:
    return wrap("Proxy", "proxy", inner, real=("Id", real), force_proxy_type=None)


def batch(*inner: Call) -> Call:
    return wrap("Utility", "batch_all", list(inner))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (transfer(), "Balances.transfer_keep_alive"),
        (batch(transfer(), transfer()), "Utility.batch_all(2× Balances.transfer_keep_alive)"),
        (batch(transfer(), remark(), transfer()), "Utility.batch_all(2× Balances.transfer_keep_alive, System.remark)"),
        (batch(), "Utility.batch_all"),
        (proxy(batch(remark()), BOB), "Proxy.proxy(Utility.batch_all(System.remark))"),
        (sudo(Call("Balances", "force_transfer", {})), "Sudo.sudo(Balances.force_transfer)"),
        (wrap("Scheduler", "schedule", remark(), when=7), "Scheduler.schedule(System.remark)"),
        (Call("Utility", "if_else", {"main": transfer(), "fallback": remark()}),
         "Utility.if_else(Balances.transfer_keep_alive, System.remark)"),
    ],
)  # fmt: skip
def test_a_call_is_described_with_the_calls_inside(call: Call, text: str) -> None:
    assert describe(call) == text


def test_many_kinds_of_calls_are_counted_and_not_listed() -> None:
    kinds = [Call("P", f"c{n}", {}) for n in range(9)]
    assert describe(batch(*kinds)) == "Utility.batch_all(P.c0, P.c1, P.c2, P.c3, P.c4, and 4 more kinds)"


def test_names_are_cut_down_to_what_a_name_can_be() -> None:
    assert describe(Call("@everyone <b>", "x" * 500, {})) == "?everyone??b?." + "x" * 64


def test_a_description_is_never_longer_than_its_bound() -> None:
    long = [Call("P" * 64, f"{n}".rjust(60, "c"), {}) for n in range(5)]
    assert len(describe(batch(*long))) == calls.MAX_TEXT
    assert describe(batch(*long)).endswith("…")


def test_nesting_deeper_than_the_cap_is_cut_and_said() -> None:
    deep = transfer()
    for _ in range(calls.MAX_DEPTH + 1):
        deep = sudo(deep)
    assert unwrap(deep) == calls.Unwrapped((), False)
    assert describe(deep).count("Sudo.sudo") == calls.MAX_DEPTH + 1
    assert "…" in describe(deep)
    assert actor(deep, ALICE).account is None


def test_nesting_up_to_the_cap_is_followed_to_the_end() -> None:
    deep = transfer()
    for _ in range(calls.MAX_DEPTH):
        deep = batch(deep)
    assert unwrap(deep) == calls.Unwrapped((transfer(),), True)


def test_more_calls_than_the_cap_are_cut_and_said() -> None:
    wide = batch(*itertools.repeat(remark(), 100_000))
    found = unwrap(wide)
    assert not found.complete
    assert len(found.calls) == calls.MAX_CALLS - 1
    assert describe(wide) == f"Utility.batch_all({calls.MAX_CALLS - 1}× System.remark, …)"


def test_the_innermost_calls_come_in_order() -> None:
    inner = [transfer(CAROL), remark(), transfer(BOB)]
    nested = batch(proxy(inner[0], BOB), batch(inner[1]), sudo(inner[2]))
    assert unwrap(nested) == calls.Unwrapped(tuple(inner), True)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (transfer(), Actor(ALICE, ALICE, "signed")),
        (batch(transfer()), Actor(ALICE, ALICE, "signed")),
        (sudo(transfer()), Actor(None, ALICE, "sudo")),
        (wrap("Sudo", "sudo_unchecked_weight", transfer(), weight={}), Actor(None, ALICE, "sudo")),
        (wrap("Sudo", "sudo_as", transfer(), who=("Id", BOB)), Actor(BOB, ALICE, "sudo_as")),
        (proxy(transfer(), BOB), Actor(BOB, ALICE, "proxy")),
        (proxy(proxy(transfer(), CAROL), BOB), Actor(CAROL, ALICE, "proxy")),
        (proxy(sudo(transfer()), BOB), Actor(None, ALICE, "sudo")),
        (batch(proxy(transfer(), BOB), proxy(remark(), BOB)), Actor(BOB, ALICE, "proxy")),
        (batch(proxy(transfer(), BOB), remark()), Actor(ALICE, ALICE, "signed")),
        (wrap("Scheduler", "schedule", sudo(transfer()), when=7), Actor(ALICE, ALICE, "signed")),
        (wrap("Proxy", "proxy", transfer(), real=("Index", 7)), Actor(ALICE, ALICE, "signed")),
    ],
)
def test_the_actor_is_the_innermost_origin(call: Call, expected: Actor) -> None:
    assert actor(call, ALICE) == expected


def test_a_multisigs_account_is_what_a_known_wallet_shows() -> None:
    """Alice, Bob and Charlie, two of three: the address that Polkadot's documentation and polkadot.js show."""
    members = [
        ss58.decode("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY")[0],
        ss58.decode("5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty")[0],
        ss58.decode("5FLSigC9HGRKVhB9FiEo4Y3koPsNmBmLJbpXg2mp1hXcS59Y")[0],
    ]
    expected = ss58.decode("5DjYJStmdZ2rcqXbXGX7TW85JsrW6uG4y9MUcLq2BoPMpRA7")[0]
    assert {multisig_account(order, 2) for order in itertools.permutations(members)} == {expected}


def test_a_multisig_acts_for_its_account() -> None:
    call = wrap("Multisig", "as_multi", transfer(), threshold=2, other_signatories=[BOB, CAROL])
    assert actor(call, ALICE) == Actor(multisig_account([ALICE, BOB, CAROL], 2), ALICE, "multisig")


def test_a_derivative_account_is_the_one_that_polkadot_js_shows() -> None:
    """The vector of polkadot-js's own test of `encodeDerivedAddress`, index 0."""
    signer = ss58.decode("5GvUh7fGKsdBEh5XpypkfkGuf7j3vXLxH9BdxjxnJNVXRYi1")[0]
    expected = ss58.decode("5E5XxqPxm7QbEs6twYfp3tyjXidn4kqRrNPH4o6JK9JSLUeD")[0]
    call = wrap("Utility", "as_derivative", transfer(), index=0)
    assert actor(call, signer) == Actor(expected, signer, "derivative")


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"threshold": 1 << 20, "other_signatories": []},
        {"threshold": 2, "other_signatories": [b"short"]},
        {"threshold": "2", "other_signatories": []},
        {"threshold": 2, "other_signatories": [7]},
        {"threshold": 2, "other_signatories": [None]},
        {"threshold": 2, "other_signatories": [("Id", BOB)]},
    ],
)
def test_a_multisig_of_another_shape_leaves_the_signer(args: dict[str, Any]) -> None:
    assert actor(wrap("Multisig", "as_multi", transfer(), **args), ALICE) == Actor(ALICE, ALICE, "signed")


ARGS = st.one_of(st.none(), st.integers(), st.binary(max_size=33), st.tuples(st.just("Id"), st.binary(max_size=33)))
NAMES = st.sampled_from(
    [
        ("Utility", "batch"),
        ("Utility", "as_derivative"),
        ("Proxy", "proxy"),
        ("Sudo", "sudo"),
        ("Sudo", "sudo_as"),
        ("Multisig", "as_multi"),
        ("System", "remark"),
    ]
)


def _call(which: tuple[str, str], args: dict[str, Any]) -> Call:
    return Call(*which, args)


CALLS = st.recursive(
    st.builds(_call, NAMES, st.dictionaries(st.sampled_from(["real", "who", "index", "threshold"]), ARGS)),
    lambda inner: st.builds(
        _call,
        NAMES,
        st.fixed_dictionaries(
            {"call": st.one_of(inner, st.lists(inner, max_size=4))},
            optional={"real": ARGS, "who": ARGS, "index": ARGS, "threshold": ARGS, "other_signatories": st.lists(ARGS)},
        ),
    ),
    max_leaves=30,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CALLS)
def test_any_call_ends_in_a_bounded_description_and_an_actor(call: Call) -> None:
    assert 0 < len(describe(call)) <= calls.MAX_TEXT
    assert actor(call, ALICE).signer == ALICE
    assert len(unwrap(call).calls) <= calls.MAX_CALLS
