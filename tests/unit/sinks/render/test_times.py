"""Times of blocks as people read them, sensible or not."""

import pytest

from paseo_watch.sinks.render.times import When, age, duration, parsed, when

NOW_MS = 1_795_300_000_000  # 2026-11-21T22:26:40Z


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (185, "3 min"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (86_400, "1 d"),
        (86_400 * 3 + 7200, "3 d 2 h"),
        (86_400 * 400, "400 d"),
    ],
)
def test_a_duration_is_its_largest_unit_and_the_next(seconds: int, shown: str) -> None:
    """Seconds only where there are no minutes."""
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "just now"), (-60, "just now"), (1, "1 s ago"), (180, "3 min ago"), (-61, ""), (10**10, "")],
)
def test_no_age_is_nonsense(seconds: int, shown: str) -> None:
    """Clocks differ by some seconds; a block from next week or from before there were chains has no age."""
    assert age(seconds) == shown


def test_the_chains_time_is_shown_with_its_age() -> None:
    """The chain says when, our clock only how long ago."""
    at = when("2026-11-21T22:23:40Z", NOW_MS)
    assert (at.shown, at.age, at.ours) == ("2026-11-21 22:23:40 UTC", "3 min ago", False)


def test_without_a_blocks_time_it_is_ours_and_says_so() -> None:
    """To the second."""
    assert when(None, NOW_MS) == When("2026-11-21T22:26:40Z", 1_795_300_000, "", True)
    assert when(None, NOW_MS).shown == "2026-11-21 22:26:40 UTC (our clock)"


def test_a_block_from_the_future_has_its_time_and_no_age() -> None:
    """It is told as it was said."""
    at = when("2031-01-01T00:00:00Z", NOW_MS)
    assert (at.shown, at.age) == ("2031-01-01 00:00:00 UTC", "")


@pytest.mark.parametrize("time", ["", "soon\u202e", "2026-13-01T00:00:00Z", "2026-11-21T22:23:40+01:00", "Z", 7, "-1Z"])
def test_what_is_no_time_is_shown_and_not_believed(time: object) -> None:
    """Cleaned and bounded."""
    at = when(time, NOW_MS)
    assert at.seconds is None
    assert at.age == ""
    assert "\u202e" not in at.shown
    assert len(when("x" * 1000, NOW_MS).shown) == 40


def test_only_utc_after_1970_is_a_time() -> None:
    """What the alert's schema has."""
    assert parsed("1970-01-01T00:00:01Z") == 1
    assert parsed("1969-12-31T23:59:59Z") is None
    assert parsed("9999-12-31T23:59:59Z") == 253_402_300_799
