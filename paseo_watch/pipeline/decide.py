"""From one input to what shall be committed: a function of its arguments.

Memory is what the store holds of one chain: each watcher's state and the firing conditions. A decision is what changes
of it, and what is to be told to whom.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from paseo_watch.alerts.alert import Firing, Where
from paseo_watch.alerts.route import Route
from paseo_watch.alerts.router import Routed, end, route
from paseo_watch.chain.block import Block, ChainId
from paseo_watch.watchers.watcher import Answers, ConditionObservation, Fact, Input, Json, State, Wants, Watcher


@dataclass(frozen=True, slots=True)
class Memory:
    """`states` by watcher name (those of former watchers too, until they are let go), `firing` by fingerprint."""

    states: Mapping[str, State]
    firing: Mapping[str, Firing]


@dataclass(frozen=True, slots=True)
class Decision:
    """What one input came to. `changes`, `blind` and `facts` by watcher name; `resolved` are fingerprints."""

    changes: Mapping[str, Mapping[str, Json]]
    routed: tuple[Routed, ...]
    fired: tuple[Firing, ...]
    resolved: tuple[str, ...]
    blind: Mapping[str, tuple[str, ...]]
    facts: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)


def wants(watchers: Sequence[Watcher], memory: Memory, block: Block, answers: Answers) -> Wants:
    """What all watchers together ask of this block beyond its own request, in the light of what was answered so far."""
    asked = [watcher.wants(memory.states[watcher.name], block, answers) for watcher in watchers]
    return Wants(frozenset().union(*(each.keys for each in asked)), any(each.extrinsics for each in asked))


def decide(
    watchers: Sequence[Watcher], tree: Route, memory: Memory, input: Input, answers: Answers, where: Where
) -> Decision:
    """Let every watcher see the input, in their order, and route what they observe."""
    firing = dict(memory.firing)
    routed: list[Routed] = []
    changes: dict[str, Mapping[str, Json]] = {}
    blind: dict[str, tuple[str, ...]] = {}
    facts: dict[str, tuple[Fact, ...]] = {}
    for watcher in watchers:
        step = watcher.step(memory.states[watcher.name], input, answers)
        outcome = route(tree, firing, watcher.name, step.observations, where)
        firing = _after(firing, outcome.fired, outcome.resolved)
        routed += outcome.routed
        if step.changes:
            changes[watcher.name] = step.changes
        if step.blind is not None:
            blind[watcher.name] = step.blind
        if step.facts:
            facts[watcher.name] = step.facts
    fired = tuple(held for print_, held in firing.items() if memory.firing.get(print_) is not held)
    resolved = tuple(print_ for print_ in memory.firing if print_ not in firing)
    return Decision(changes, tuple(routed), fired, resolved, blind, facts)


def retire(watchers: Sequence[Watcher], tree: Route, memory: Memory, where: Where) -> Decision:
    """What a start has to end: conditions whose rule no watcher has any more, and what was remembered for them.

    Nothing would ever observe them again, and whoever was told that they hold would wait for ever. A rule that comes
    back later begins anew.
    """
    configured = {watcher.name: watcher for watcher in watchers}
    routed: list[Routed] = []
    resolved: list[str] = []
    for print_, held in memory.firing.items():
        name = held.notification["watcher"]
        if name not in configured or held.rule not in configured[name].rules:
            routed.append(
                end(tree, held, no_longer(held, f"The rule {held.rule} was removed from the configuration"), where)
            )
            resolved.append(print_)
    gone = {
        name: configured[name].obsolete(state) if name in configured else state for name, state in memory.states.items()
    }
    changes = {name: dict.fromkeys(keys) for name, keys in gone.items() if keys}
    return Decision(changes, tuple(routed), (), tuple(resolved), {})


def no_longer(held: Firing, why: str) -> ConditionObservation:
    """The end of a condition that nobody observes any more."""
    return ConditionObservation(
        rule=held.rule,
        severity=held.severity,
        active=False,
        key="",  # it is told under the fingerprint that is stored
        title=f"No longer watched: {held.notification['title']}",
        text=f"{why}; whether this still holds is not known.",
        labels=held.labels,
        data=held.notification["data"],
    )


def remember(memory: Memory, decision: Decision) -> Memory:
    """The memory after a decision; the one before is not touched."""
    states = dict(memory.states)
    for name, changes in decision.changes.items():
        merged = {**states[name], **changes}
        states[name] = {key: value for key, value in merged.items() if value is not None}
    return Memory(states, _after(memory.firing, decision.fired, decision.resolved))


def place(network: str, chain: ChainId, input: Input, now_ms: int) -> Where:
    """Where and when this input's observations are made."""
    if isinstance(input, Block):
        return Where(network, chain, input.ref, input.time_ms, now_ms, input.late)
    return Where(network, chain, None, None, now_ms)


def _after(firing: Mapping[str, Firing], fired: Sequence[Firing], resolved: Sequence[str]) -> dict[str, Firing]:
    gone = frozenset(resolved)
    kept = {print_: held for print_, held in firing.items() if print_ not in gone}
    return kept | {held.fingerprint: held for held in fired}
