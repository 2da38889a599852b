"""From one input to what shall be committed: values in, values out."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paseo_watch.alerts.alert import Where
from paseo_watch.alerts.matchers import parse
from paseo_watch.alerts.route import Route
from paseo_watch.pipeline.decide import Decision, Memory, decide, place, remember, retire, wants
from paseo_watch.watchers.watcher import Answers, Loaded, Tick, Wants
from tests.unit.pipeline.samples import CHAIN, Counting, block, hash_of, ref

TREE = Route("team", routes=(Route("archive", (parse('severity="info"'),)),))
NOW_MS = 1_800_000_000_000
EMPTY = Memory({"counting": {}, "other": {}}, {})


def step(memory: Memory, number: int, *watchers: Counting) -> Decision:
    """One block, seen by these watchers."""
    seen = block(number)
    return decide(watchers or (Counting(),), TREE, memory, seen, Answers(), place("paseo", CHAIN, seen, NOW_MS))


def told(decision: Decision) -> list[tuple[str, str, tuple[str, ...]]]:
    """Rule, status and receivers of each notification."""
    return [(r.notification["rule"], r.notification["status"], r.receivers) for r in decision.routed]


def test_what_all_watchers_want_is_asked_together() -> None:
    """Keys of one and of the other; extrinsics if anybody wants them."""
    some, more = Counting("counting", Wants(frozenset({b"a", b"b"}))), Counting("other", Wants(frozenset({b"b"}), True))
    assert wants([some, more], EMPTY, block(1), Answers()) == Wants(frozenset({b"a", b"b"}), True)
    assert wants([], EMPTY, block(1), Answers()) == Wants()


def test_a_block_is_told_once_by_each_watcher_in_their_order_and_routed_by_its_labels() -> None:
    """An event to the archive; a condition to the team when it begins."""
    decision = step(EMPTY, 1, Counting(), Counting("other"))
    assert told(decision) == [
        ("counting-block", "event", ("archive",)),
        ("counting-odd", "firing", ("team",)),
        ("other-block", "event", ("archive",)),
        ("other-odd", "firing", ("team",)),
    ]
    assert [held.rule for held in decision.fired] == ["counting-odd", "other-odd"]


def test_a_condition_is_told_when_it_begins_and_when_it_ends_and_not_between() -> None:
    """Blocks 1, 3 are odd, 4 and 6 are not."""
    memory, seen = EMPTY, []
    for number in (1, 3, 4, 6):
        decision = step(memory, number)
        memory = remember(memory, decision)
        seen.append([status for rule, status, _ in told(decision) if rule == "counting-odd"])
    assert seen == [["firing"], [], ["resolved"], []]
    assert memory.firing == {}


def test_only_what_changed_is_in_the_decision() -> None:
    """A tick changes one key of one watcher; a watcher that says whether it is blind is heard."""
    tick = Tick(NOW_MS)
    watchers = [Counting(), Counting("other")]
    decision = decide(watchers, TREE, EMPTY, tick, Answers(), place("paseo", CHAIN, tick, NOW_MS))
    assert decision.changes == {"counting": {"ticks": 1}, "other": {"ticks": 1}}
    assert decision.blind == dict.fromkeys(("counting", "other"), ("it cannot see in the dark",))
    assert (decision.routed, decision.fired, decision.resolved) == ((), (), ())


def test_answers_reach_every_watcher() -> None:
    """As they were read for all of them."""
    watchers = Counting(), Counting("other")
    answers = Answers({b"key": b"value"}, [b"extrinsic"])
    decide(watchers, TREE, EMPTY, block(1), answers, place("paseo", CHAIN, block(1), NOW_MS))
    assert [watcher.answers for watcher in watchers] == [[answers], [answers]]


@given(st.lists(st.integers(1, 50)))
def test_deciding_and_remembering_touch_nothing_that_was_given(numbers: list[int]) -> None:
    """Memory goes from one to the next, and the one before stays as it was."""
    memory = EMPTY
    for number in numbers:
        before = deepcopy(memory)
        after = remember(memory, step(memory, number))
        assert memory == before
        memory = after
    assert memory.states["counting"].get("count", 0) == len(numbers)
    assert memory.states["counting"].get("sum", 0) == sum(numbers)
    assert bool(memory.firing) == bool(numbers and numbers[-1] % 2)


def test_a_key_that_is_set_to_none_is_gone() -> None:
    """It is not kept as None: the store has no such row either."""
    memory = remember(EMPTY, step(EMPTY, 1))
    assert memory.states["counting"]["odd/counting"] == 1
    assert "odd/counting" not in remember(memory, step(memory, 2)).states["counting"]


@pytest.mark.parametrize("late", [False, True])
def test_a_blocks_place_is_its_own_and_says_whether_it_is_late(late: bool) -> None:
    """Its time is the chain's."""
    where = place("paseo", CHAIN, block(3, late=late), NOW_MS)
    assert where == Where("paseo", CHAIN, ref(3), 1_700_000_018_000, NOW_MS, late)
    assert where.moment == hash_of(3).hex()


@pytest.mark.parametrize("input", [Tick(NOW_MS), Loaded("whitelist", {}, NOW_MS)])
def test_what_is_no_block_has_only_our_clock(input: Tick | Loaded) -> None:
    """No block, no time of the chain."""
    assert place("paseo", CHAIN, input, NOW_MS) == Where("paseo", CHAIN, None, None, NOW_MS)


# --- rules that are gone

START = Where("paseo", CHAIN, None, None, NOW_MS)


def test_a_removed_rules_condition_is_ended_and_says_why() -> None:
    """Under its own fingerprint, to whom it would go; what was remembered for it goes with it."""
    memory = remember(EMPTY, step(EMPTY, 1))
    renamed = Counting()
    renamed.rules = frozenset({"another"})
    decision = retire([renamed, Counting("other")], TREE, memory, START)
    (routed,) = decision.routed
    (print_,) = memory.firing
    assert (routed.notification["fingerprint"], routed.notification["status"]) == (print_, "resolved")
    assert routed.notification["title"] == "No longer watched: Odd"
    assert "counting-odd was removed" in routed.notification["text"]
    assert routed.notification["watcher"] == "counting"
    assert routed.receivers == ("team",)
    assert decision.resolved == (print_,)
    assert remember(memory, decision).firing == {}


def test_a_removed_watchers_conditions_end_and_its_whole_state_goes() -> None:
    """A watcher that comes back later begins anew, and tells again what holds then."""
    memory = remember(EMPTY, step(EMPTY, 1))
    decision = retire([Counting("other")], TREE, memory, START)
    assert [routed.notification["rule"] for routed in decision.routed] == ["counting-odd"]
    after = remember(memory, decision)
    assert (after.states["counting"], after.firing) == ({}, {})
    assert [status for rule, status, _ in told(step(after, 3)) if rule == "counting-odd"] == ["firing"]


def test_conditions_of_rules_that_are_still_there_are_left_alone() -> None:
    """Nothing is told, nothing changes."""
    memory = remember(EMPTY, step(EMPTY, 1))
    assert retire([Counting(), Counting("other")], TREE, memory, START) == Decision({}, (), (), (), {})


def test_keys_of_removed_rules_go_even_where_no_condition_holds() -> None:
    """Each watcher says which of its keys those are."""
    memory = Memory({"counting": {"odd/gone": 1, "count": 7}}, {})
    decision = retire([Counting()], TREE, memory, START)
    assert remember(memory, decision).states == {"counting": {"count": 7}}
    assert decision.routed == ()
