"""Whatever a runtime and its storage say: nothing raises, everything can be stored, what is kept stays bounded."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.watchers.watcher import NO_ANSWERS, Answers, Tick
from tests.relay_encoding import digest, u32
from tests.unit.watchers.validators.doubles import ALICE, BOB, RELAY_2026, block, json_of, made_up, real, watcher

PRE = bytes.fromhex(digest(1, 1, 9)[0][2:])
NAMES = ("session", "backing_validators_per_candidate", "validator_groups")
LEAF = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 9), st.integers(), st.integers(2**31, 2**33), st.binary(max_size=33),
    st.text(max_size=5), st.sampled_from([ALICE, BOB, ("Active", None), ScaleError("damaged")]),
)  # fmt: skip
JUNK = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.just(()),
        st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=3)), inner, max_size=3),
    ),
    max_leaves=8,
)
PLACES = st.lists(st.one_of(st.integers(-2, 4), JUNK), max_size=3)
ATTESTATIONS = st.lists(st.one_of(st.tuples(st.integers(-2, 4), st.none()), JUNK), max_size=3)
ITEMS = {
    "Session.CurrentIndex": st.one_of(st.integers(0, 5), JUNK),
    "Session.Validators": st.one_of(st.lists(st.sampled_from([ALICE, BOB]), max_size=3), JUNK),
    "Session.DisabledValidators": st.one_of(PLACES, JUNK),
    "Babe.EpochStart": st.one_of(st.tuples(st.integers(0, 9), st.integers(0, 9)), JUNK),
    "ParaInherent.OnChainVotes": st.one_of(
        st.fixed_dictionaries(
            {
                "session": st.one_of(st.integers(0, 5), JUNK),
                "backing_validators_per_candidate": st.one_of(
                    st.lists(st.tuples(JUNK, ATTESTATIONS), max_size=3), JUNK
                ),
            }
        ),
        JUNK,
    ),
    "ParaSessionInfo.Sessions": st.one_of(
        st.fixed_dictionaries({"validator_groups": st.one_of(st.lists(PLACES, max_size=3), JUNK)}), JUNK
    ),
    "ParaSessionInfo.AccountKeys": st.one_of(st.lists(st.sampled_from([ALICE, BOB]), max_size=3), JUNK),
    "StakingAhClient.Mode": JUNK,
}
BLOCK = st.fixed_dictionaries(
    {"values": st.fixed_dictionaries(ITEMS), "late": st.booleans(), "absent": st.booleans(),
     "digest": st.sampled_from([(), (PRE,), (b"\x06BABE\x03",)]), "named": st.integers(0, 5)}
)  # fmt: skip


@settings(max_examples=100)
@given(st.lists(BLOCK, max_size=6))
def test_no_value_of_any_shape_raises_or_cannot_be_stored(blocks: list[dict[str, Any]]) -> None:
    seen, state = watcher(sessions=True, offline_sessions=1), dict[str, Any]()
    for number, each in enumerate(blocks, 1):
        runtime = made_up(each["values"])
        needs = seen.needs(runtime)
        raw = u32(each["named"]) + b"\4"
        given = block(
            dict.fromkeys(needs.keys, None if each["absent"] else raw),
            of=runtime, number=number, digest=each["digest"], late=each["late"],
        )  # fmt: skip
        wants = seen.wants(state, given)
        step = seen.step(state, given, Answers(dict.fromkeys(wants.keys, raw)))
        again = seen.step(state, given, NO_ANSWERS)
        for what in (step, again):
            assert json_of([dict(what.changes), [fact.content for fact in what.facts], what.blind])
            assert json_of([[told.title, told.text, dict(told.data), dict(told.labels)] for told in what.observations])
        state = {key: value for key, value in {**state, **step.changes}.items() if value is not None}
        assert list(seen.readings(state)) is not None
        assert seen.explain(runtime, given.storage)
        assert seen.step(state, Tick(number), NO_ANSWERS) is not None


@settings(max_examples=20)
@given(st.lists(st.integers(0, 2**32 - 1), min_size=10, max_size=40))
def test_a_chain_that_jumps_between_sessions_is_not_remembered_whole(numbers: list[int]) -> None:
    seen, state = watcher(), dict[str, Any]()
    for at, number in enumerate([*numbers, *range(2**32 - 1, 2**32 - 20, -1)]):
        values = {"Session.CurrentIndex": number, "Session.Validators": [at.to_bytes(32, "big")],
                  "Babe.EpochStart": (0, at), "Session.DisabledValidators": []}  # fmt: skip
        runtime = made_up(values, lacks=["ParaInherent.OnChainVotes", "StakingAhClient.Mode"])
        given = block(dict.fromkeys(seen.needs(runtime).keys, b"1"), of=runtime, number=at + 1)
        wants = seen.wants(state, given)
        step = seen.step(state, given, Answers(dict.fromkeys(wants.keys, b"1")))
        state = {key: value for key, value in {**state, **step.changes}.items() if value is not None}
        assert len([key for key in state if key.startswith("session/")]) <= 4
        assert len([key for key in state if key.startswith("dead/")]) <= 1
        assert len(step.facts) <= 1010


@settings(max_examples=50)
@given(st.data())
def test_no_bytes_raise_on_a_real_runtime(data: st.DataObject) -> None:
    seen, runtime = watcher(), real(RELAY_2026)
    keys = sorted(seen.needs(runtime).keys)
    bytes_ = st.one_of(st.none(), st.binary(max_size=60), st.sampled_from([u32(1), u32(1) + b"\4" + bytes(700)]))
    given = block({key: data.draw(bytes_) for key in keys}, of=runtime)
    wants = seen.wants({}, given)
    answers = Answers({key: data.draw(bytes_) for key in sorted(wants.keys)})
    assert json_of(dict(seen.step({}, given, answers).changes))
