"""Deadlines: by the clock of the instance, and by the calendar as far as that can be said.

Source: pallet-referenda `lib.rs`, service_referendum: without a decision deposit it times out `UndecidingTimeout` after
the submission; it is decided on at the earliest `prepare_period` after it, until `decision_period` after that began; a
confirmation is through at the moment that is stored with it.
"""

from datetime import UTC, datetime

from paseo_watch.watchers.opengov.info import Info, frozen
from paseo_watch.watchers.opengov.instances import Instance, Track

MAX_TIME_MS = 253_402_300_799_999  # the end of the year 9999
MAX_AHEAD_MS = 5 * 366 * 86_400_000  # no track has longer periods: what lies further ahead has no date worth telling


def deadline(instance: Instance, info: Info, now: int | None, time_ms: int | None) -> str:
    """One sentence about what comes next and when; empty where nothing can be said."""
    track = instance.tracks.get(info.track) if info.track is not None else None
    if info.end is not None or frozen(info, now):
        return ""
    what, at = _next(instance, info, track)
    if at is None:
        return ""
    if now is not None and at <= now:  # it came, and what follows waits for something else
        return "Its preparation is over: it waits for its turn." if info.since is None and info.deposit else ""
    return f"{what} {moment(instance, at, now, time_ms)}."


def moment(instance: Instance, at: int, now: int | None, time_ms: int | None) -> str:
    """`at relay block #1,234,567 (about 2026-12-24 18:00 UTC)`; the calendar only for what lies ahead."""
    place = f"at {instance.block_word} #{at:,}"
    if now is None or time_ms is None or instance.block_ms is None or at <= now:
        return place
    there_ms = time_ms + (at - now) * instance.block_ms
    if there_ms > min(MAX_TIME_MS, time_ms + MAX_AHEAD_MS):
        return place
    there = datetime.fromtimestamp(there_ms // 1000, UTC)
    return f"{place} (about {there:%Y-%m-%d %H:%M} UTC)"


def _next(instance: Instance, info: Info, track: Track | None) -> tuple[str, int | None]:
    if info.confirming is not None:
        return "It is approved if it still passes", info.confirming
    if info.since is not None:
        return "Its decision ends", info.since + track.decision_period if track else None
    if not info.deposit:
        limit = instance.undeciding_timeout
        return "Without a decision deposit it times out", info.submitted + limit if limit else None
    return "Its preparation ends", info.submitted + track.prepare_period if track else None
