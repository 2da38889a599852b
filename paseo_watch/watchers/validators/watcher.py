"""The watcher: sessions and votes on a relay chain, staking wherever it is, finality.

State rows are described where they are kept: `session` (who worked), `offline` (who did not), `disabled`,
`staking_mode`, `finality`.
"""

from collections.abc import Iterator, Mapping
from weakref import WeakKeyDictionary

from paseo_watch.chain.block import Block
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.setting import WatcherSetting
from paseo_watch.watchers.validators import finality, offline, page, punished, report, staking_mode
from paseo_watch.watchers.validators.options import ValidatorsOptions
from paseo_watch.watchers.validators.readings import readings
from paseo_watch.watchers.validators.session import running
from paseo_watch.watchers.validators.sight import Sight, sight
from paseo_watch.watchers.validators.turn import Turn, current, wanted
from paseo_watch.watchers.watcher import (
    NO_ANSWERS,
    Answers,
    Input,
    Json,
    Needs,
    Observation,
    Reading,
    Sheet,
    State,
    Step,
    Tick,
    Vitals,
    Wants,
    Watcher,
)

CONDITIONS = frozenset({report.OFFLINE, finality.LAG, finality.STALL})


class ValidatorsWatcher(Watcher):
    """Watches the validators of one chain, or their staking, or nothing where there are neither."""

    def __init__(self, options: ValidatorsOptions, setting: WatcherSetting) -> None:
        self._options = options
        self._named = options.chains is not None and setting.chain in options.chains
        self._off = options.chains is not None and not self._named
        self._names = Names(setting)
        self._sights: WeakKeyDictionary[Runtime, Sight] = WeakKeyDictionary()

    @property
    def name(self) -> str:
        """`validators`."""
        return "validators"

    @property
    def rules(self) -> frozenset[str]:
        """The conditions, where the chain is watched at all."""
        return frozenset() if self._off else CONDITIONS

    def obsolete(self, state: State) -> frozenset[str]:
        """Everything, where the chain is no longer to be watched."""
        return frozenset(state) if self._off else frozenset()

    def needs(self, runtime: Runtime) -> Needs:
        """Staking's events; on a relay chain the session, its votes and who is disabled."""
        if self._off:
            return Needs()
        seen = self._sight(runtime)
        return Needs(seen.events, seen.keys(runtime), tuple(_blind(seen, self._named)))

    def explain(self, runtime: Runtime, storage: Mapping[bytes, bytes | None]) -> tuple[str, ...]:
        """Whether there are validators here, and who elects them."""
        if self._off:
            return ("not watched here: watch.validators.chains names other chains",)
        return tuple(_found(self._sight(runtime), runtime, storage))

    def readings(self, state: State) -> Iterator[Reading]:
        """The running session, the last one, and the validators that have a name."""
        return readings(state, self._options.offline_sessions, self._names)

    def sheets(self, state: State, runtime: Runtime) -> tuple[Sheet, ...]:
        """The running session."""
        return page.sheets(state, self._options.offline_sessions, self._names)

    def wants(self, state: State, block: Block, answers: Answers = NO_ANSWERS) -> Wants:
        """Who is in a session and who is in its groups, once a session."""
        seen = self._sight(block.runtime)
        return Wants() if self._off or not seen.authors else Wants(wanted(state, block, seen))

    def step(self, state: State, input: Input, answers: Answers) -> Step:
        """What a block says; finality from vitals; another limit for offline from the first tick."""
        if self._off:
            return Step()
        if isinstance(input, Block):
            return self._block(state, input, answers)
        if isinstance(input, Vitals) and running(state) is not None:
            return finality.step(state, input, self._options.finality_lag)
        if isinstance(input, Tick):
            return self._judged_again(state)
        return Step()

    def _block(self, state: State, block: Block, answers: Answers) -> Step:
        seen, options = self._sight(block.runtime), self._options
        number = current(block) if seen.authors else None
        told: list[Observation] = list(punished.told(block, options.severity, options.sessions, number, self._names))
        unreadable = punished.unreadable(block)
        if not seen.authors:  # what a former runtime could not show is not to be said for ever
            return Step(tuple(told), blind=None if block.late else unreadable)
        changes = staking_mode.changed(state, block, seen, self._names)
        turn = Turn(state, block, answers.storage, seen, options, self._names).step()
        observations = (*told, *changes.observations, *turn.observations)
        blind = None if turn.blind is None else (*turn.blind, *unreadable)
        return Step(observations, {**changes.changes, **turn.changes}, blind, turn.facts)

    def _judged_again(self, state: State) -> Step:
        number = running(state)
        if number is None:
            return Step()
        changes: dict[str, Json] = {}
        told: list[Observation] = []
        for who, row, verdict in offline.judged_again(state, self._options.offline_sessions):
            changes[offline.dead_key(who)] = row
            if verdict is not None:
                told.append(report.offline(who, verdict, row, None, number, self._options.severity, self._names))
        return Step(tuple(told), changes)

    def _sight(self, runtime: Runtime) -> Sight:
        """What can be seen on a runtime, found out once."""
        if runtime not in self._sights:
            self._sights[runtime] = sight(runtime)
        return self._sights[runtime]


def build(options: ValidatorsOptions, setting: WatcherSetting) -> ValidatorsWatcher:
    """The watcher of one chain."""
    return ValidatorsWatcher(options, setting)


def _blind(seen: Sight, named: bool) -> Iterator[str]:
    if seen.authors:
        if not seen.votes:
            yield "this runtime does not keep who backed parachains' blocks: votes are not counted"
        if not seen.disabled:
            yield "this runtime does not say who is disabled"
        if not seen.starts:
            yield "this runtime does not say where a session began: silence proves nothing, nobody is told as offline"
        if seen.staking is None and not seen.handed_over:
            yield "this runtime has no staking that is known here: slashes and chilled stashes are not seen"
    if seen.lacking:
        events = ", ".join(seen.lacking)
        yield f"this runtime's events lack what is read of them, and are not told: {events}"
    if named and not seen.authors and seen.staking is None:
        yield "this runtime has neither validators nor their staking"


def _found(seen: Sight, runtime: Runtime, storage: Mapping[bytes, bytes | None]) -> Iterator[str]:
    if seen.authors:
        votes = "blocks and backing votes are" if seen.votes else "blocks are"
        yield f"validators make this chain's blocks (BABE, Session): {votes} counted by session"
    elif seen.collators:
        yield "its blocks are made by collators (it has the pallet CollatorSelection), which are not watched"
    else:
        yield "no validators here: the runtime has no BABE"
    if seen.handed_over:
        yield f"staking mode: {staking_mode.words(staking_mode.read(runtime, storage))}"
    elif seen.staking == "async":
        yield "staking mode: pallet-staking-async elects the relay chain's validators here (it has StakingRcClient)"
    elif seen.staking == "legacy":
        yield "staking mode: this chain's own pallet Staking elects (it has no StakingAhClient)"
    elif seen.authors:
        yield "staking mode: none that is known here (it has neither Staking nor StakingAhClient)"
