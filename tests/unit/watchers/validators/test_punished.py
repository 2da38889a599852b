"""Offences, slashes, chilled stashes and eras: what is told of which event."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.chain.scale.values import INITIALIZATION, Event
from paseo_watch.watchers.validators.punished import KINDS, told
from paseo_watch.watchers.validators.sight import EVENTS
from paseo_watch.watchers.watcher import EventObservation
from tests.unit.watchers.validators.doubles import (
    ALICE,
    BOB,
    HUB,
    NAMES,
    PAS,
    RELAY_2023,
    RELAY_2026,
    Drive,
    block,
    json_of,
    real,
    relay,
)

CAROL = bytes([3]) * 32


def events(*given: tuple[str, dict[str, Any]], phase: int = 2) -> list[Event]:
    """`Pallet.Event` with its fields."""
    return [Event(index, phase, *name.split("."), fields) for index, (name, fields) in enumerate(given)]  # type: ignore[arg-type]


def tell(*given: tuple[str, dict[str, Any]], sessions: bool = False, phase: int = 2) -> list[EventObservation]:
    return list(told(block(events=events(*given, phase=phase)), "warning", sessions, 7, NAMES))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (b"babe:equivocatio", "two blocks for one slot"),
        (b"grandpa:equivoca", "two votes in one round of finality"),
        (b"beefy:equivocati", "BEEFY equivocation"),
        (b"disputes:slashin", "a lost dispute about a parachain's block"),
        (b"im-online:offlin", "no sign of life in a session"),
        (b"something:else\0\0", "kind something:else??"),
        (b"\xff<b>@everyone\n\0\0", "kind ?<b>@everyone???"),
    ],
)
def test_offences_are_told_in_words(kind: bytes, words: str) -> None:
    (found,) = tell(("Offences.Offence", {"kind": kind, "timeslot": b"\1\2"}))
    assert found.title.startswith("Offence reported: ")
    assert words in found.title
    assert (found.rule, found.severity, found.data["timeslot"], found.data["session"]) == (
        "offence", "warning", "0x0102", 7,
    )  # fmt: skip


def test_a_kind_has_sixteen_bytes() -> None:
    assert {len(kind) for kind in KINDS} == {16}


@pytest.mark.parametrize(("name", "era"), [("SlashReported", "slash_era"), ("OffenceReported", "offence_era")])
def test_who_is_reported_is_told_with_what_it_may_cost(name: str, era: str) -> None:
    """On a relay chain that elects for itself, and on Asset Hub."""
    fields = {"validator": ALICE, "fraction": 123_400_000, era: 2896}
    (found,) = tell((f"Staking.{name}", fields))
    assert found.title == "alice is reported for an offence"
    assert found.text.startswith("An offence in era 2896 may cost 12.34 % of what is staked on it")
    assert (found.data["fraction"], found.data["era"], found.labels) == (123_400_000, 2896, {"validator": "alice"})


@pytest.mark.parametrize(
    ("fraction", "text"), [(1, "0.0000001 %"), (10**9, "100 %"), (75 * 10**6, "7.5 %"), (10_010_000, "1.001 %")]
)
def test_shares_are_exact(fraction: int, text: str) -> None:
    (found,) = tell(("Staking.SlashReported", {"validator": ALICE, "fraction": fraction, "slash_era": 1}))
    assert found.data["fraction_text"] == text


def test_an_offence_that_costs_nothing_is_told_so() -> None:
    (found,) = tell(("Staking.OffenceReported", {"validator": ALICE, "fraction": 0, "offence_era": 5}))
    assert found.text == "An offence in era 5 was reported; it costs nothing this time."


def slash(who: bytes, amount: int) -> tuple[str, dict[str, Any]]:
    return "Staking.Slashed", {"staker": who, "amount": amount}


def test_slashes_of_one_block_are_one_alert_the_largest_first() -> None:
    (found,) = tell(slash(ALICE, 5 * PAS), slash(BOB, 20 * PAS), slash(ALICE, 7 * PAS), phase=INITIALIZATION)
    assert found.title == "Slashed: 32 PAS of 2 accounts"
    assert found.text == f"{NAMES.short(BOB)}: 20 PAS, alice: 12 PAS."
    assert [(each["account_key"], each["amount"]) for each in found.data["legs"]] == [
        ("0x" + BOB.hex(), str(20 * PAS)), ("0x" + ALICE.hex(), str(12 * PAS)),
    ]  # fmt: skip
    assert (found.data["validator_key"], found.data["legs_omitted"], found.extrinsic) == ("0x" + BOB.hex(), 0, None)


def test_one_slash_names_the_account() -> None:
    (found,) = tell(slash(ALICE, PAS))
    assert (found.title, found.extrinsic) == ("Slashed: 1 PAS of alice", "101-2")


def test_a_slash_of_many_is_cut_and_says_so() -> None:
    (found,) = tell(*(slash(number.to_bytes(32, "big"), number + 1) for number in range(500)))
    assert found.text.endswith(" and 480 more.")
    assert (len(found.data["legs"]), found.data["legs_omitted"]) == (20, 480)
    assert found.data["amount"] == str(sum(range(501)))


def test_a_slash_that_is_cancelled_is_told_beside_one_that_is_not() -> None:
    found = tell(slash(BOB, PAS), ("Staking.SlashCancelled", {"slash_era": 9, "validator": ALICE}))
    assert [(each.labels["state"], each.severity, each.data["session"]) for each in found] == [
        ("cancelled", "info", 7), ("applied", "warning", 7),
    ]  # fmt: skip
    assert found[0].text == "The slash that was due in era 9 will not be applied."
    assert len({each.key for each in found}) == 2


def test_a_chilled_stash_is_told() -> None:
    (found,) = tell(("Staking.Chilled", {"stash": ALICE}))
    assert (found.rule, found.title, found.severity) == ("validator-chilled", "alice was chilled", "info")


def test_an_era_is_told_only_where_sessions_are() -> None:
    paid = ("Staking.EraPaid", {"era_index": 12, "validator_payout": 30 * PAS, "remainder": 6 * PAS})
    assert tell(paid) == []
    (found,) = tell(paid, sessions=True)
    assert (found.title, found.text) == (
        "Era 12 ended",
        "Validators and nominators get 30 PAS for it; 6 PAS go elsewhere.",
    )
    assert (found.data["era"], found.data["payout"], found.data["payout_text"]) == (12, str(30 * PAS), "30 PAS")


def test_an_era_that_leaves_nothing_over_says_nothing_of_it() -> None:
    (found,) = tell(("Staking.EraPaid", {"era_index": 1, "validator_payout": PAS, "remainder": 0}), sessions=True)
    assert found.text == "Validators and nominators get 1 PAS for it."


def test_other_events_are_not_ours() -> None:
    assert tell(("Staking.Bonded", {}), ("Balances.Slashed", {}), ("Session.NewSession", {}), sessions=True) == []


@pytest.mark.parametrize(
    ("runtime", "event", "fields"),
    [
        *((name, "Offences.Offence", {"kind", "timeslot"}) for name in (RELAY_2023, RELAY_2026)),
        *((name, "Staking.SlashReported", {"validator", "fraction", "slash_era"}) for name in (RELAY_2023, RELAY_2026)),
        (HUB, "Staking.OffenceReported", {"validator", "fraction", "offence_era"}),
        (HUB, "Staking.SlashCancelled", {"validator", "slash_era"}),
        *((name, "Staking.Slashed", {"staker", "amount"}) for name in (RELAY_2023, RELAY_2026, HUB)),
        *((name, "Staking.Chilled", {"stash"}) for name in (RELAY_2023, RELAY_2026, HUB)),
        *((name, "Staking.EraPaid", {"era_index", "validator_payout", "remainder"}) for name in (RELAY_2023, HUB)),
    ],
)
def test_real_runtimes_name_their_fields_so(runtime: str, event: str, fields: set[str]) -> None:
    assert set(real(runtime).event_fields(*event.split("."))) == fields  # type: ignore[arg-type]


def test_real_offences_are_told_from_late_blocks_too() -> None:
    chain = relay()
    chain.block()
    chain.offend(b"babe:equivocatio", timeslot=b"\7" * 8)
    chain.block()
    chain.block()
    in_time, late = Drive().run(chain), Drive().run(chain, without=[2]).heal(chain, 2)
    assert in_time.told == late.told
    assert [each.title for each in late.told] == ["Offence reported: two blocks for one slot (BABE equivocation)"]
    assert late.told[0].data["session"] == 0


JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.integers(2**64, 2**256), st.binary(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.tuples(inner, inner), st.dictionaries(st.text(), inner)),
    max_leaves=6,
)
FIELDS = ("kind", "timeslot", "validator", "fraction", "slash_era", "offence_era", "stash", "staker", "amount",
          "era_index", "validator_payout", "remainder")  # fmt: skip


@given(st.sampled_from(sorted(EVENTS)), st.dictionaries(st.sampled_from(FIELDS), JUNK))
def test_whatever_a_runtime_puts_into_an_event_can_be_told_and_stored(name: tuple[str, str], fields: Any) -> None:
    (found,) = tell((".".join(name), fields), sessions=True)
    assert json_of([found.data, found.labels, found.title, found.text, found.key])
    assert len(found.title) < 200
