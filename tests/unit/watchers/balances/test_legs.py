"""The vocabulary: which event means which change, whose, and of what."""

import pytest

from paseo_watch.chain.scale.values import Event
from paseo_watch.chain.units import NATIVE
from paseo_watch.watchers.balances.legs import Leg, Vocabulary, asset_name, canonical, vocabulary
from tests.data import data_path
from tests.unit.watchers.balances.doubles import ALICE, BOB, CAROL, FIELDS, Events, runtime

WORDS = Vocabulary("Balances", frozenset({"Assets", "ForeignAssets"}))


@pytest.mark.parametrize(
    ("name", "values", "legs"),
    [
        ("Transfer", (ALICE, BOB, 5), [(ALICE, -5), (BOB, 5)]),
        ("ReserveRepatriated", (ALICE, BOB, 5, "Free"), [(ALICE, -5), (BOB, 5)]),
        ("TransferOnHold", (None, ALICE, BOB, 5), [(ALICE, -5), (BOB, 5)]),
        ("TransferAndHold", (None, ALICE, BOB, 5), [(ALICE, -5), (BOB, 5)]),
        ("Deposit", (ALICE, 5), [(ALICE, 5)]),
        ("Minted", (ALICE, 5), [(ALICE, 5)]),
        ("Restored", (ALICE, 5), [(ALICE, 5)]),
        ("Withdraw", (ALICE, 5), [(ALICE, -5)]),
        ("Burned", (ALICE, 5), [(ALICE, -5)]),
        ("BurnedHeld", (None, ALICE, 5), [(ALICE, -5)]),
        ("Slashed", (ALICE, 5), [(ALICE, -5)]),
        ("Suspended", (ALICE, 5), [(ALICE, -5)]),
        ("DustLost", (ALICE, 5), [(ALICE, -5)]),
        ("Endowed", (ALICE, 5), []),
        ("Issued", (5,), []),
        ("Rescinded", (5,), []),
        ("MintedCredit", (5,), []),
        ("BurnedDebt", (5,), []),
        ("Reserved", (ALICE, 5), []),
        ("Unreserved", (ALICE, 5), []),
        ("Locked", (ALICE, 5), []),
        ("Held", (ALICE, 5), []),
        ("Frozen", (ALICE, 5), []),
    ],
)
def test_an_event_of_the_native_token_changes_these_totals(
    name: str, values: tuple[object, ...], legs: list[tuple[bytes, int]]
) -> None:
    event = Events().balances(name, *values).all[0]
    assert list(WORDS.read(event).legs) == [Leg(who, NATIVE, amount) for who, amount in legs]


@pytest.mark.parametrize(
    ("name", "values", "legs"),
    [
        ("Transferred", (1984, ALICE, BOB, 5), [(ALICE, -5), (BOB, 5)]),
        ("TransferredApproved", (1984, ALICE, CAROL, BOB, 5), [(ALICE, -5), (BOB, 5)]),
        ("Issued", (1984, ALICE, 5), [(ALICE, 5)]),
        ("Burned", (1984, ALICE, 5), [(ALICE, -5)]),
        ("Deposited", (1984, ALICE, 5), [(ALICE, 5)]),
        ("Withdrawn", (1984, ALICE, 5), [(ALICE, -5)]),
    ],
)
def test_an_event_of_a_fungibles_pallet_changes_these_totals_of_that_asset(
    name: str, values: tuple[object, ...], legs: list[tuple[bytes, int]]
) -> None:
    event = Events().add("Assets", name, *values).all[0]
    assert list(WORDS.read(event).legs) == [Leg(who, "Assets/1984", amount) for who, amount in legs]


def test_an_event_of_another_pallet_with_a_familiar_name_moves_nothing() -> None:
    event = Events().add("NominationPools", "Withdrawn", ALICE, 3, 5, 5).all[0]
    assert WORDS.read(event).legs == ()


@pytest.mark.parametrize("fields", [{}, {"who": ALICE}, {"who": "text", "amount": 5}, {"who": b"short", "amount": 5},
                                    {"who": ALICE, "amount": None}])  # fmt: skip
def test_an_event_of_another_shape_than_known_moves_nothing_and_breaks_nothing(fields: dict[str, object]) -> None:
    assert WORDS.read(Event(0, 1, "Balances", "Deposit", fields)).legs == ()


def test_a_location_has_one_canonical_name() -> None:
    ethereum = ("GlobalConsensus", ("Ethereum", {"chain_id": 1}))
    token = ("AccountKey20", {"network": None, "key": b"\xda\xc1"})
    location = {"parents": 2, "interior": ("X2", [ethereum, token])}
    expected = (
        '{"interior":{"X2":[{"GlobalConsensus":{"Ethereum":{"chain_id":1}}},'
        '{"AccountKey20":{"key":"0xdac1","network":null}}]},"parents":2}'
    )
    assert canonical(location) == expected
    assert canonical(dict(reversed(location.items()))) == expected
    assert asset_name("ForeignAssets", {"parents": 1, "interior": ("Here", None)}) == (
        'ForeignAssets/{"interior":"Here","parents":1}'
    )


def test_pallets_are_told_by_their_events() -> None:
    found = vocabulary(runtime(), ["Balances", "Assets", "ForeignAssets", "NominationPools"])
    assert found == Vocabulary("Balances", frozenset({"Assets", "ForeignAssets"}))


def test_a_renamed_native_pallet_is_found_and_balances_is_preferred() -> None:
    renamed = {("Coins", name): fields for (pallet, name), fields in FIELDS.items() if pallet == "Balances"}
    assert vocabulary(runtime(renamed), []).native == "Coins"
    assert vocabulary(runtime({**renamed, **FIELDS}), []).native == "Balances"
    assert vocabulary(runtime({("System", "Remarked"): ()}), []).native is None


@pytest.mark.parametrize(
    ("file", "fungibles"),
    [
        ("paseo.v15.2025-08.scale", set()),
        ("polkadot.v14.9370.scale", set()),
        ("people-paseo.v15.2025-08.scale", set()),
        ("asset-hub-paseo.v16.2026-02.scale", {"Assets", "ForeignAssets", "PoolAssets"}),
    ],
)
def test_real_runtimes_have_these_pallets(file: str, fungibles: set[str]) -> None:
    from paseo_watch.chain.scale.runtime import Runtime

    real = Runtime.from_metadata(data_path("metadata", file).read_bytes())
    assert vocabulary(real, real.pallets()) == Vocabulary("Balances", frozenset(fungibles))


@pytest.mark.parametrize("file", ["asset-hub-paseo.v16.2026-02.scale", "polkadot.v14.9370.scale"])
def test_the_fields_in_these_tests_are_those_of_real_runtimes(file: str) -> None:
    from paseo_watch.chain.scale.runtime import Runtime

    real = Runtime.from_metadata(data_path("metadata", file).read_bytes())
    shared = [pair for pair in FIELDS if real.has_event(*pair) and pair != ("Balances", "BalanceSet")]
    assert ("Balances", "Transfer") in shared
    assert {pair: real.event_fields(*pair) for pair in shared} == {pair: FIELDS[pair] for pair in shared}
