"""The figures and people of an alert, by the contract's vocabulary alone."""

from typing import Any

from paseo_watch.sinks.render.facts import Figure, Person, figures, people
from paseo_watch.sinks.render.links import links

ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
BOB = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"


def leg(account: str, direction: str, amount: str, name: str | None = None) -> dict[str, Any]:
    """A leg of a move."""
    return {
        "account": account,
        "account_key": "0x",
        "account_name": name,
        "direction": direction,
        "amount_text": amount,
    }


def test_known_figures_stand_first_and_there_are_never_more_than_four() -> None:
    """Whatever the order in `data`."""
    data = {
        "zeal_text": "1 Z",
        "session": 7,
        "limit_text": "5 PAS",
        "limit": "5",
        "state": "confirming",
        "amount_text": "9 PAS",
    }
    assert figures(data, "", "") == (
        Figure("amount", "9 PAS"),
        Figure("limit", "5 PAS"),
        Figure("state", "confirming"),
        Figure("session", "7"),
    )


def test_a_figure_of_a_watcher_to_come_is_shown_by_its_name() -> None:
    """Nothing here knows it."""
    assert figures({"own_stake_text": "12 PAS", "own_stake": "12"}, "", "") == (Figure("own stake", "12 PAS"),)


def test_a_figure_that_the_title_holds_is_not_said_again() -> None:
    """Word for word; the call neither where the text tells it."""
    data = {"amount_text": "9 PAS", "balance_text": "10 PAS", "call": "Balances.transfer"}
    assert figures(data, "9 PAS moved", "Balances.transfer, signed by A") == (Figure("balance", "10 PAS"),)
    assert figures(data, "moved 10 PAS", "") == (Figure("amount", "9 PAS"), Figure("call", "Balances.transfer"))


def test_what_is_no_text_or_number_is_no_figure() -> None:
    """A tally in parts, a flag, nothing."""
    assert figures({"tally": {"ayes": "1"}, "state": True, "track": None, "session": "", "limit": "5"}, "", "") == ()
    assert figures({"tally": {"ayes": "1"}, "tally_text": "80 % aye"}, "", "") == (Figure("tally", "80 % aye"),)


def test_a_figure_is_bounded_and_cleaned() -> None:
    """Its name too."""
    (shown,) = figures({"a\u202e" * 100 + "_text": "b" * 1000}, "", "")
    assert len(shown.value) <= 200
    assert len(shown.name) <= 50
    assert "\u202e" not in shown.name


def test_the_two_sides_of_a_move_are_from_and_to() -> None:
    """The amount is in the title already; the link goes to whom it is about."""
    data = {**leg(ALICE, "out", "9 PAS"), "legs": [leg(ALICE, "out", "9 PAS"), leg(BOB, "in", "9 PAS", "treasury")]}
    found = links([f"https://e.example/account/{ALICE}"])
    shown, more = people(data, found)
    assert shown == (
        Person("from", "", ALICE, "", found[0]),
        Person("to", "treasury", BOB, "", None),
    )
    assert not more


def test_more_than_two_sides_have_their_own_amounts_and_never_more_than_five_are_shown() -> None:
    """Of a batch."""
    legs = [leg(f"{ALICE}{number}", "in", f"{number} PAS") for number in range(20)]
    shown, more = people({"legs": legs}, ())
    assert more
    assert [person.amount for person in shown] == ["0 PAS", "1 PAS", "2 PAS", "3 PAS", "4 PAS"]


def test_an_account_is_whatever_has_a_key_beside_it_and_the_signer_is_said_once() -> None:
    """A validator, as well as an account; who signed, where nobody named him."""
    data = {"validator": ALICE, "validator_key": "0x", "validator_name": "node-1", "signer": BOB}
    assert people(data, ())[0] == (
        Person("validator", "node-1", ALICE, "", None),
        Person("signed by", "", BOB, "", None),
    )
    assert [person.role for person in people({**data, "signer": ALICE}, ())[0]] == ["validator"]


def test_an_address_is_cut_in_the_middle_as_titles_have_it() -> None:
    """A short one is whole."""
    assert Person("to", "", ALICE, "", None).short == "5Grwva…utQY"
    assert Person("to", "", "5Alice", "", None).short == "5Alice"


def test_data_of_another_shape_holds_nobody() -> None:
    """No watcher makes it; no message fails of it."""
    for data in (
        {"legs": "no"},
        {"legs": [7]},
        {"account": 7, "account_key": "0x"},
        {"account_key": "0x"},
        {"signer": None},
    ):
        assert people(data, ()) == ((), False)
