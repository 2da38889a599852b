"""The watcher whole: where it watches, what it asks for, what it says of itself."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.chain.scale.values import Event
from paseo_watch.watchers.opengov.happenings import enactment_id, watched
from paseo_watch.watchers.opengov.options import OpenGovOptions
from paseo_watch.watchers.opengov.watcher import FROZEN, GAUGES, REFERENDA
from paseo_watch.watchers.watcher import NO_ANSWERS, Answers, Needs, Reading, Step, Tick, Wants
from tests.unit.watchers.opengov.chain import Chain
from tests.unit.watchers.opengov.doubles import (
    APPROVED,
    RELAY_NUMBER,
    block,
    confirming,
    event,
    key,
    ongoing,
    runtime,
    watcher,
)

HANDED_OVER = runtime(para=False, more=["StakingAhClient"])
COUNT = key("Referenda", "ReferendumCount")


def test_a_dormant_instance_stays_silent_whatever_was_left_in_it() -> None:
    """It asks for nothing either, and is not called blind."""
    chain = Chain(of=HANDED_OVER, by=watcher("relay"))
    for index in range(3):
        chain.set(index, ongoing(submitted=99_999_999))
    assert chain.watcher.needs(HANDED_OVER) == Needs()
    assert chain.block(event("Submitted", 2)) + chain.round() == []
    assert (chain.state, chain.asked) == ({}, [])


def test_a_dormant_instance_is_watched_where_its_chain_is_named() -> None:
    """By the configuration."""
    chain = Chain(of=HANDED_OVER, by=watcher("relay", chains=["relay"]))
    assert chain.block() == []
    chain.set(0, ongoing(submitted=100))
    assert chain.block(event("Submitted", 0)) == ["0 submitted"]


def test_a_chain_that_is_not_named_is_not_watched() -> None:
    """And what was remembered of it goes."""
    off = watcher("asset-hub", chains=["relay"])
    assert (off.needs(runtime()), off.rules) == (Needs(), frozenset())
    assert off.wants({}, block([event("Submitted", 0)])) == Wants()
    assert off.step({}, block([event("Submitted", 0)]), NO_ANSWERS) == Step()
    assert off.obsolete({"round": {}, "ref/Referenda/0": {}}) == {"round", "ref/Referenda/0"}
    assert watcher().obsolete({"round": {}}) == frozenset()
    assert watcher().rules == {"referendum-frozen"}


def test_it_needs_events_counts_and_the_clock() -> None:
    """The clock only where it is another chain's."""
    needs = watcher().needs(runtime())
    assert needs.events == watched(["Referenda"])
    assert needs.keys == {COUNT, key(*RELAY_NUMBER)}
    assert needs.blind == ()
    assert watcher().needs(runtime(para=False)).keys == {COUNT}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"without": [("Referenda", "Killed")]}, "Referenda: this runtime has no event Killed that names a referendum"),
        ({"tracks": b"damaged"}, "Referenda: its tracks cannot be read, so that periods are not known"),
        (
            {"without": [("Scheduler", "CallUnavailable")]},
            "this runtime's Scheduler does not tell what becomes of an approved referendum's call",
        ),
        (
            {"without": [("Preimage", "PreimageFor")]},
            "this runtime keeps no preimages where they could be read: calls of most referenda are not known",
        ),
    ],
)
def test_it_says_what_it_is_blind_to(settings: Any, sentence: str) -> None:
    """One sentence for each thing."""
    assert watcher().needs(runtime(**settings)).blind == (sentence,)


def test_a_chain_without_referenda_is_only_blind_where_it_is_named() -> None:
    """Elsewhere nobody expects any."""
    bare = runtime(instances=())
    assert watcher().needs(bare) == Needs()
    assert watcher(chains=["asset-hub"]).needs(bare) == Needs(blind=("this runtime has no referenda",))


@pytest.mark.parametrize(
    ("by", "of", "storage", "sentences"),
    [
        (watcher(chains=["people"]), runtime(), {}, ["not watched here: watch.opengov.chains names other chains"]),
        (watcher(), runtime(instances=()), {}, ["no referenda on this chain"]),
        (
            watcher(),
            runtime(),
            {COUNT: b"1200", key(*RELAY_NUMBER): b"7000"},
            [
                "Referenda: alive, by conviction voting, 2 tracks, 1,200 referenda so far; "
                "counts relay blocks (now #7,000)"
            ],
        ),
        (
            watcher(),
            runtime(ranked=["Referenda"], tracks=[]),
            {COUNT: b"1"},
            ["Referenda: alive, a ranked collective's, 0 tracks, 1 referendum so far; counts its own chain's blocks"],
        ),
        (
            watcher("relay"),
            HANDED_OVER,
            {},
            [
                "Referenda: dormant, for this relay chain has handed governance over to its Asset Hub (it has the "
                "pallet StakingAhClient); to watch it all the same, name this chain in watch.opengov.chains"
            ],
        ),
        (
            watcher("relay", chains=["relay"]),
            HANDED_OVER,
            {},
            [
                "Referenda: dormant, but watched because watch.opengov.chains names this chain, by conviction voting, "
                "2 tracks; counts its own chain's blocks"
            ],
        ),
    ],
)
def test_it_explains_what_it_found(by: Any, of: Any, storage: Any, sentences: list[str]) -> None:
    """For `doctor`."""
    assert list(by.explain(of, storage)) == sentences


def test_figures_count_by_phase() -> None:
    """Of each instance that has any."""
    chain = Chain()
    for index, info in enumerate((ongoing(), ongoing(submitted=9_999), confirming(1_900), APPROVED, b"damaged")):
        chain.set(index, info)
    chain.block()
    assert list(chain.watcher.readings(chain.state)) == [
        Reading(REFERENDA, 2, ("Referenda", "preparing")),
        Reading(REFERENDA, 0, ("Referenda", "deciding")),
        Reading(REFERENDA, 1, ("Referenda", "confirming")),
        Reading(REFERENDA, 0, ("Referenda", "approved")),
        Reading(FROZEN, 1, ("Referenda",)),
    ]
    chain.set(2, APPROVED)
    chain.block(event("Confirmed", 2))
    assert Reading(REFERENDA, 1, ("Referenda", "approved")) in list(chain.watcher.readings(chain.state))
    assert list(chain.watcher.readings({})) == []
    assert GAUGES == (REFERENDA, FROZEN)


def test_a_quiet_block_costs_no_request() -> None:
    """Votes neither."""
    chain = Chain()
    chain.set(0, ongoing())
    chain.block()
    chain.block(Event(0, 2, "ConvictionVoting", "Voted", {"who": bytes(32), "vote": None}))
    assert chain.asked == []
    assert chain.last == Step()


def test_a_round_costs_one_request() -> None:
    """Of all that go on, and the electorate."""
    chain = Chain()
    for index in range(3):
        chain.set(index, ongoing())
    chain.block()
    (asked,) = chain.asked
    issuance = {key("Balances", "TotalIssuance"), key("Balances", "InactiveIssuance")}
    assert asked == {key("Referenda", "ReferendumInfoFor", index) for index in range(3)} | issuance


def test_what_is_no_block_is_none_of_its_business() -> None:
    """Time alone tells nothing."""
    assert watcher().step({}, Tick(5), Answers()) == Step()


@pytest.mark.parametrize("junk", [{"severity": "loud"}, {"chains": []}, {"threshold": 5}])
def test_options_that_make_no_sense_are_refused(junk: Any) -> None:
    """Unknown keys too."""
    with pytest.raises(ValueError, match="validation error"):
        OpenGovOptions.model_validate(junk)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 255), 1 << 255) | st.binary(max_size=33),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.tuples(st.sampled_from(["Ongoing", "Approved", "Inline", "Lookup", "Err", "Ok"]), inner)
        | st.fixed_dictionaries({"submitted": inner, "track": inner, "proposal": inner}, optional={"deciding": inner})
    ),
    max_leaves=6,
)


@given(
    st.lists(st.tuples(st.sampled_from(sorted(watched(["Referenda"]))), st.integers(0, 3), JUNK), max_size=4),
    st.dictionaries(st.integers(0, 3), JUNK),
    JUNK,
)
def test_nothing_from_the_chain_raises(events: list[Any], stored: dict[int, Any], clock: Any) -> None:
    """Junk in events, referenda, tasks and the clock; what is remembered of it can be stored and read again."""
    chain = Chain()
    for index, value in stored.items():
        chain.set(index, ("Ongoing", value) if isinstance(value, dict) else value)
    for late in (False, True):
        happened = [
            Event(
                0,
                0,
                pallet,
                name,
                {"index": index, "id": enactment_id(index), "result": junk, "proposal": junk, "tally": junk},
            )
            for (pallet, name), index, junk in events
        ]
        hole = chain.hole(*happened, blocks=100)
        chain.stored[key(*RELAY_NUMBER)] = repr(clock).encode()
        chain.heal(hole) if late else chain.see(hole)
    chain.round()
    list(chain.watcher.readings(chain.state))
