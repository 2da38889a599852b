"""Groups and nets: what belongs together, and what each account gained or lost in it."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paseo_watch.chain import ss58
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.chain.scale.values import FINALIZATION, INITIALIZATION, Event
from paseo_watch.chain.units import NATIVE
from paseo_watch.watchers.balances.legs import Vocabulary, vocabulary
from paseo_watch.watchers.balances.moves import BalanceSet, Group, groups
from tests.data import data_path
from tests.unit.watchers.balances import ledger
from tests.unit.watchers.balances.doubles import ALICE, BOB, CAROL, FIELDS, PAS, TREASURY, Events

WORDS = Vocabulary("Balances", frozenset({"Assets"}))


def found(events: Events) -> list[Group]:
    return groups(events.all, WORDS)


def native(group: Group) -> dict[bytes, int]:
    return group.of(NATIVE)


def test_todays_relay_tells_one_transfer_in_eight_events_and_it_is_one_move() -> None:
    """The events that a transfer to a new account gives on today's relay."""
    events = Events().balances("Withdraw", ALICE, 160).balances("Endowed", BOB, 5 * PAS)
    events.balances("Transfer", ALICE, BOB, 5 * PAS).balances("Deposit", TREASURY, 120).balances("BurnedDebt", 40)
    events.add("TransactionPayment", "TransactionFeePaid", ALICE, 160, 0)
    (group,) = found(events)
    assert native(group) == {ALICE: -5 * PAS, BOB: 5 * PAS}
    assert (group.key, group.extrinsic, group.payer) == ("extrinsic-2", 2, ALICE)
    assert group.touched == {ALICE, BOB, TREASURY}


def test_a_batch_is_one_group_with_the_net_of_each_account() -> None:
    events = Events().balances("Transfer", ALICE, BOB, 5).balances("Transfer", ALICE, CAROL, 7)
    events.balances("Transfer", BOB, ALICE, 2)
    (group,) = found(events)
    assert native(group) == {ALICE: -10, BOB: 3, CAROL: 7}


def test_what_goes_in_a_circle_moves_nothing() -> None:
    events = Events().balances("Transfer", ALICE, BOB, 5).balances("Transfer", BOB, ALICE, 5)
    (group,) = found(events.balances("Transfer", CAROL, CAROL, 9))
    assert group.nets == {}
    assert group.touched == {ALICE, BOB, CAROL}


def test_extrinsics_are_groups_of_their_own() -> None:
    events = Events().balances("Transfer", ALICE, BOB, 5, phase=1).balances("Transfer", ALICE, BOB, 5, phase=2)
    assert [(group.key, native(group)) for group in found(events)] == [
        ("extrinsic-1", {ALICE: -5, BOB: 5}),
        ("extrinsic-2", {ALICE: -5, BOB: 5}),
    ]


def test_a_hooks_segments_end_with_their_driver_and_the_rest_is_one_more() -> None:
    events = Events(INITIALIZATION)
    events.balances("Withdraw", ALICE, 5).balances("Deposit", BOB, 5).add("MessageQueue", "Processed", 0, 0, 0, True)
    events.balances("Minted", CAROL, 9).add("Dap", "IssuanceMinted", 9, 60_000)
    events.add("Scheduler", "Dispatched", 0, 0, 0)
    events.balances("Slashed", ALICE, 1)
    events.balances("Burned", ALICE, 2, phase=FINALIZATION)
    summary = [(group.key, group.driver, native(group)) for group in found(events)]
    assert summary == [
        ("initialization-0", "MessageQueue.Processed", {ALICE: -5, BOB: 5}),
        ("initialization-3", "Dap.IssuanceMinted", {CAROL: 9}),
        ("initialization-6", None, {ALICE: -1}),
        ("finalization-7", None, {ALICE: -2}),
    ]
    assert all(group.extrinsic is None and group.payer is None for group in found(events))


def test_a_driver_inside_an_extrinsic_does_not_cut_it() -> None:
    events = Events().balances("Withdraw", ALICE, 5).add("MessageQueue", "Processed", 0, 0, 0, True)
    (group,) = found(events.balances("Deposit", BOB, 5))
    assert native(group) == {ALICE: -5, BOB: 5}


def test_assets_are_kept_apart() -> None:
    events = Events().balances("Transfer", ALICE, BOB, 5).add("Assets", "Transferred", 1984, BOB, ALICE, 8)
    events.add("Assets", "Transferred", 7, BOB, ALICE, 8)
    (group,) = found(events)
    assert group.assets() == [NATIVE, "Assets/1984", "Assets/7"]
    assert group.of("Assets/1984") == {BOB: -8, ALICE: 8}


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ([("Issued", 30)], {BOB: 30}),
        ([("MintedCredit", 30)], {BOB: 30}),
        ([("Rescinded", 30)], {BOB: -30}),
        ([("BurnedDebt", 30)], {BOB: -30}),
        ([("Endowed", BOB, 100)], {BOB: 100}),
        ([("Endowed", BOB, 100), ("Issued", 100)], {BOB: 100}),
    ],
)
def test_the_change_of_a_set_balance_is_told_by_the_event_before(
    before: list[tuple[Any, ...]], expected: dict[bytes, int]
) -> None:
    events = Events()
    for name, *values in before:
        events.balances(name, *values)
    (group,) = found(events.balances("BalanceSet", BOB, 100))
    assert (native(group), group.unknown) == (expected, ())


@pytest.mark.parametrize("before", [[], [("Endowed", CAROL, 100)], [("Issued", 30), ("Locked", BOB, 1)]])
def test_a_set_balance_without_that_event_is_an_unknown_change(before: list[tuple[Any, ...]]) -> None:
    events = Events()
    for name, *values in before:
        events.balances(name, *values)
    (group,) = found(events.balances("BalanceSet", BOB, 100))
    assert (native(group), group.unknown) == ({}, (BalanceSet(BOB, 100),))
    assert group.touched == {BOB}


def test_an_unwatched_event_between_leaves_the_change_unknown() -> None:
    """`index` counts all events of the block, so a gap shows even where what stood there was not decoded."""
    events = Events().balances("Issued", 30).balances("BalanceSet", BOB, 100)
    events.all[1] = events.all[1]._replace(index=2)
    assert found(events)[0].unknown == (BalanceSet(BOB, 100),)


def test_a_balance_set_with_its_reserve_is_unknown_on_the_oldest_runtimes() -> None:
    events = Events().balances("Endowed", BOB, 100)
    events.all.append(Event(1, 2, "Balances", "BalanceSet", {"who": BOB, "free": 100, "reserved": 7}))
    assert found(events)[0].unknown == (BalanceSet(BOB, 100),)


def test_a_block_without_moves_has_no_groups() -> None:
    events = Events().balances("Endowed", BOB, 5).balances("Locked", BOB, 5).add("Scheduler", "Dispatched", 0, 0, 0)
    assert found(events) == []


def test_the_key_does_not_depend_on_what_else_is_watched() -> None:
    events = Events(INITIALIZATION).balances("Endowed", BOB, 5).add("NominationPools", "Withdrawn", BOB, 1, 5, 5)
    events.balances("Minted", BOB, 5)
    (with_others,) = found(events)
    del events.all[0:2]
    (alone,) = found(events)
    assert with_others.key == alone.key == "initialization-2"


NOISE = ["Endowed", "Reserved", "Unreserved", "Locked", "Held", "Frozen", "Thawed"]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.booleans(), ledger.ops, ledger.accounts, st.integers(0, 60), st.integers(0, 60), ledger.shares)
def test_an_extrinsics_nets_are_the_ledgers_differences(
    modern: bool, ops: list[ledger.Op], payer: bytes, predicted: int, actual: int, shares: list[tuple[bytes, int]]
) -> None:
    books = ledger.Ledger(modern)
    books.fee_taken(payer, predicted)
    books.run(ops)
    books.fee_settled(payer, predicted, min(predicted, actual), shares)
    nets: dict[bytes, int] = {}
    for group in found(books.events):
        nets = native(group)
    assert nets == books.moved()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.booleans(), st.lists(ledger.ops, max_size=4), st.booleans())
def test_each_hook_segments_nets_are_its_ledgers_differences(
    modern: bool, segments: list[list[ledger.Op]], last_is_driven: bool
) -> None:
    books = ledger.Ledger(modern, Events(INITIALIZATION))
    expected = []
    for number, ops in enumerate(segments):
        before = dict(books.moved())
        books.run(ops)
        after = books.moved()
        change = {who: after.get(who, 0) - before.get(who, 0) for who in {*before, *after}}
        expected.append({who: amount for who, amount in change.items() if amount})
        if last_is_driven or number < len(segments) - 1:
            books.events.add("MessageQueue", "Processed", 0, 0, 0, True)
    assert [native(group) for group in found(books.events) if group.nets] == [nets for nets in expected if nets]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40)
@given(st.booleans(), ledger.unforced, st.data())
def test_events_that_move_nothing_change_no_group(modern: bool, ops: list[ledger.Op], data: st.DataObject) -> None:
    books = ledger.Ledger(modern)
    books.fee_taken(ALICE, 50)
    books.run(ops)
    books.fee_settled(ALICE, 50, 30, [(TREASURY, 20)])
    noisy = Events()
    for event in books.events.all:
        for name in data.draw(st.lists(st.sampled_from(NOISE), max_size=2)):
            noisy.balances(name, CAROL, 10**18)
        noisy.add(event.pallet, event.name, *event.fields.values())
    assert [(g.nets, g.touched) for g in found(noisy)] == [(g.nets, g.touched) for g in found(books.events)]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(sorted(FIELDS)), st.integers(-2, 2)), max_size=12), st.data())
def test_no_history_breaks_the_grouping(history: list[tuple[tuple[str, str], int]], data: st.DataObject) -> None:
    """Fields of any kind, as a chain's own metadata might shape them."""
    values = st.one_of(st.none(), st.integers(), st.binary(max_size=33), st.just(ALICE), st.text(max_size=3))
    events = [
        Event(n, phase, *pair, {field: data.draw(values) for field in FIELDS[pair]})
        for n, (pair, phase) in enumerate(history)
    ]
    assert len(groups(events, WORDS)) <= len(events)


def real_block(number: str) -> list[Group]:
    runtime = Runtime.from_metadata(data_path("metadata", "polkadot.v14.1002000.scale").read_bytes())
    raw = data_path("events", f"polkadot-{number}.v14.1002000.events").read_bytes()
    events = runtime.decode_events(raw, runtime.watch_all())
    return groups(events, vocabulary(runtime, runtime.pallets()))


def readable(group: Group) -> dict[str, int]:
    return {ss58.encode(account, 0)[:8]: amount for account, amount in native(group).items()}


def test_a_real_block_has_these_moves() -> None:
    """Polkadot 18468942, read off its event list by eye: two transfers; fees of 0.0157130969 and 0.0158130969 DOT."""
    assert [(group.key, readable(group)) for group in real_block("18468942") if group.nets] == [
        ("extrinsic-2", {"15gq3Ln9": -176556075744, "12y2M12C": 176556075744}),
        ("extrinsic-3", {"12FLicyo": -3499841869031, "12nr7GiD": 3499841869031}),
    ]


def test_another_real_block_has_these_moves() -> None:
    """Polkadot 19772575, read off its event list by eye: two messages, two transfers and a batch of three."""
    assert [(group.key, group.driver, readable(group)) for group in real_block("19772575") if group.nets] == [
        (
            "initialization-0",
            "MessageQueue.Processed",
            {"13YMK2eY": -20000000000, "13ftcoYd": 19980021262, "1FLPXnHg": 19978738},
        ),
        (
            "initialization-4",
            "MessageQueue.Processed",
            {"13YMK2eb": -612147061329, "13dxLrnZ": 612127082591, "1FLPXnHg": 19978738},
        ),
        ("extrinsic-2", None, {"16Xuv8TZ": -209894644000, "1pNEBqhM": 209894644000}),
        ("extrinsic-3", None, {"12yntDQ2": -200000000000, "13Zvf1nZ": 200000000000}),
        (
            "extrinsic-4",
            None,
            {
                "1qnJN7FV": -32095314802400,
                "124JFcXY": 29277534802400,
                "15DA59hC": 1617580000000,
                "11Cqq59n": 1200200000000,
            },
        ),
    ]
