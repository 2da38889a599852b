"""What is remembered of a referendum."""

import json

import pytest

from paseo_watch.watchers.opengov.info import Info
from paseo_watch.watchers.opengov.row import (
    Row,
    aborted_late,
    milestone,
    missed,
    passed_before,
    phase_after,
    row_key,
    which,
)

DECIDING = Info(None, 0, submitted=5, deposit=True, since=10)
CONFIRMING = Info(None, 0, submitted=5, deposit=True, since=10, confirming=500)
TOLD = ("submitted", "deposit_placed", "deciding")


def test_a_row_survives_the_store() -> None:
    """Every field."""
    row = Row("confirming", 3, ("submitted", "confirming:5"), ["aa", 7], "A.b", ("A.b",), "why", True, 9, 500, False)
    stored = {row_key("Referenda", 7): json.loads(json.dumps(row.json))}
    assert Row.of(stored, "Referenda", 7) == row
    assert Row.of(stored, "Referenda", 8) is None
    assert which("ref/Referenda/7") == ("Referenda", 7)


def test_a_row_of_the_first_version_is_read() -> None:
    """It knew of no moment of a confirmation."""
    old = Row("deciding").json
    del old["confirming"], old["readable"]
    assert Row.of({"ref/Referenda/7": old}, "Referenda", 7) == Row("deciding")


def test_only_confirmations_are_forgotten() -> None:
    """One that falls back hundreds of times was still submitted once."""
    row = Row("deciding").having_told(*TOLD)
    for n in range(500):
        row = row.having_told(f"confirming:{n}", f"confirm_aborted:#{n}")
    assert row.told[:3] == TOLD
    assert len(row.told) == 203
    assert row.told[-1] == "confirm_aborted:#499"


@pytest.mark.parametrize(
    ("before", "state", "info", "phase"),
    [
        ("preparing", "submitted", None, "preparing"),
        ("preparing", "deposit_placed", None, "preparing"),
        ("confirming", "confirm_aborted", None, "deciding"),
        ("preparing", "submitted", DECIDING, "deciding"),  # what is stored is right
        ("deciding", "approved", Info("approved"), "approved"),
        ("approved", "executed", Info("approved"), "executed"),
        ("executed", "approved", Info("approved"), "executed"),  # told late
    ],
)
def test_where_it_stands_behind_a_milestone(before: str, state: str, info: Info | None, phase: str) -> None:
    """As stored, or by the milestone."""
    assert phase_after(before, state, info) == phase


def test_confirmations_are_told_apart_by_their_end_and_abortions_by_their_block() -> None:
    """All else happens once."""
    assert milestone("deciding", DECIDING, 100) == "deciding"
    assert milestone("confirming", CONFIRMING, 100) == "confirming:500"
    assert milestone("confirming", None, 100) == milestone("confirming", DECIDING, 100) == "confirming:#100"
    assert milestone("confirm_aborted", DECIDING, 100) == "confirm_aborted:#100"


@pytest.mark.parametrize(
    ("row", "info", "states"),
    [
        (Row("preparing"), Info(None, 0), ["submitted"]),
        (Row("preparing"), CONFIRMING, [*TOLD, "confirming"]),
        (Row("preparing", told=TOLD), DECIDING, []),
        (Row("deciding", told=TOLD), CONFIRMING, ["confirming"]),
        (Row("confirming", told=(*TOLD, "confirming:500"), confirming=500), CONFIRMING, []),
        (Row("confirming", told=(*TOLD, "confirming:500"), confirming=500), DECIDING, ["confirm_aborted"]),
        (
            Row("confirming", told=(*TOLD, "confirming:400"), confirming=400),
            CONFIRMING,
            ["confirm_aborted", "confirming"],
        ),
        (Row("deciding", told=(*TOLD, "confirm_aborted:#90", "confirming:400")), DECIDING, []),
        (Row("confirming", told=(*TOLD, "confirming:#90")), CONFIRMING, []),  # an event told it, its end was not read
        (Row("confirming", told=TOLD, confirming=500), Info("approved"), ["approved"]),
        (Row("approved", told=("approved",)), Info("approved"), []),
    ],
)
def test_what_was_passed_and_not_told(row: Row, info: Info, states: list[str]) -> None:
    """By where it stands now."""
    assert [state for state, _ in missed(row, info)] == states


def test_a_late_abortion_is_that_which_a_round_found_if_its_time_fits() -> None:
    """Each is taken once, the last that had begun first."""
    row = Row("deciding", told=("confirm_aborted:500", "confirm_aborted:900", "confirm_aborted:#3"))
    assert aborted_late(row, 505, 105).told == ("confirm_aborted:#105", "confirm_aborted:900", "confirm_aborted:#3")
    assert aborted_late(row, None, 105).told == ("confirm_aborted:500", "confirm_aborted:#105", "confirm_aborted:#3")
    assert aborted_late(row, 500, 105) == row


def test_a_late_abortion_ends_what_was_last_seen_going_on() -> None:
    """Unless that began later."""
    row = Row("confirming", told=("confirm_aborted:500",), confirming=900)
    assert aborted_late(row, 901, 505) == Row("confirming", told=("confirm_aborted:500",))
    assert aborted_late(row, 900, 504) == Row("confirming", told=("confirm_aborted:#504",), confirming=900)


def test_a_confirmation_that_was_seen_before_is_the_one_that_was_aborted_however_long_it_would_have_lasted() -> None:
    """Periods of tracks may change while it goes on; the block in which it was first seen does not."""
    row = Row("confirming", told=("confirming:900",), confirming=900, seen_at=30)
    assert aborted_late(row, 500, 31).confirming is None
    assert aborted_late(row, 500, 29).confirming == 900


def test_what_lies_behind_one_that_is_heard_of_first_at_a_milestone() -> None:
    """It need not be told any more."""
    assert passed_before("submitted") == ()
    assert passed_before("deciding") == ("submitted", "deposit_placed")
    assert passed_before("confirming") == passed_before("killed") == TOLD
