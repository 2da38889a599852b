"""What an alert about a move says, to people and to programs."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paseo_watch.chain.units import NATIVE, Unit
from paseo_watch.watchers.balances.moves import BalanceSet, Group
from paseo_watch.watchers.balances.origin import Origin
from paseo_watch.watchers.balances.report import MAX_LEGS, balance_set, large_move, ranked, watched_move
from paseo_watch.watchers.balances.rules import Threshold, Watched
from paseo_watch.watchers.names import Names
from tests.unit.watchers.balances.doubles import ALICE, BOB, CAROL, DAVE, PAS, TREASURY, block, setting

NAMES = Names(setting())
ALICE_42 = "5C62Ck4UrFPiBtoCmeSrgF7x9yv9mn38446dhCpsi2mLHiFT"
BOB_42 = "5C7LYpP2ZH3tpKbvVvwiVe54AapxErdPBbvkYhe6y9ZBkqWt"
DAVE_42 = "5C9yEy27yLNG5BDMxVwS8RyGBneZB1ouShazFhGZVP8thK5z"
LARGE = Threshold("large-move", "warning", Unit("PAS", 10), 10_000 * PAS, frozenset(), False)
WATCHED = Watched("core", "info", frozenset({DAVE}))
SIGNED = Origin("100-2", ALICE_42, ALICE_42, "Balances.transfer_all", f"Balances.transfer_all, signed by {ALICE_42}.")
HOOK = Origin(None, None, None, None, "In a hook.")


def group(nets: dict[bytes, int], asset: str = NATIVE) -> Group:
    changes = {(account, asset): amount for account, amount in nets.items()}
    return Group("extrinsic-2", 2, None, ALICE, changes, frozenset(nets))


def test_a_move_is_told_whole() -> None:
    moved = group({ALICE: -12_000 * PAS, BOB: 12_000 * PAS})
    told = large_move(LARGE, block(), moved, ALICE, SIGNED, NAMES)
    assert (told.rule, told.severity, told.key) == ("large-move", "warning", "extrinsic-2:native")
    assert told.title == "12,000 PAS moved"
    assert told.text == f"From {ALICE_42} to {BOB_42}. Balances.transfer_all, signed by {ALICE_42}."
    assert told.labels == {"asset": "PAS", "direction": "out"}
    assert told.extrinsic == "100-2"
    assert told.links == ("https://explorer/extrinsic/100-2", f"https://explorer/{ALICE_42}")
    out = {
        "account": ALICE_42,
        "account_key": "0x" + "01" * 32,
        "account_name": None,
        "direction": "out",
        "amount": "120000000000000",
        "amount_text": "12,000 PAS",
    }
    into = {**out, "account": BOB_42, "account_key": "0x" + "02" * 32, "direction": "in"}
    assert told.data == {
        **out,
        "asset": "native",
        "legs": [out, into],
        "legs_omitted": 0,
        "signer": ALICE_42,
        "actor": ALICE_42,
        "call": "Balances.transfer_all",
    }


def test_a_named_account_is_a_label_and_a_name_in_the_text() -> None:
    told = watched_move(WATCHED, block(), group({DAVE: 3 * PAS, ALICE: -3 * PAS}), NATIVE, DAVE, SIGNED, NAMES)
    assert told.title == "dave: 3 PAS in"
    assert told.labels == {"asset": "PAS", "direction": "in", "account": "dave"}
    assert told.key == f"extrinsic-2:native:{DAVE.hex()}"
    assert told.text.startswith(f"From {ALICE_42} to dave ({DAVE_42}).")
    assert told.data["account_name"] == "dave"


def test_an_asset_without_a_unit_is_told_in_its_smallest_unit() -> None:
    told = watched_move(WATCHED, block(), group({DAVE: -3}, "Assets/7"), "Assets/7", DAVE, HOOK, NAMES)
    assert told.title == "dave: 3 planck of Assets/7 out"
    assert (told.labels["asset"], told.data["asset"], told.extrinsic) == ("Assets/7", "Assets/7", None)


def test_what_comes_from_or_goes_to_nobody_is_said() -> None:
    came = large_move(LARGE, block(), group({ALICE: 5}), ALICE, HOOK, NAMES)
    assert came.text == f"To {ALICE_42}, from nobody on this chain (minted, or come from another chain). In a hook."
    went = large_move(LARGE, block(), group({ALICE: -5}), ALICE, HOOK, NAMES)
    assert went.text == f"From {ALICE_42}, to nobody on this chain (burnt, or gone to another chain). In a hook."


def test_many_legs_are_cut_and_counted() -> None:
    crowd = {bytes([0, n]) + bytes(30): n for n in range(1, 51)}
    told = large_move(LARGE, block(), group({ALICE: -1275, **crowd}), ALICE, SIGNED, NAMES)
    assert [leg["amount"] for leg in told.data["legs"]] == ["1275", *(str(n) for n in range(50, 31, -1))]
    assert (len(told.data["legs"]), told.data["legs_omitted"]) == (MAX_LEGS, 31)
    assert "and 47 more" in told.text


def test_a_balance_set_by_an_unknown_change_is_told_as_such() -> None:
    unknown = replace(group({}), unknown=(BalanceSet(DAVE, 7 * PAS),))
    told = balance_set(LARGE, block(), unknown, unknown.unknown[0], SIGNED, NAMES)
    assert told.title == "dave: balance set to 7 PAS"
    assert told.text.startswith(f"The free balance of dave ({DAVE_42}) was set to 7 PAS; the change is not known.")
    assert (told.data["amount"], told.data["direction"], told.data["free"]) == (None, None, str(7 * PAS))
    assert told.key == f"extrinsic-2:set:{DAVE.hex()}"
    assert told.labels == {"asset": "PAS", "account": "dave"}


def test_the_largest_change_comes_first_out_before_in_then_by_key() -> None:
    nets = {DAVE: -5, CAROL: -5, BOB: 5, ALICE: 4, TREASURY: 9}
    assert ranked(nets) == [(TREASURY, 9), (CAROL, -5), (DAVE, -5), (BOB, 5), (ALICE, 4)]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.binary(min_size=32, max_size=32), st.integers(-(10**20), 10**20).filter(bool), min_size=1))
def test_legs_and_omitted_legs_are_all_legs(nets: dict[bytes, int]) -> None:
    account = ranked(nets)[0][0]
    data = large_move(LARGE, block(), group(nets), account, HOOK, NAMES).data
    assert len(data["legs"]) + data["legs_omitted"] == len(nets)
    assert all(int(data["amount"]) >= int(leg["amount"]) for leg in data["legs"])
