"""What all data about validators share."""

from typing import Any

import pytest

from paseo_watch.chain.scale.values import FINALIZATION, INITIALIZATION, Event
from paseo_watch.watchers.validators.people import about, account_of, accounts_of, leg, person, picked, place
from tests.unit.watchers.validators.doubles import ALICE, BOB, NAMES, PAS, block


def event(phase: int) -> Event:
    return Event(4, phase, "Staking", "Chilled", {})


def test_a_person_is_address_key_and_name() -> None:
    assert person(ALICE.hex(), NAMES) == {
        "validator": NAMES.address(ALICE), "validator_key": "0x" + "01" * 32, "validator_name": "alice",
    }  # fmt: skip
    assert person(BOB.hex(), NAMES)["validator_name"] is None


def test_a_leg_is_an_amount_that_somebody_lost() -> None:
    found = leg(ALICE.hex(), 12 * PAS, NAMES)
    assert (found["direction"], found["amount"], found["amount_text"]) == ("out", "120000000000", "12 PAS")


@pytest.mark.parametrize(("phase", "where"), [(2, "101-2"), (FINALIZATION, None), (INITIALIZATION, None)])
def test_an_event_is_in_an_extrinsic_or_in_a_hook(phase: int, where: str | None) -> None:
    assert place(block(), event(phase)) == where


def test_an_event_is_known_by_its_index_and_what_is_stored_by_whom_it_is_about() -> None:
    of: Any = {"rule": "r", "severity": "info", "who": ALICE.hex(), "what": "did", "text": "", "names": NAMES}
    told = about(block(), **of, session=7, event=event(2), more={"era": 3})
    assert (told.key, told.extrinsic, told.title, told.data["session"], told.data["era"]) == (
        "4", "101-2", "alice did", 7, 3,
    )  # fmt: skip
    stored = about(block(), **of, session=7, state="disabled")
    assert (stored.key, stored.extrinsic, stored.labels) == (
        f"disabled{ALICE.hex()}", None, {"state": "disabled", "validator": "alice"},
    )  # fmt: skip


@pytest.mark.parametrize("value", [None, 7, "01" * 32, ALICE[:20], [ALICE], {}])
def test_what_is_no_account_names_nobody(value: Any) -> None:
    assert account_of(value) is None
    assert accounts_of([value]) is accounts_of(value if value != [ALICE] else ()) is None


def test_accounts_are_hexadecimal() -> None:
    assert accounts_of([ALICE, BOB]) == ["01" * 32, "02" * 32]
    assert accounts_of([]) == []


def test_of_many_the_first_are_picked_and_whoever_has_a_name() -> None:
    many = [number.to_bytes(32, "big").hex() for number in range(9)]
    assert picked(many, 3, NAMES) == many[:3]
    assert picked([*many, ALICE.hex()], 3, NAMES) == [*many[:2], ALICE.hex()]
    assert picked([ALICE.hex(), *many], 3, NAMES) == [ALICE.hex(), *many[:2]]
