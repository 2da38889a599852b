"""Milestones as observations: title, text and data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from paseo_watch.chain.block import Block
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.opengov.info import Info
from paseo_watch.watchers.opengov.instances import Instance
from paseo_watch.watchers.opengov.row import Row
from paseo_watch.watchers.opengov.tally import Tally
from paseo_watch.watchers.watcher import SEVERITIES, ConditionObservation, EventObservation

RULE, FROZEN = "referendum", "referendum-frozen"

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "submitted": "{} was submitted",
        "deposit_placed": "{}: the decision deposit was placed",
        "deciding": "{} is being decided",
        "confirming": "{} is passing and being confirmed",
        "confirm_aborted": "{} no longer passes: its confirmation was aborted",
        "approved": "{} was approved",
        "rejected": "{} was rejected",
        "timed_out": "{} timed out",
        "cancelled": "{} was cancelled",
        "killed": "{} was killed",
        "executed": "{} was executed",
        "execution_failed": "{} was approved, but failed to execute",
        "call_unavailable": "{} was approved, but its call is not there",
    }
)
FAILED = ("execution_failed", "call_unavailable")
MISSED = "Seen by looking at all referenda: the block in which it happened was not read, or told nothing of it."


@dataclass(frozen=True, slots=True)
class Milestone:
    """What is told. `missed` says that no event brought it. `deadline` is a sentence, empty where there is none."""

    state: str
    key: str
    extrinsic: str | None = None
    error: str = ""
    inner: tuple[str, ...] = ()
    tally: Tally | None = None
    deadline: str = ""
    missed: bool = False


def event(
    instance: Instance, index: int, row: Row, milestone: Milestone, block: Block, severity: str, names: Names
) -> EventObservation:
    """One milestone of one referendum."""
    track = _track(instance, row)
    tally = milestone.tally
    return EventObservation(
        rule=RULE,
        severity=_severity(milestone.state, severity),
        key=f"{instance.pallet}/{index}/{milestone.key}",
        title=TITLES[milestone.state].format(name(instance.pallet, index, track)),
        text="\n".join(_lines(row, milestone)),
        labels=_labels(instance, index, track) | {"state": milestone.state},
        data={
            **_data(instance, index, row, track),
            "state": milestone.state,
            "tally": None if tally is None else tally.data,
            "tally_text": None if tally is None else tally.text,
            "error": milestone.error or None,
            "inner_errors": list(milestone.inner),
            "missed": milestone.missed,
        },
        links=names.links(block.number, milestone.extrinsic, []) + _link(instance, index, names),
        extrinsic=milestone.extrinsic,
    )


def frozen(
    instance: Instance, index: int, row: Row, info: Info | None, now: int | None, severity: str
) -> ConditionObservation:
    """A referendum counts from a moment that its clock has not reached, or does so no longer (`row.frozen`)."""
    track, active = _track(instance, row), row.frozen
    who = name(instance.pallet, index, track)
    until = None if info is None else max(info.submitted, info.since or 0)
    if active:
        title = f"{who} is frozen"
        text = f"It counts from {instance.block_word} #{until:,} on; that clock was set back to #{now or 0:,}."
        text += " Nothing happens to it until then, unless it is cancelled or killed."
    else:
        title = f"{who} is no longer frozen"
        text = "It has ended." if info is None or info.end is not None else "Its clock has caught up: its periods run."
    data = {"state": "frozen", "frozen_until": until if active else None, "clock": now}
    return ConditionObservation(
        rule=FROZEN,
        severity=severity,
        active=active,
        key=f"{instance.pallet}/{index}",
        title=title,
        text=text,
        labels=_labels(instance, index, track),
        data={**_data(instance, index, row, track), **data},
    )


def name(pallet: str, index: int, track: str | None) -> str:
    """`Referendum 12 (root)`; of another instance than Referenda with its pallet."""
    word = "Referendum" if pallet == "Referenda" else pallet
    return f"{word} {index} ({track})" if track else f"{word} {index}"


def _link(instance: Instance, index: int, names: Names) -> tuple[str, ...]:
    """The template is that of one instance, the one with the usual name."""
    return names.referendum(index) if instance.pallet == "Referenda" else ()


def _track(instance: Instance, row: Row) -> str | None:
    if row.track is None:
        return None
    known = instance.tracks.get(row.track)
    return known.name if known else f"track {row.track}"


def _severity(state: str, severity: str) -> str:
    return max(severity, "warning", key=SEVERITIES.index) if state in FAILED else severity


def _labels(instance: Instance, index: int, track: str | None) -> dict[str, str]:
    return {"pallet": instance.pallet, "referendum": str(index)} | ({"track": track} if track else {})


def _data(instance: Instance, index: int, row: Row, track: str | None) -> dict[str, object]:
    return {
        "pallet": instance.pallet,
        "referendum": index,
        "track": track,
        "track_id": row.track,
        "calls": list(row.names),
        "call": row.call,
        "preimage": "0x" + row.lookup[0] if row.lookup else None,
    }


def _lines(row: Row, milestone: Milestone) -> Sequence[str]:
    lines = [f"It calls {row.call}." if row.call else f"What it calls is not known: {row.why_not or 'not read yet'}."]
    if milestone.tally is not None and not milestone.tally.is_empty:
        lines.append(f"Votes: {milestone.tally.text}.")
    if milestone.error:
        lines.append(f"The error: {milestone.error}.")
    if milestone.inner:
        lines.append(f"It counts as executed, but inside it failed: {', '.join(milestone.inner)}.")
    if milestone.state == "call_unavailable":
        lines.append("It is not tried again: who wants it has to note the preimage and submit it anew.")
    if milestone.deadline:
        lines.append(milestone.deadline)
    if milestone.missed:
        lines.append(MISSED)
    return lines
