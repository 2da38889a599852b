"""What: the watching itself, chain by chain: endpoints set apart, holes, a chain that stands still, a new history.

Why: promise 2. What the service cannot see, it says, by the same way as everything else.
Runbook: docs/operating.md, "When paseo-watch speaks about itself".
Needs: nothing of the chain; `Vitals` from the shell with every tick.
"""

from paseo_watch.chain.block import Block
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.watchers.watcher import (
    NO_ANSWERS,
    Answers,
    ConditionObservation,
    EndpointVitals,
    EventObservation,
    Input,
    Needs,
    Observation,
    State,
    Step,
    Vitals,
    Wants,
    Watcher,
)

UNREACHABLE_MS = 120_000  # no endpoint connected for so long: longer than a failover with back-off takes
NO_PROGRESS_MS = 300_000  # no block processed for so long: 50 relay blocks, and more than any parachain's pause


RULES = ("endpoint-quarantined", "chain-unreachable", "chain-halted", "chain-behind", "holes")


class ServiceWatcher(Watcher):
    """Turns vitals into conditions, by RULES, and into the event new-history.

    A condition ends when the opposite was seen, and not because a restart forgot what was known: what a young process
    does not know yet is not observed, and stays as it is stored.
    """

    name = "service"
    rules = frozenset(RULES)

    def obsolete(self, state: State) -> frozenset[str]:
        """Nothing: its rules are always there."""
        return frozenset()

    def needs(self, runtime: Runtime) -> Needs:
        """Nothing: it looks at us, not at the chain."""
        return Needs()

    def wants(self, state: State, block: Block, answers: Answers = NO_ANSWERS) -> Wants:
        """Nothing."""
        return Wants()

    def step(self, state: State, input: Input, answers: Answers) -> Step:
        """Conditions from Vitals; nothing from anything else."""
        if not isinstance(input, Vitals):
            return Step()
        known = state.get("endpoints", [])
        seen = [vitals.endpoint for vitals in input.endpoints]
        observations = (
            *_quarantined(input, known),
            *_unreachable(input),
            *_halted(input),
            *_behind(input),
            _holes(input),
            *_new_history(state, input),
        )
        now = {"endpoints": seen, "history": _history(input)}
        return Step(observations, {} if now == dict(state) else now)


def troubles(vitals: Vitals) -> tuple[str, ...]:
    """Why the chain is not watched at this moment, in a few words each; empty while it is."""
    seen = (*_unreachable(vitals), *_halted(vitals), *_behind(vitals))
    return tuple(each.title for each in seen if isinstance(each, ConditionObservation) and each.active)


def _quarantined(vitals: Vitals, known: list[str]) -> list[Observation]:
    """One condition an endpoint, until it is connected or leaves the configuration; between, nobody knows."""
    states = {each.endpoint: each for each in vitals.endpoints}
    return [
        ConditionObservation(
            rule="endpoint-quarantined",
            severity="warning",
            active=name in states and states[name].state == "quarantined",
            key=name,
            title=_endpoint_title(name, states.get(name)),
            text=_endpoint_text(states.get(name)),
            labels={"endpoint": name},
            data={"endpoint": name, "reason": states[name].reason if name in states else ""},
        )
        for name in dict.fromkeys([*known, *states])
        if name not in states or states[name].state in ("quarantined", "connected")
    ]


def _endpoint_title(name: str, endpoint: EndpointVitals | None) -> str:
    if endpoint is None:
        return f"Endpoint {name} is no longer configured"
    return f"Endpoint {name} is set apart" if endpoint.state == "quarantined" else f"Endpoint {name} is used again"


def _endpoint_text(endpoint: EndpointVitals | None) -> str:
    if endpoint is None:
        return "Whatever was wrong with it, it is not asked any more."
    return endpoint.reason if endpoint.state == "quarantined" else "It answers with the history that we know."


def _unreachable(vitals: Vitals) -> list[Observation]:
    connected = any(each.state == "connected" for each in vitals.endpoints)
    if not connected and vitals.now_ms - vitals.progress_ms < UNREACHABLE_MS:
        return []
    return [
        ConditionObservation(
            rule="chain-unreachable",
            severity="critical",
            active=not connected,
            key="",
            title="An endpoint is reached again" if connected else "No endpoint can be reached",
            text="; ".join(f"{each.endpoint}: {each.reason or each.state}" for each in vitals.endpoints)[:1000],
            labels={},
            data={"endpoints": len(vitals.endpoints)},
        )
    ]


def _halted(vitals: Vitals) -> list[Observation]:
    if vitals.halted is None and not vitals.progressed:
        return []
    return [
        ConditionObservation(
            rule="chain-halted",
            severity="critical",
            active=vitals.halted is not None,
            key="",
            title="The chain's finalized history changed below our position" if vitals.halted else "The chain goes on",
            text=vitals.halted or "An endpoint with the history that we know answers again.",
            labels={},
            data={"processed": vitals.processed, "reason": vitals.halted or ""},
        )
    ]


def _behind(vitals: Vitals) -> list[Observation]:
    idle_ms = vitals.now_ms - vitals.progress_ms
    active = idle_ms >= NO_PROGRESS_MS
    if not active and not vitals.progressed:
        return []
    told = "none announced" if vitals.finalized is None else f"#{vitals.finalized} announced"
    return [
        ConditionObservation(
            rule="chain-behind",
            severity="warning",
            active=active,
            key="",
            title=f"No block processed for {idle_ms // 60_000} min" if active else "Blocks are processed again",
            text=f"The last processed block is #{vitals.processed}; {told} as finalized.",
            labels={},
            data={"processed": vitals.processed, "finalized": vitals.finalized},
        )
    ]


def _holes(vitals: Vitals) -> Observation:
    return ConditionObservation(
        rule="holes",
        severity="warning",
        active=vitals.holes > 0,
        key="",
        title=f"{vitals.holes} finalized block(s) could not be read" if vitals.holes else "Every hole is healed",
        text="They are stored and tried again; what they hold will be told late. `paseo-watch doctor` lists them.",
        labels={},
        data={"holes": vitals.holes},
    )


def _new_history(state: State, vitals: Vitals) -> list[Observation]:
    former = _history(vitals)
    if not former or state.get("history", []) == former:
        return []
    return [
        EventObservation(
            rule="new-history",
            severity="critical",
            key="-".join(former),
            title="This chain has a new genesis: a new history begins",
            text=f"Under this name we knew {', '.join('0x' + one for one in former)}. Nothing of it is carried over.",
            labels={},
            data={"former": former},
        )
    ]


def _history(vitals: Vitals) -> list[str]:
    return [genesis.hex() for genesis in vitals.former]
