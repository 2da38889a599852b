"""Offences, slashes, chilled stashes and eras: what is told of which event."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.chain.scale.values import INITIALIZATION, Event
from paseo_watch.watchers.validators.punished import KINDS, told, unreadable
from paseo_watch.watchers.validators.sight import READ
from paseo_watch.watchers.watcher import EventObservation
from tests.relay_encoding import stash
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
    assert found.text == "The event does not name the offender; disabling and slashes are told separately."


def test_a_kind_has_sixteen_bytes() -> None:
    assert {len(kind) for kind in KINDS} == {16}


@pytest.mark.parametrize(("name", "era"), [("SlashReported", "slash_era"), ("OffenceReported", "offence_era")])
def test_who_is_reported_is_told_with_what_it_may_cost(name: str, era: str) -> None:
    """On a relay chain that elects for itself, and on Asset Hub."""
    fields = {"validator": ALICE, "fraction": 123_400_000, era: 2896}
    (found,) = tell((f"Staking.{name}", fields))
    assert found.title == "alice was reported for an offence"
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
    assert (found.data["session"], found.data["legs_omitted"], found.extrinsic) == (7, 0, None)


def test_a_slash_takes_nobody_who_lost_for_the_validator() -> None:
    """Who lost most is often a nominator."""
    for losses in ([slash(BOB, 20 * PAS), slash(ALICE, PAS)], [slash(BOB, PAS)]):
        (found,) = tell(*losses)
        assert [key for key in found.data if key.startswith("validator")] == []


def test_a_slash_has_the_label_of_the_first_account_that_is_named_and_of_nobody_else() -> None:
    zero = stash(0)
    assert tell(slash(BOB, 20), slash(CAROL, 7))[0].labels == {"state": "applied"}
    assert tell(slash(BOB, 20), slash(ALICE, 1))[0].labels == {"state": "applied", "validator": "alice"}
    assert tell(slash(ALICE, 2), slash(BOB, 20), slash(zero, 3))[0].labels["validator"] == "zero"


def test_a_named_account_is_not_lost_among_many_that_lost_more() -> None:
    (found,) = tell(slash(ALICE, 1), *(slash(number.to_bytes(32, "big"), number) for number in range(2, 500)))
    assert found.data["legs"][-1]["account_name"] == found.labels["validator"] == "alice"
    assert found.text.endswith(", alice: 0.0000000001 PAS and 494 more.")


def test_one_slash_names_the_account() -> None:
    (found,) = tell(slash(ALICE, PAS))
    assert (found.title, found.extrinsic) == ("Slashed: 1 PAS of alice", "101-2")


def test_a_slash_of_many_is_cut_and_says_so() -> None:
    (found,) = tell(*(slash(number.to_bytes(32, "big"), number + 1) for number in range(500)))
    assert found.text.endswith(" and 495 more.")
    assert found.text.count(": ") == 5
    assert (len(found.data["legs"]), found.data["legs_omitted"]) == (20, 480)
    assert found.data["amount"] == str(sum(range(501)))


def test_a_slash_that_is_cancelled_is_told_beside_one_that_is_not() -> None:
    found = tell(slash(BOB, PAS), ("Staking.SlashCancelled", {"slash_era": 9, "validator": ALICE}))
    assert [(each.labels["state"], each.severity, each.data["session"]) for each in found] == [
        ("cancelled", "info", 7), ("applied", "warning", 7),
    ]  # fmt: skip
    assert found[0].text == "The slash that was due in era 9 will not be applied."
    assert len({each.key for each in found}) == 2


def chill(who: bytes) -> tuple[str, dict[str, Any]]:
    return "Staking.Chilled", {"stash": who}


def test_a_chilled_stash_is_told() -> None:
    (found,) = tell(chill(ALICE), chill(ALICE))
    assert (found.rule, found.title, found.severity) == ("validator-chilled", "alice was chilled", "info")
    assert found.text == "The stash no longer stands as a validator (or nominator) from the next election on."
    assert (found.data["validator_key"], found.data["session"], found.extrinsic) == ("0x" + ALICE.hex(), 7, "101-2")
    assert (found.labels, len(found.data["chilled"])) == ({"validator": "alice"}, 1)


def test_all_that_are_chilled_in_a_block_are_one_alert() -> None:
    (found,) = tell(chill(BOB), chill(ALICE))
    assert (found.title, found.labels, found.key) == ("2 stashes were chilled", {"validator": "alice"}, "101")
    assert found.text == (
        f"{NAMES.account(BOB)}, {NAMES.account(ALICE)}.\n"
        "They no longer stand as validators (or nominators) from the next election on."
    )
    assert found.data == {
        "session": 7,
        "chilled": [
            {"account": NAMES.address(who), "account_key": "0x" + who.hex(), "account_name": NAMES.name(who)}
            for who in (BOB, ALICE)
        ],
        "chilled_count": 2,
    }


def test_a_great_many_that_are_chilled_are_cut_but_for_who_has_a_name() -> None:
    (found,) = tell(*(chill(number.to_bytes(32, "big")) for number in range(2, 500)), chill(ALICE))
    assert (len(found.data["chilled"]), found.data["chilled_count"]) == (20, 499)
    assert found.data["chilled"][-1]["account_name"] == "alice"
    assert found.text.splitlines()[0].endswith(f", {NAMES.account(ALICE)} and 494 more.")


def test_stashes_that_several_extrinsics_chill_are_of_none_of_them() -> None:
    two = [Event(place, place, "Staking", "Chilled", {"stash": who}) for place, who in ((1, ALICE), (4, BOB))]
    (found,) = told(block(events=two), "warning", False, None, NAMES)
    assert found.extrinsic is None


def test_an_era_is_told_only_where_sessions_are() -> None:
    paid = ("Staking.EraPaid", {"era_index": 12, "validator_payout": 30 * PAS, "remainder": 6 * PAS})
    assert tell(paid) == []
    (found,) = tell(paid, sessions=True)
    assert (found.title, found.text) == (
        "Era 12 ended",
        "Validators and nominators get 30 PAS for it; 6 PAS are not paid to stakers.",
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


@given(st.sampled_from(sorted(READ)), st.dictionaries(st.sampled_from(FIELDS), st.one_of(st.just(ALICE), JUNK)))
def test_whatever_a_runtime_puts_into_an_event_can_be_told_and_stored_or_is_said_to_be_unreadable(
    name: tuple[str, str], fields: Any
) -> None:
    given = (".".join(name), fields)
    found = tell(given, sessions=True)
    assert len(found) + len(unreadable(block(events=events(given)))) == 1
    for each in found:
        assert json_of([each.data, each.labels, each.title, each.text, each.key])
        assert len(each.title) < 200


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        *((f"Staking.{name}", {"validator": ALICE[:20]}) for name in ("SlashReported", "OffenceReported")),
        ("Staking.SlashCancelled", {}),
        ("Staking.Chilled", {"stash": "01" * 32}),
        ("Staking.Slashed", {"staker": None, "amount": 5}),
        ("Staking.Slashed", {"staker": ALICE, "amount": -5}),
    ],
)
def test_nobody_is_made_up_for_an_account_or_amount_that_cannot_be_read(name: str, fields: dict[str, Any]) -> None:
    good = slash(BOB, PAS)
    (found,) = tell((name, fields), good)
    assert found.title == f"Slashed: 1 PAS of {NAMES.short(BOB)}"
    assert unreadable(block(events=events((name, fields), good))) == (f"what {name} says cannot be read",)
