"""Named accounts: read at every block, written where they changed, shown in whole tokens."""

import pytest

from paseo_watch.watchers.accounts import AT_MOST, BALANCE, AccountsWatcher
from paseo_watch.watchers.watcher import NO_ANSWERS, Needs, Reading, Step, Tick
from tests.unit.watchers.balances.doubles import (
    ALICE,
    BOB,
    DAVE,
    PAS,
    TREASURY,
    account_key,
    balance,
    block,
    runtime,
    setting,
)

WATCHER = AccountsWatcher(setting())
READ = {account_key(TREASURY): balance(5 * PAS // 2, 3 * PAS), account_key(DAVE): None}
ROWS = {
    TREASURY.hex(): {"free": str(5 * PAS // 2), "reserved": str(3 * PAS)},
    DAVE.hex(): {"free": "0", "reserved": "0"},
}


def test_the_named_accounts_ride_in_every_blocks_request() -> None:
    """No round trip of their own, and no event is decoded for them."""
    assert WATCHER.needs(runtime()) == Needs(keys=frozenset(READ))


def test_a_runtime_without_balances_blinds_it() -> None:
    """Only where there is something to read."""
    assert WATCHER.needs(runtime(accounts=False)).blind == (
        "named accounts: this runtime keeps no balances in System.Account",
    )
    assert AccountsWatcher(setting(accounts={})).needs(runtime(accounts=False)) == Needs()
    assert WATCHER.step({}, block(of=runtime(accounts=False)), NO_ANSWERS) == Step()


def test_what_is_read_is_written_once() -> None:
    """An absent account has nothing; a second block with the same balances writes no row."""
    assert WATCHER.step({}, block(storage=READ), NO_ANSWERS) == Step(changes=ROWS, blind=())
    assert WATCHER.step(ROWS, block(storage=READ), NO_ANSWERS) == Step(blind=())


def test_only_the_account_that_changed_is_written() -> None:
    """A block writes what it changed."""
    changed = {**READ, account_key(DAVE): balance(7)}
    step = WATCHER.step(ROWS, block(storage=changed), NO_ANSWERS)
    assert step.changes == {DAVE.hex(): {"free": "7", "reserved": "0"}}


def test_a_late_block_and_a_tick_change_nothing() -> None:
    """What was in an account then is not what is in it now."""
    assert WATCHER.step({}, block(storage=READ, late=True), NO_ANSWERS) == Step()
    assert WATCHER.step({}, Tick(1), NO_ANSWERS) == Step()


@pytest.mark.parametrize("storage", [{account_key(DAVE): None}, {**READ, account_key(TREASURY): b"damaged"}])
def test_what_cannot_be_read_is_said_and_the_last_figure_stays(storage: dict[bytes, bytes | None]) -> None:
    """A missing answer and a damaged one alike."""
    step = WATCHER.step(ROWS, block(storage=storage), NO_ANSWERS)
    assert step.changes == {}
    (sentence,) = step.blind or ()
    assert sentence.startswith("the balance of treasury (5EYC")
    assert sentence.endswith("could not be read at the last block")


def test_figures_are_whole_tokens_by_name() -> None:
    """2.5 PAS are 25,000,000,000 planck; an account that was never read has no figure."""
    state = {TREASURY.hex(): ROWS[TREASURY.hex()]}
    assert list(WATCHER.readings(state)) == [
        Reading(BALANCE, 2.5, ("treasury", "PAS", "free")),
        Reading(BALANCE, 3.0, ("treasury", "PAS", "reserved")),
    ]


def test_an_account_without_a_name_any_more_is_let_go() -> None:
    """At the next start."""
    assert WATCHER.obsolete({**ROWS, ALICE.hex(): ROWS[DAVE.hex()]}) == {ALICE.hex()}


def test_there_is_a_limit_and_doctor_says_who_is_beyond_it() -> None:
    """The first by name are read."""
    many = {f"v{n:03}": n.to_bytes(32, "big") for n in range(AT_MOST + 2)}
    watcher = AccountsWatcher(setting(accounts=many))
    assert len(watcher.needs(runtime()).keys) == AT_MOST
    assert watcher.explain(runtime(), {}) == ("no figures of 2 named accounts beyond 100: v100 and on",)
    assert WATCHER.explain(runtime(), {}) == ()


def test_an_account_of_another_width_is_not_asked_for() -> None:
    """Accounts of 20 bytes live on other chains."""
    assert AccountsWatcher(setting(accounts={"evm": bytes(20), "bob": BOB})).needs(runtime()).keys == {account_key(BOB)}


def test_the_page_shows_them_in_their_unit() -> None:
    """Exact, and only what was read."""
    (shown,) = WATCHER.sheets({TREASURY.hex(): ROWS[TREASURY.hex()]}, runtime())
    assert (shown.title, shown.columns) == ("Named accounts", ("Account", "Free", "Reserved"))
    assert [row.cells for row in shown.rows] == [("treasury", "2.5 PAS", "3 PAS")]
    assert list(WATCHER.sheets({}, runtime())) == []
