"""Figures of the state, for Prometheus."""

from typing import Any

from paseo_watch.watchers.validators.readings import GAUGES, readings
from tests.unit.watchers.validators.doubles import NAMES, Drive, relay, sessions

LIMIT = 3


def shown(state: Any, limit: int = LIMIT) -> dict[tuple[str, ...], float]:
    return {(each.gauge.name, *each.labels): each.value for each in readings(state, limit, NAMES)}


def test_nothing_is_shown_before_the_first_session() -> None:
    assert shown({}) == {}
    assert shown({"now": {"session": 3}}) == {}


def test_the_running_session_and_the_last_one_are_shown() -> None:
    chain = relay(validators=8)
    sessions(chain, 6, 3)
    disabled = chain.session.account(0)
    chain.disable(disabled)
    chain.block()
    found = shown(Drive().run(chain, without=[3]).state)
    assert found["validator_session",] == 1
    assert [found["validators", state] for state in ("active", "para", "offline", "disabled")] == [8, 6, 0, 1]
    assert found["validator_session_blocks",] == 6
    assert found["validator_session_coverage_ratio",] == 0.833
    given = [len(chain.records[number].given) for number in range(1, 8) if number != 3]
    assert (found["validator_session_votes", "given"], found["validator_session_votes", "missed"]) == (sum(given), 0)


def test_named_validators_are_shown_by_name_and_nobody_else() -> None:
    """`alice` has a name and is no validator; `zero` is both."""
    chain = relay()
    sessions(chain, 1, 2)
    found = shown(Drive().run(chain).state)
    named = {labels[1:] for labels in found if labels[0].startswith("validator_") and len(labels) > 1} - {
        ("given",), ("missed",)
    }  # fmt: skip
    assert named == {("zero",), ("zero", "given"), ("zero", "missed")}
    work = chain.counted([3])[1, next(who for (_, who) in chain.ledger if who.startswith(b"val\0\0\0\0\0"))]
    assert found["validator_votes", "zero", "given"] == work.given
    authored = [number for number in (2, 3) if chain.records[number].author == 0]
    assert found["validator_authored_blocks", "zero"] == len(authored)


def test_who_is_silent_for_long_enough_is_counted_as_offline() -> None:
    chain = relay()
    chain.offline(0)
    sessions(chain, 6, 6, 6, 1)
    state = Drive().run(chain).state
    assert (shown(state)["validators", "offline"], shown(state)["validator_offline", "zero"]) == (1, 1)
    assert (shown(state, 4)["validators", "offline"], shown(state, 4)["validator_offline", "zero"]) == (0, 0)


def test_a_coverage_that_nobody_knows_is_not_shown() -> None:
    chain = relay()
    sessions(chain, 2, 2, 2)
    found = shown(Drive().run(chain, without=[3, 4]).state)
    assert ("validator_session_coverage_ratio",) not in found
    assert ("validator_session_votes", "given") in found


def test_every_figure_is_one_that_was_announced_with_its_labels() -> None:
    chain = relay()
    sessions(chain, 2, 2)
    for each in readings(Drive().run(chain).state, LIMIT, NAMES):
        assert each.gauge in GAUGES
        assert len(each.labels) == len(each.gauge.labels)


def test_how_many_there_are_does_not_depend_on_how_many_validators_there_are() -> None:
    few, many = relay(validators=7), relay(validators=90, cores=10, per_group=9)
    for chain in (few, many):
        sessions(chain, 2, 2)
    assert shown(Drive().run(few).state).keys() == shown(Drive().run(many).state).keys()
