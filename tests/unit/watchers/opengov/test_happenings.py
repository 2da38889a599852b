"""What events say about referenda."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paseo_watch.chain.scale.values import FINALIZATION, INITIALIZATION, Event
from paseo_watch.watchers.opengov.happenings import Happening, enactment_id, happenings, watched
from tests.unit.watchers.opengov.doubles import OF_AN_INSTANCE, OTHERS, block, dispatched, event

ERROR = ("Module", {"index": 10, "error": b"\2\0\0\0"})
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.binary(max_size=33) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.tuples(st.sampled_from(["Err", "Ok", "Module", "Lookup"]), inner),
)


def found(*events: Event) -> list[Happening]:
    return list(happenings(block(events), ("Referenda",), lambda id_: ("Referenda", 7) if id_ else None))


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("Submitted", "submitted"),
        ("DecisionDepositPlaced", "deposit_placed"),
        ("DecisionStarted", "deciding"),
        ("ConfirmStarted", "confirming"),
        ("ConfirmAborted", "confirm_aborted"),
        ("Confirmed", "approved"),
        ("Rejected", "rejected"),
        ("TimedOut", "timed_out"),
        ("Cancelled", "cancelled"),
        ("Killed", "killed"),
    ],
)
def test_an_event_is_a_state(name: str, state: str) -> None:
    """`Approved` is never emitted: approval is `Confirmed`."""
    assert [(each.which, each.state) for each in found(event(name, 3))] == [(("Referenda", 3), state)]


@pytest.mark.parametrize("name", ["Approved", "DecisionDepositRefunded", "MetadataSet"])
def test_refunds_and_metadata_are_none(name: str) -> None:
    """And nobody trusts an `Approved`."""
    assert found(event(name, 3)) == []


def test_another_pallets_event_is_none() -> None:
    """Its name alone says nothing."""
    assert found(event("Submitted", 3, pallet="Elsewhere")) == []


def test_the_place_is_the_extrinsic_or_no_place_in_a_hook() -> None:
    """As N-i."""
    where = [
        found(event("Killed", 3)._replace(phase=phase))[0].extrinsic for phase in (2, INITIALIZATION, FINALIZATION)
    ]
    assert where == ["100-2", None, None]


@pytest.mark.parametrize("index", [True, -1, 1 << 32, "3", b"3", None, 3.0])
def test_what_is_no_index_names_no_referendum(index: Any) -> None:
    """A bool is an int to Python."""
    assert found(event("Submitted", index)) == []


@pytest.mark.parametrize(
    ("task", "state", "error"),
    [
        (dispatched(7), "executed", ""),
        (dispatched(7, ("Err", ERROR)), "execution_failed", "Balances.InsufficientBalance"),
        (dispatched(7, ("Err", {"error": ("BadOrigin", None)})), "execution_failed", "BadOrigin"),
        (dispatched(7, ("Err", None)), "execution_failed", "an error without a name"),
        (dispatched(7, name="CallUnavailable"), "call_unavailable", ""),
        (dispatched(7, name="PermanentlyOverweight"), "execution_failed", "its weight fits no block"),
    ],
)
def test_what_became_of_the_call(task: Event, state: str, error: str) -> None:
    """The scheduler's events, by the task's name."""
    assert [(each.index, each.state, each.error, each.extrinsic) for each in found(task)] == [(7, state, error, None)]


def test_a_task_of_nobody_and_one_without_a_result_are_not_told() -> None:
    """An alarm has no name; a result that is not there is not made up."""
    nameless = dispatched(7)._replace(fields={"id": None, "result": ("Ok", None)})
    assert found(nameless, dispatched(7)._replace(fields={"id": enactment_id(7)})) == []


def wrapped(pallet: str, name: str, phase: int = INITIALIZATION, **fields: Any) -> Event:
    return Event(0, phase, pallet, name, fields)


@pytest.mark.parametrize(
    "inner",
    [
        wrapped("Utility", "BatchInterrupted", index=1, error=ERROR),
        wrapped("Utility", "ItemFailed", error=ERROR),
        wrapped("Utility", "DispatchedAs", result=("Err", ERROR)),
        wrapped("Whitelist", "WhitelistedCallDispatched", result=("Err", {"error": ERROR, "post_info": {}})),
        wrapped("Proxy", "ProxyExecuted", result=("Err", ERROR)),
        wrapped("Sudo", "Sudid", sudo_result=("Err", ERROR)),
    ],
)
def test_a_failure_inside_a_call_that_counts_as_executed_is_mentioned(inner: Event) -> None:
    """Success lies."""
    (told,) = found(inner, dispatched(7))
    assert (told.state, told.inner) == ("executed", ("Balances.InsufficientBalance",))


def test_what_failed_inside_belongs_to_its_own_task_alone() -> None:
    """Not what an earlier task, an earlier message or an extrinsic left behind, and not what went well."""
    failed = wrapped("Utility", "ItemFailed", error=ERROR)
    nameless = dispatched(7)._replace(fields={"id": None, "result": ("Ok", None)})
    for before in (
        (failed, nameless),
        (failed, wrapped("MessageQueue", "Processed", success=True)),
        (failed._replace(phase=1),),
        (wrapped("Proxy", "ProxyExecuted", result=("Ok", None)),),
        (wrapped("Utility", "BatchInterrupted", index=1),),
    ):
        assert [each.inner for each in found(*before, dispatched(7))] == [()]


def test_many_failures_inside_are_cut() -> None:
    """Five are enough."""
    (told,) = found(*[wrapped("Utility", "ItemFailed", error=("BadOrigin", None))] * 100, dispatched(7))
    assert told.inner == ("BadOrigin",) * 5


def test_an_enactment_has_the_name_that_the_pallet_gives_it() -> None:
    """Blake2 of "assembly", the text "enactment" and the index; computed with `b2sum -l 256`."""
    assert enactment_id(7).hex() == ENACTMENT_7


ENACTMENT_7 = "2e72be6180f81033020d914b3120fb8e9cb02b80ee2d1cd8a0c78740f9dd3dbc"


def test_no_more_is_watched_than_is_told_of() -> None:
    """No vote, no refund."""
    there = {("Referenda", name) for name in OF_AN_INSTANCE} | set(OTHERS)
    assert there - watched(["Referenda"]) == {
        ("Referenda", "DecisionDepositRefunded"),
        ("Referenda", "MetadataSet"),
        ("Referenda", "Approved"),
        ("ConvictionVoting", "Voted"),
    }


@given(st.lists(st.tuples(st.sampled_from(sorted(watched(["Referenda"]))), st.dictionaries(
    st.sampled_from(["index", "id", "result", "error", "proposal", "tally", "track", "sudo_result"]), JUNK
))))  # fmt: skip
@settings(max_examples=50)
def test_junk_in_fields_never_raises(events: list[tuple[tuple[str, str], dict[str, Any]]]) -> None:
    """Whatever a runtime decodes to."""
    for each in found(*(Event(0, 0, pallet, name, fields) for (pallet, name), fields in events)):
        assert 0 <= each.index < 1 << 32
