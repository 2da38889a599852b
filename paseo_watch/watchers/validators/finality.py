"""Whether blocks become final: from what endpoints announce, by our clock.

State rows: `lag` {"since_ms", "firing"} while the finalized head is too far behind the best one; `stall` {"number"},
the finalized block at which it stood still, while that is told. What is not known (no endpoint connected, no head yet)
is not observed, and a condition ends only when its opposite was seen.
"""

from paseo_watch.watchers.watcher import ConditionObservation, State, Step, Vitals

LAG, STALL = "finality-lag", "finality-stalled"
LAG_MS = 60_000  # a round of GRANDPA that takes longer than usual is over by then
STALL_MS = 180_000  # 30 slots of a relay chain
SETTLED_MS = 10_000  # an endpoint that was connected so long ago has told its heads


def step(state: State, vitals: Vitals, most: int) -> Step:
    """Both conditions; `most` is the lag in blocks that is still well."""
    if not any(each.state == "connected" and vitals.now_ms - each.since_ms >= SETTLED_MS for each in vitals.endpoints):
        return Step()
    lag, stall = _lag(state, vitals, most), _stall(state, vitals)
    return Step((*lag.observations, *stall.observations), {**lag.changes, **stall.changes})


def _lag(state: State, vitals: Vitals, most: int) -> Step:
    if vitals.best is None or vitals.finalized is None:
        return Step()
    behind, row = vitals.best - vitals.finalized, state.get("lag")
    if behind <= most:
        if row is None:
            return Step()
        ended = (_lagging(vitals, behind, False),) if row["firing"] else ()
        return Step(ended, {"lag": None})
    waited_ms = 0 if row is None else vitals.now_ms - row["since_ms"]
    if row is None or (not row["firing"] and not 0 <= waited_ms < 2 * LAG_MS):
        # A wait that long was not watched to its end: nobody looked meanwhile, or the clock was set.
        return Step((), {"lag": {"since_ms": vitals.now_ms, "firing": False}})
    if not row["firing"] and waited_ms >= LAG_MS:
        return Step((_lagging(vitals, behind, True),), {"lag": {**row, "firing": True}})
    return Step()


def _lagging(vitals: Vitals, behind: int, active: bool) -> ConditionObservation:
    blocks = f"{behind:,} block{'' if behind == 1 else 's'}"
    title = f"Finality is {blocks} behind" if active else f"Finality has caught up: {blocks} behind"
    return ConditionObservation(
        rule=LAG,
        severity="warning",
        active=active,
        key="",
        title=title,
        text=f"The best block is #{vitals.best:,}, the finalized one #{vitals.finalized:,}.",
        labels={},
        data={"best": vitals.best, "finalized": vitals.finalized, "lag": behind, "lag_text": blocks},
    )


def _stall(state: State, vitals: Vitals) -> Step:
    if vitals.finalized is None or vitals.finalized_ms is None:
        return Step()
    row, idle_ms = state.get("stall"), vitals.now_ms - vitals.finalized_ms
    if row is not None and vitals.finalized > row["number"]:
        return Step((_stalled(vitals, idle_ms, False),), {"stall": None})
    if row is None and idle_ms >= STALL_MS:
        return Step((_stalled(vitals, idle_ms, True),), {"stall": {"number": vitals.finalized}})
    return Step()


def _stalled(vitals: Vitals, idle_ms: int, active: bool) -> ConditionObservation:
    if active:
        title = f"No block has become final for {idle_ms // 60_000} min"
        goes_on = vitals.best_ms is not None and vitals.now_ms - vitals.best_ms < STALL_MS
        text = f"The finalized block is #{vitals.finalized:,}. " + (
            f"Blocks are still made: the best one is #{vitals.best:,}."
            if goes_on
            else "No new best block is announced either: the chain stands still, or the endpoints do."
        )
    else:
        title, text = "Blocks become final again", f"The finalized block is #{vitals.finalized:,}."
    return ConditionObservation(
        rule=STALL,
        severity="critical",
        active=active,
        key="",
        title=title,
        text=text,
        labels={},
        data={"best": vitals.best, "finalized": vitals.finalized},
    )
