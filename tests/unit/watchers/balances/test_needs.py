"""What is asked of a runtime, and what is said to be missing on it."""

import pytest

from paseo_watch.chain.scale.runtime import Runtime
from tests.data import data_path
from tests.unit.watchers.balances.doubles import DAVE, FIELDS, account_key, runtime, watcher

ALL = (
    {"threshold": "1 PAS"},
    {"cap": "1 PAS"},
    {"watch": ["dave"]},
    {"below": "1 PAS", "accounts": ["dave"]},
)


def test_only_events_that_the_runtime_has_are_asked_for() -> None:
    asked = watcher(*ALL).needs(runtime()).events
    assert asked <= set(FIELDS)
    assert {("Balances", "Transfer"), ("Assets", "Burned"), ("MessageQueue", "Processed")} <= asked
    assert ("Balances", "Locked") not in asked
    assert ("NominationPools", "Withdrawn") not in asked


def test_assets_are_asked_for_only_where_a_rule_is_about_them() -> None:
    def pallets(*rules: dict[str, object]) -> set[str]:
        return {pallet for pallet, _ in watcher(*rules).needs(runtime()).events}

    assert pallets({"threshold": "1 PAS"}).isdisjoint({"Assets", "ForeignAssets"})
    assert pallets({"threshold": "1 USDT"}) & {"Assets", "ForeignAssets"} == {"Assets"}
    assert pallets({"watch": ["dave"]}) >= {"Assets", "ForeignAssets"}


def test_a_low_balance_needs_a_key_at_every_block_and_no_events() -> None:
    needs = watcher({"below": "1 PAS", "accounts": ["dave"]}).needs(runtime())
    assert (needs.events, needs.keys, needs.blind) == (frozenset(), {account_key(DAVE)}, ())


def test_without_rules_nothing_is_asked_for() -> None:
    needs = watcher({"threshold": "1 PAS", "chains": ["elsewhere"]}).needs(runtime())
    assert (needs.events, needs.keys, needs.blind) == (frozenset(), frozenset(), ())


def test_what_the_runtime_lacks_is_said_rule_by_rule() -> None:
    bare = runtime({("System", "Remarked"): ()}, accounts=False)
    blind = watcher(*ALL, {"threshold": "1 USDT"}).needs(bare).blind
    assert blind == (
        "rule rule-0: this runtime has no Balances pallet, moves of its token cannot be seen",
        "rule rule-1: this runtime keeps no balances in System.Account",
        "rule rule-2: this runtime has no Balances pallet, moves of its token cannot be seen",
        "rule rule-3: this runtime keeps no balances in System.Account",
        "rule rule-4: this runtime has no pallet Assets with transfers of assets",
        "rules rule-0, rule-2, rule-4: this runtime does not tell fees apart, they count as moves",
    )


def test_no_key_is_asked_for_where_it_could_not_be_read() -> None:
    assert watcher(*ALL).needs(runtime(accounts=False)).keys == frozenset()


REAL = [
    "paseo.v15.2025-08.scale",
    "asset-hub-paseo.v16.2026-02.scale",
    "people-paseo.v15.2025-08.scale",
    "collectives-polkadot.v15.2025-08.scale",
    "polkadot.v14.9370.scale",
    "polkadot.v16.scale",
    "asset-hub-polkadot.v16.2003001.scale",
]


@pytest.mark.parametrize("file", REAL)
def test_no_real_runtime_leaves_a_rule_blind(file: str) -> None:
    real = Runtime.from_metadata(data_path("metadata", file).read_bytes())
    needs = watcher(*ALL).needs(real)
    assert needs.blind == ()
    assert ("TransactionPayment", "TransactionFeePaid") in needs.events
    assert len(needs.keys) == 1
