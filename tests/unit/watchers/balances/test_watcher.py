"""The watcher whole: blocks in, observations out, for each kind of rule."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paseo_watch.chain.scale.values import INITIALIZATION, Call
from paseo_watch.watchers.watcher import Answers, Loaded, Step, Tick, Wants
from tests.unit.watchers.balances import ledger
from tests.unit.watchers.balances.doubles import (
    ALICE,
    AUTHOR,
    BOB,
    CAROL,
    DAVE,
    PAS,
    TREASURY,
    Events,
    account_key,
    balance,
    block,
    held,
    runtime,
    watcher,
)

LARGE = {"name": "large-move", "threshold": "10000 PAS"}
CAP = {"name": "cap", "cap": "5000 PAS"}
LISTED = {"name": "cap", "cap": "5000 PAS", "whitelist": "w.yml"}
LOW = {"name": "low", "below": "1000 PAS", "accounts": ["dave"]}
BODY = Answers(extrinsics=[b"", b"", ALICE])


def observed(step: Step) -> list[tuple[str, str]]:
    return [(each.rule, each.title) for each in step.observations]


def remembered(state: dict[str, Any]) -> dict[str, Any]:
    """The state without the terms that it was judged by."""
    return {key: value for key, value in state.items() if not key.startswith("judged/")}


def after(state: dict[str, Any], step: Step) -> dict[str, Any]:
    return {key: value for key, value in {**state, **step.changes}.items() if value is not None}


@pytest.mark.parametrize(
    ("amount", "told"),
    [(10_000 * PAS - 1, []), (10_000 * PAS, ["10,000 PAS moved"]), (12_000 * PAS, ["12,000 PAS moved"])],
)
def test_a_move_is_told_from_its_threshold_on(amount: int, told: list[str]) -> None:
    step = watcher(LARGE).step({}, block(Events().transfer(ALICE, BOB, amount)), BODY)
    assert [title for _, title in observed(step)] == told


def test_a_fee_does_not_lift_a_move_over_the_threshold() -> None:
    events = Events().transfer(ALICE, BOB, 10_000 * PAS - 1, fee=50 * PAS)
    assert watcher(LARGE).step({}, block(events), BODY).observations == ()


def test_a_batch_is_one_alert_about_the_sender() -> None:
    events = Events().balances("Transfer", ALICE, BOB, 4_000 * PAS).balances("Transfer", ALICE, CAROL, 4_000 * PAS)
    events.balances("Transfer", ALICE, DAVE, 4_000 * PAS)
    (told,) = watcher(LARGE).step({}, block(events), BODY).observations
    assert (told.title, told.data["direction"]) == ("12,000 PAS moved", "out")
    assert told.data["account_key"] == "0x" + ALICE.hex()
    assert [leg["amount_text"] for leg in told.data["legs"]] == ["12,000 PAS", *["4,000 PAS"] * 3]


def test_what_is_passed_on_at_once_is_not_counted_twice() -> None:
    events = Events().balances("Transfer", ALICE, BOB, 9_000 * PAS).balances("Transfer", BOB, CAROL, 9_000 * PAS)
    assert watcher(LARGE).step({}, block(events), BODY).observations == ()


def test_a_failed_extrinsic_moves_nothing() -> None:
    events = Events().balances("Withdraw", ALICE, 20_000 * PAS).balances("Deposit", TREASURY, 20_000 * PAS)
    events.add("TransactionPayment", "TransactionFeePaid", ALICE, 20_000 * PAS, 0)
    assert watcher(LARGE).step({}, block(events), BODY).observations == ()


@pytest.mark.parametrize(("leaves", "comes"), [("Burned", "Minted"), ("Withdraw", "Deposit")])
def test_a_message_in_a_hook_is_told_in_both_spellings(leaves: str, comes: str) -> None:
    events = Events(INITIALIZATION).balances(leaves, ALICE, 12_000 * PAS).balances(comes, BOB, 12_000 * PAS)
    events.add("MessageQueue", "Processed", 0, 0, 0, True)
    (told,) = watcher(LARGE).step({}, block(events), Answers()).observations
    assert told.title == "12,000 PAS moved"
    assert told.text.endswith("In a hook, up to MessageQueue.Processed.")


def test_a_sudo_force_transfer_is_told_with_root_as_the_actor() -> None:
    call = Call("Sudo", "sudo", {"call": Call("Balances", "force_transfer", {})})
    events = Events().balances("Withdraw", ALICE, 9).balances("Transfer", BOB, CAROL, 50_000 * PAS)
    events.balances("Deposit", ALICE, 9).add("TransactionPayment", "TransactionFeePaid", ALICE, 0, 0)
    (told,) = watcher(LARGE).step({}, block(events, of=runtime(call=call)), BODY).observations
    assert told.data["account_key"] == "0x" + BOB.hex()
    assert told.data["call"] == "Sudo.sudo(Balances.force_transfer)"
    assert told.data["actor"].startswith("root via sudo by 5C62Ck")


def test_an_excluded_accounts_own_change_raises_nothing_and_its_counterpartys_does() -> None:
    excluding = watcher({**LARGE, "exclude": ["dave"]})
    paid = excluding.step({}, block(Events().transfer(DAVE, BOB, 12_000 * PAS)), BODY)
    assert [told.data["account_key"] for told in paid.observations] == ["0x" + BOB.hex()]
    spread = Events().balances("Transfer", DAVE, BOB, 6_000 * PAS).balances("Transfer", DAVE, CAROL, 6_000 * PAS)
    assert excluding.step({}, block(spread), BODY).observations == ()


def test_pots_raise_alerts_unless_the_rule_excludes_them() -> None:
    minted = block(Events(INITIALIZATION).balances("Minted", TREASURY, 12_000 * PAS))
    assert len(watcher(LARGE).step({}, minted, Answers()).observations) == 1
    assert watcher({**LARGE, "exclude_pots": True}).step({}, minted, Answers()).observations == ()


def test_a_threshold_in_an_asset_is_about_that_asset() -> None:
    events = Events().transfer(ALICE, BOB, 12_000 * PAS).add("Assets", "Transferred", 1984, ALICE, BOB, 900_000_000)
    events.add("Assets", "Transferred", 7, ALICE, BOB, 10**20)
    told = watcher({**LARGE, "threshold": "900 USDT"}).step({}, block(events), BODY).observations
    assert [(each.title, each.labels["asset"]) for each in told] == [("900 USDT moved", "USDT")]


def test_each_rule_and_each_group_tells_for_itself() -> None:
    events = Events().transfer(ALICE, BOB, 12_000 * PAS)
    events.phase = 1
    events.transfer(CAROL, BOB, 30_000 * PAS)
    found = watcher(LARGE, {"name": "huge", "threshold": "20000 PAS"}).step({}, block(events), BODY)
    assert observed(found) == [
        ("large-move", "12,000 PAS moved"),
        ("large-move", "30,000 PAS moved"),
        ("huge", "30,000 PAS moved"),
    ]
    assert len({(each.rule, getattr(each, "key", "")) for each in found.observations}) == 3


def test_a_watched_account_is_told_at_any_size_in_and_out() -> None:
    events = Events().transfer(ALICE, DAVE, 1)
    events.phase = 1
    events.transfer(DAVE, BOB, 2).add("Assets", "Transferred", 7, DAVE, BOB, 3)
    told = watcher({"name": "core", "watch": ["dave", "treasury"]}).step({}, block(events), BODY)
    assert [title for _, title in observed(told)] == [
        "dave: 0.0000000001 PAS in",
        "dave: 0.0000000002 PAS out",
        "dave: 3 planck of Assets/7 out",
    ]


def test_a_watched_account_that_only_pays_a_fee_is_not_told() -> None:
    events = Events().balances("Withdraw", DAVE, 100).balances("Deposit", TREASURY, 100)
    events.add("TransactionPayment", "TransactionFeePaid", DAVE, 100, 0)
    assert watcher({"watch": ["dave", "treasury"]}).step({}, block(events), BODY).observations == ()


def test_a_balance_set_by_an_unknown_change_is_told_whatever_its_size() -> None:
    events = Events().balances("BalanceSet", BOB, 3)
    rules = watcher(LARGE, {"name": "core", "watch": ["dave"]}, {"name": "usdt", "threshold": "1 USDT"})
    assert [each.rule for each in rules.step({}, block(events), BODY).observations] == ["large-move"]
    assert watcher({**LARGE, "exclude": ["dave"]}).step(
        {}, block(Events().balances("BalanceSet", DAVE, 3)), BODY
    ).observations == ()  # fmt: skip


def test_extrinsics_are_wanted_only_for_a_move_in_one_that_will_be_told() -> None:
    large = watcher(LARGE)
    assert large.wants({}, block()) == Wants()
    assert large.wants({}, block(Events().transfer(ALICE, BOB, 9_999 * PAS))) == Wants()
    assert large.wants({}, block(Events().transfer(ALICE, BOB, 10_000 * PAS))) == Wants(extrinsics=True)
    assert large.wants({}, block(Events(INITIALIZATION).balances("Minted", BOB, 10_000 * PAS))) == Wants()


def test_a_cap_wants_the_balances_of_touched_accounts_but_of_no_pot() -> None:
    wants = watcher(CAP).wants({}, block(Events().transfer(ALICE, BOB, 5)))
    assert wants == Wants(frozenset({account_key(ALICE), account_key(BOB)}))
    assert watcher({**CAP, "chains": ["people"]}).wants({}, block(Events().transfer(ALICE, BOB, 5))) == Wants()


def test_who_only_paid_or_earned_a_fee_is_judged_by_the_cap_too() -> None:
    events = Events().balances("Withdraw", ALICE, 100).balances("Deposit", AUTHOR, 100)
    events.add("TransactionPayment", "TransactionFeePaid", ALICE, 100, 0)
    assert watcher(CAP).wants({}, block(events)).keys == {account_key(ALICE), account_key(AUTHOR)}


def test_a_cap_is_broken_by_free_and_reserved_together_and_kept_again() -> None:
    capped, touching = watcher(CAP), block(Events().transfer(ALICE, BOB, 5))
    state: dict[str, Any] = {}
    titles = []
    for free, reserved in ((4_000, 1_000), (4_000, 1_001), (6_000, 0), (5_000, 0)):
        step = capped.step(state, touching, held({ALICE: None, BOB: balance(free * PAS, reserved * PAS)}))
        state = after(state, step)
        titles.append([(each.title, getattr(each, "active", None)) for each in step.observations])
    short = "5C7LYp…kqWt"
    assert titles == [
        [],
        [(f"{short} holds 5,001 PAS", True)],
        [],
        [(f"{short} is within the cap: 5,000 PAS", False)],
    ]
    assert state == {}


def test_a_cap_without_its_whitelist_is_blind_says_so_and_forgets_nobody() -> None:
    capped, touching = watcher(LISTED), block(Events().transfer(ALICE, BOB, 5))
    step = capped.step({}, touching, held({ALICE: balance(6_000 * PAS), BOB: balance(7_000 * PAS)}))
    assert step.observations == ()
    assert step.blind == ("rule cap: its whitelist never arrived; accounts over the cap are remembered and not told",)
    loaded = Loaded("whitelist:cap", {"accounts": [ALICE.hex()]}, 5)
    arrived = capped.step(after({}, step), loaded, Answers())
    assert [each.data["account_key"] for each in arrived.observations] == ["0x" + BOB.hex()]
    assert arrived.blind == ()


def test_the_last_good_whitelist_outlives_a_restart() -> None:
    first = watcher(LISTED).step({}, Loaded("whitelist:cap", {"accounts": [ALICE.hex()]}, 5), Answers())
    state = after({}, first)
    touching = block(Events().transfer(ALICE, BOB, 5))
    again = watcher(LISTED).step(state, touching, held({ALICE: balance(6_000 * PAS), BOB: balance(7_000 * PAS)}))
    assert [each.data["account_key"] for each in again.observations] == ["0x" + BOB.hex()]
    assert again.blind == ()


def test_the_same_whitelist_again_writes_nothing() -> None:
    loaded = Loaded("whitelist:cap", {"accounts": [BOB.hex(), ALICE.hex()]}, 5)
    state = after({}, watcher(LISTED).step({}, loaded, Answers()))
    assert watcher(LISTED).step(state, loaded, Answers()).changes == {}


def test_a_changed_cap_is_applied_to_who_is_remembered_without_another_block() -> None:
    touching = block(Events().transfer(ALICE, BOB, 5))
    held_by = held({ALICE: balance(6_000 * PAS), BOB: balance(8_000 * PAS)})
    state = after({}, watcher(CAP).step({}, touching, held_by))
    raised = watcher({**CAP, "cap": "7000 PAS"})
    step = raised.step(state, Tick(5), Answers())
    assert [each.data["account_key"] for each in step.observations] == ["0x" + ALICE.hex()]
    assert [getattr(each, "active", None) for each in step.observations] == [False]
    assert raised.step(after(state, step), Tick(6), Answers()) == Step()


def test_an_account_that_left_its_rule_does_not_stay_low_for_ever() -> None:
    state = after({}, watcher(LOW).step({}, block(storage={account_key(DAVE): None}), Answers()))
    step = watcher({**LOW, "accounts": ["treasury"]}).step(state, Tick(5), Answers())
    assert observed(step) == [("low", "dave is no longer watched by low")]
    assert step.observations[0].labels == {"account": "5C9yEy27yLNG5BDMxVwS8RyGBneZB1ouShazFhGZVP8thK5z"}
    assert remembered(after(state, step)) == {}
    assert watcher(LOW).step(state, Tick(5), Answers()).observations == ()


def test_a_rule_that_became_another_kind_ends_what_it_had_said() -> None:
    state = {
        f"cap/low/{BOB.hex()}": {"balance": "9", "firing": True},
        f"cap/low/{ALICE.hex()}": {"balance": "9", "firing": False},
        "due/low": {"accounts": [BOB.hex()]},
    }
    step = watcher(LOW).step(state, Tick(5), Answers())
    assert [title for _, title in observed(step)] == ["5C7LYp…kqWt is no longer watched by low"]
    assert remembered(after(state, step)) == {}


def test_a_condition_whose_rule_tells_events_now_is_left_to_the_start_to_end() -> None:
    """A cap that became a threshold never judges again: its rule counts as gone, and so does what was remembered."""
    state = {f"cap/large-move/{BOB.hex()}": {"balance": "9", "firing": True}}
    assert watcher(LARGE, CAP).rules == {"cap"}
    assert watcher(LARGE, CAP).obsolete(state) == frozenset(state)


def test_what_is_remembered_is_judged_once_for_changed_rules_and_not_at_every_tick() -> None:
    """Two thousand remembered accounts cost 7 ms a tick, for rules that cannot change while we run."""
    state = after({}, watcher(CAP, LOW).step({}, Tick(5), Answers()))
    assert set(state) == {"judged/cap", "judged/low"}
    over = {**state, f"cap/cap/{BOB.hex()}": {"balance": str(4_000 * PAS), "firing": True}}  # not by these terms
    assert watcher(CAP, LOW).step(over, Tick(6), Answers()) == Step()
    for changed in ({**CAP, "cap": "4500 PAS"}, LISTED):
        assert "judged/cap" in watcher(changed, LOW).step(over, Tick(6), Answers()).changes
    assert watcher(CAP).obsolete(state) == {"judged/low"}


def test_what_was_remembered_for_rules_that_are_gone_is_obsolete() -> None:
    state = {
        f"cap/cap/{ALICE.hex()}": {},
        "whitelist/cap": {},
        f"low/low/{DAVE.hex()}": {},
        f"cap/cap-2/{BOB.hex()}": {},
    }
    assert watcher(LISTED).obsolete(state) == {f"low/low/{DAVE.hex()}", f"cap/cap-2/{BOB.hex()}"}
    assert watcher(LISTED, LOW).rules == {"cap", "low"}
    assert watcher({**LISTED, "chains": ["people"]}).rules == set()


def test_a_document_of_somebody_else_and_time_passing_change_nothing() -> None:
    listed = watcher(LISTED)
    assert listed.step({}, Loaded("whitelist:other", {"accounts": []}, 5), Answers()) == Step()
    first = listed.step({}, Tick(5), Answers())
    assert (first.observations, remembered(after({}, first))) == ((), {})


@pytest.mark.parametrize("raw", [b"damaged", "missing"])
def test_a_balance_that_could_not_be_read_is_said_and_judged_by_nothing(raw: Any) -> None:
    state = {f"cap/cap/{BOB.hex()}": {"balance": str(6_000 * PAS), "firing": True}}
    answers = held({ALICE: balance(1)} if raw == "missing" else {ALICE: balance(1), BOB: raw})
    step = watcher(CAP).step(state, block(Events().transfer(ALICE, BOB, 5)), answers)
    assert (step.observations, step.changes) == ((), {})
    assert step.blind == (
        "the balance of 5C7LYpP2ZH3tpKbvVvwiVe54AapxErdPBbvkYhe6y9ZBkqWt could not be read at the last block",
    )


def test_a_low_balance_is_read_at_every_block_and_a_dead_account_has_nothing() -> None:
    low = watcher(LOW)
    state: dict[str, Any] = {}
    titles = []
    for raw in (balance(1_000 * PAS), balance(999 * PAS, 10**20), None, balance(1_099 * PAS), balance(1_100 * PAS)):
        step = low.step(state, block(storage={account_key(DAVE): raw}), Answers())
        state = after(state, step)
        titles += [title for _, title in observed(step)]
    assert titles == ["dave is low: 999 PAS", "dave has recovered: 1,100 PAS"]
    assert state == {}


def test_a_low_balance_that_was_not_read_is_blind_and_not_zero() -> None:
    step = watcher(LOW).step({}, block(), Answers())
    assert step.observations == ()
    assert step.blind is not None
    assert "dave" in step.blind[0]


def test_a_late_block_tells_its_moves_and_judges_no_condition() -> None:
    rules = watcher(LARGE, CAP, LOW)
    late = block(Events().transfer(ALICE, BOB, 12_000 * PAS), storage={account_key(DAVE): None}, late=True)
    assert rules.wants({}, late) == Wants(extrinsics=True)
    step = rules.step({}, late, held({ALICE: balance(10**20), BOB: balance(10**20)}))
    assert observed(step) == [("large-move", "12,000 PAS moved")]
    assert (set(step.changes), step.blind) == ({"due/cap"}, None)
    assert "not to be had" in step.observations[0].text


def test_whom_a_late_block_touched_is_read_and_judged_at_the_next_ordinary_block() -> None:
    """A breach of the cap inside a hole is told once the hole is healed, by what the account holds then."""
    capped = watcher(CAP)
    state = after({}, capped.step({}, block(Events().transfer(ALICE, BOB, 6_000 * PAS), late=True), Answers()))
    quiet = block(number=150)
    assert capped.wants(state, quiet).keys == {account_key(ALICE), account_key(BOB)}
    step = capped.step(state, quiet, held({ALICE: balance(1), BOB: balance(6_000 * PAS)}))
    assert [(told.data["account_key"], getattr(told, "active", None)) for told in step.observations] == [
        ("0x" + BOB.hex(), True)
    ]
    state = after(state, step)
    assert set(state) == {f"cap/cap/{BOB.hex()}"}
    assert capped.wants(state, block(number=151)).keys == frozenset()


def test_without_a_cap_a_late_block_leaves_nothing_behind() -> None:
    late = block(Events().transfer(ALICE, BOB, 12_000 * PAS), late=True)
    assert watcher(LARGE, LOW).step({}, late, Answers()).changes == {}


def test_whom_a_late_block_touched_waits_for_a_runtime_whose_balances_can_be_read() -> None:
    state = after({}, watcher(CAP).step({}, block(Events().transfer(ALICE, BOB, 5), late=True), Answers()))
    step = watcher(CAP).step(state, block(number=150, of=runtime(accounts=False)), Answers())
    assert after(state, step) == state


def test_a_runtime_without_balances_moves_nothing_and_breaks_nothing() -> None:
    bare = runtime({("System", "Remarked"): ()}, accounts=False)
    events = Events().transfer(ALICE, BOB, 12_000 * PAS)
    rules = watcher(LARGE, CAP, LOW, {"watch": ["dave"]})
    assert rules.wants({}, block(events, of=bare)) == Wants()
    assert rules.step({}, block(events, of=bare), Answers()).observations == ()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ledger.unforced, max_size=6), st.integers(1, 200))
def test_the_threshold_tells_exactly_the_blocks_in_which_somebodys_total_changed_so_much(
    blocks: list[list[ledger.Op]], threshold: int
) -> None:
    """Against the ledger's totals before and after each block, as storage would have them."""
    large = watcher({"name": "large", "threshold": f"{threshold} planck"})
    for ops in blocks:
        books = ledger.Ledger(modern=True)
        books.run(ops)
        step = large.step({}, block(books.events), Answers())
        expected = max((abs(amount) for amount in books.moved().values()), default=0)
        assert [told.data["amount"] for told in step.observations] == ([str(expected)] if expected >= threshold else [])


def test_who_is_over_the_cap_is_read_again_at_every_hundredth_block_though_nothing_touched_them() -> None:
    """`System.set_storage` takes value away without an event; the condition must end all the same."""
    capped = watcher(CAP)
    state = after(
        {}, capped.step({}, block(Events().transfer(ALICE, BOB, 5)), held({ALICE: None, BOB: balance(6_000 * PAS)}))
    )
    assert capped.wants(state, block(number=199)).keys == frozenset()
    quiet = block(number=200)
    assert capped.wants(state, quiet).keys == {account_key(BOB)}
    step = capped.step(state, quiet, held({BOB: balance(10 * PAS)}))
    assert [getattr(each, "active", None) for each in step.observations] == [False]
