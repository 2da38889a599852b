"""The watcher whole: what it needs on which chain, what it explains, what it takes in."""

from typing import Any

import pytest

from paseo_watch.chain.scale.values import Event
from paseo_watch.watchers.validators import finality
from paseo_watch.watchers.watcher import NO_ANSWERS, EndpointVitals, Loaded, Needs, Step, Tick, Vitals, Wants
from tests.relay_encoding import POLKADOT_2026
from tests.unit.watchers.validators.doubles import (
    ALICE,
    HUB,
    PAS,
    PEOPLE,
    RELAY_2023,
    RELAY_2025,
    RELAY_2026,
    Drive,
    block,
    made_up,
    real,
    relay,
    sessions,
    watcher,
)

NOW_MS = 1_800_000_000_000
COLLECTIVES = "collectives-polkadot.v15.2025-08.scale"
STALLED = Vitals(
    now_ms=NOW_MS, endpoints=(EndpointVitals("wss://a", "connected", "", 0),), holes=0, halted=None, finalized=90,
    processed=90, progress_ms=0, progressed=True, best=100, best_ms=NOW_MS, finalized_ms=NOW_MS - 200_000,
)  # fmt: skip


@pytest.mark.parametrize("name", [RELAY_2023, RELAY_2025, RELAY_2026, HUB])
def test_where_everything_is_there_nothing_is_blind(name: str) -> None:
    assert watcher().needs(real(name)).blind == ()


@pytest.mark.parametrize("name", [PEOPLE, COLLECTIVES])
def test_collators_are_not_mistaken_for_validators(name: str) -> None:
    """They have sessions and a set as well."""
    seen = watcher()
    assert seen.needs(real(name)) == Needs()
    opened = Event(0, -2, "Session", "NewSession", {"session_index": 4})
    assert seen.wants({}, block(of=real(name), events=[opened])) == Wants()
    assert seen.step({}, block(of=real(name), events=[opened]), NO_ANSWERS) == Step(blind=())
    assert seen.step({}, STALLED, NO_ANSWERS) == Step()
    assert list(seen.readings({})) == []


def test_a_chain_that_is_named_and_has_neither_validators_nor_staking_is_blind() -> None:
    assert watcher("people", chains=["people"]).needs(real(PEOPLE)).blind == (
        "this runtime has neither validators nor their staking",
    )
    assert watcher("hub", chains=["hub"]).needs(real(HUB)).blind == ()


@pytest.mark.parametrize(
    ("lacks", "sentence"),
    [
        ("ParaInherent.OnChainVotes",
         "this runtime does not keep who backed parachains' blocks: votes are not counted"),
        ("Session.DisabledValidators", "this runtime does not say who is disabled"),
        ("Babe.EpochStart",
         "this runtime does not say where a session began: silence proves nothing, nobody is told as offline"),
    ],
)  # fmt: skip
def test_what_a_runtime_lacks_is_said(lacks: str, sentence: str) -> None:
    assert watcher().needs(made_up(lacks=[lacks])).blind == (sentence,)


def test_a_relay_chain_without_any_staking_that_is_known_is_blind_to_slashes() -> None:
    runtime = made_up(lacks=["SlashReported", "SessionRotated", "StakingAhClient.Mode"])
    assert watcher().needs(runtime).blind == (
        "this runtime has no staking that is known here: slashes and chilled stashes are not seen",
    )
    assert watcher().explain(runtime, {})[-1] == (
        "staking mode: none that is known here (it has neither Staking nor StakingAhClient)"
    )


def test_staking_whose_events_lack_something_is_said() -> None:
    runtime = made_up(lacks=["Staking.Slashed.staker", "Staking.Chilled.stash", "Staking.Chilled"])
    assert watcher().needs(runtime).blind == (
        "this runtime's events lack what is read of them, and are not told: Staking.Chilled, Staking.Slashed",
    )


def test_what_a_former_runtime_could_not_show_is_not_said_of_one_without_validators() -> None:
    """A parachain that had validators; and a late block says nothing of now."""
    steps = [watcher().step({}, block(of=real(PEOPLE), late=late), NO_ANSWERS) for late in (False, True)]
    assert [step.blind for step in steps] == [(), None]


@pytest.mark.parametrize("name", [HUB, RELAY_2025])
def test_an_event_that_cannot_be_read_is_said_while_it_is_news(name: str) -> None:
    runtime = real(name)
    storage = dict.fromkeys(watcher().needs(runtime).keys)
    events = [Event(3, -2, "Staking", "Slashed", {"staker": None, "amount": PAS})]
    steps = [
        watcher().step({}, block(storage, of=runtime, events=events, late=late), NO_ANSWERS) for late in (False, True)
    ]
    assert "what Staking.Slashed says cannot be read" in (steps[0].blind or ())
    assert (steps[1].blind, steps[0].observations) == (None, ())


@pytest.mark.parametrize(
    ("name", "storage", "sentences"),
    [
        (
            RELAY_2025,
            {},
            (
                "validators make this chain's blocks (BABE, Session): blocks and backing votes are counted by session",
                "staking mode: this chain's own pallet Staking elects (it has no StakingAhClient)",
            ),
        ),
        (
            RELAY_2026,
            {real(RELAY_2026).storage_key("StakingAhClient", "Mode"): b"\2"},
            (
                "validators make this chain's blocks (BABE, Session): blocks and backing votes are counted by session",
                "staking mode: StakingAhClient.Mode is Active: Asset Hub elects, and tells slashes and eras",
            ),
        ),
        (
            HUB,
            {},
            (
                "its blocks are made by collators (it has the pallet CollatorSelection), which are not watched",
                "staking mode: pallet-staking-async elects the relay chain's validators here (it has StakingRcClient)",
            ),
        ),
        (
            PEOPLE,
            {},
            ("its blocks are made by collators (it has the pallet CollatorSelection), which are not watched",),
        ),
    ],
)
def test_doctor_is_told_what_was_found_and_why(name: str, storage: Any, sentences: tuple[str, ...]) -> None:
    assert watcher().explain(real(name), storage) == sentences


def test_doctor_is_told_of_votes_that_cannot_be_counted_and_of_no_validators() -> None:
    assert "blocks are counted by session" in watcher().explain(made_up(lacks=["ParaInherent.OnChainVotes"]), {})[0]
    assert watcher().explain(made_up(lacks=["Babe", "Staking"]), {})[0] == "no validators here: the runtime has no BABE"


def test_asset_hubs_staking_is_told_without_a_session() -> None:
    told = watcher().step(
        {},
        block(of=real(HUB), events=[Event(3, -2, "Staking", "Slashed", {"staker": ALICE, "amount": PAS})]),
        NO_ANSWERS,
    )
    assert [(each.rule, each.title, each.data["session"]) for each in told.observations] == [
        ("slash", "Slashed: 1 PAS of alice", None)
    ]
    assert (told.changes, told.facts) == ({}, ())


def test_an_event_in_the_block_that_opens_a_session_belongs_to_the_new_one() -> None:
    chain = relay()
    sessions(chain, 2)
    chain.rotate()
    chain.offend()
    chain.block()
    (told,) = Drive().run(chain).told
    assert (told.rule, told.data["session"]) == ("offence", 1)


def test_a_change_of_who_elects_is_told_beside_all_else() -> None:
    chain = relay(name=RELAY_2026, layout=POLKADOT_2026)
    sessions(chain, 2)
    key = "0x" + real(RELAY_2026).storage_key("StakingAhClient", "Mode").hex()
    written = chain.block()
    object.__setattr__(written, "state", {**written.state, key: "0x01"})
    drive = Drive(RELAY_2026).run(chain)
    assert drive.about("staking-mode") == [("", "Staking mode changed from Active to Buffered", None)]
    assert drive.state["mode"] == {"mode": "Buffered"}


def test_finality_is_watched_where_validators_are() -> None:
    (told,) = watcher().step({"now": {"session": 3}}, STALLED, NO_ANSWERS).observations
    assert (told.rule, told.data["finalized"]) == (finality.STALL, 90)
    assert watcher().step({}, STALLED, NO_ANSWERS) == Step()


def test_ticks_and_documents_change_nothing_by_themselves() -> None:
    chain = relay()
    sessions(chain, 3, 2)
    drive = Drive().run(chain)
    for given in (Tick(NOW_MS), Loaded("whitelist:cap", {}, NOW_MS)):
        assert drive.watcher.step(drive.state, given, NO_ANSWERS) == Step()
    assert watcher().step({}, Tick(NOW_MS), NO_ANSWERS) == Step()


def test_a_chain_that_is_not_to_be_watched_is_left_alone_and_forgotten() -> None:
    chain = relay()
    chain.block()
    state, off = Drive().run(chain).state, watcher("relay", chains=["other"])
    assert off.needs(real(RELAY_2025)) == Needs()
    assert off.wants(state, block()) == Wants()
    assert off.step(state, block(), NO_ANSWERS) == off.step(state, STALLED, NO_ANSWERS) == Step()
    assert (off.rules, off.obsolete(state)) == (frozenset(), frozenset(state))
    assert off.explain(real(RELAY_2025), {}) == ("not watched here: watch.validators.chains names other chains",)


def test_its_conditions_are_the_rules_that_it_answers_for() -> None:
    seen = watcher()
    assert (seen.name, seen.rules) == ("validators", {"validator-offline", "finality-lag", "finality-stalled"})
    assert seen.obsolete({"now": {"session": 1}}) == frozenset()
