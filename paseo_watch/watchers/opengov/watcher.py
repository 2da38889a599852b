"""The watcher: follows each referendum of one chain's live instances.

State rows are described where they are kept: `row` (referenda), `reconcile` (how far all were looked at), `gone`
(which instances there were).
"""

from collections.abc import Iterator, Mapping
from weakref import WeakKeyDictionary

from paseo_watch.chain.block import Block
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.opengov import page, proposal, reconcile, report
from paseo_watch.watchers.opengov.gone import let_go
from paseo_watch.watchers.opengov.happenings import (
    DISPATCHED,
    ENACTED,
    SCHEDULER,
    STATES,
    Happening,
    happenings,
    watched,
)
from paseo_watch.watchers.opengov.info import PHASES
from paseo_watch.watchers.opengov.instances import (
    COUNT,
    INFO,
    Instance,
    dormant,
    has_event,
    instance,
    pallets,
    relay_key,
    relay_number,
)
from paseo_watch.watchers.opengov.options import OpenGovOptions
from paseo_watch.watchers.opengov.row import PREFIX, which
from paseo_watch.watchers.opengov.stored import counts, find, issuance_keys, lookup_key, preimage_keys
from paseo_watch.watchers.opengov.turn import Turn
from paseo_watch.watchers.setting import WatcherSetting
from paseo_watch.watchers.watcher import (
    NO_ANSWERS,
    Answers,
    Gauge,
    Input,
    Needs,
    Reading,
    Sheet,
    State,
    Step,
    Wants,
    Watcher,
)

REFERENDA = Gauge(
    "referenda",
    "Referenda that go on, or are approved and not yet executed, by phase: preparing, deciding, confirming, approved.",
    ("pallet", "phase"),
)
FROZEN = Gauge("referenda_frozen", "Referenda whose clock was set back, so that their periods do not run.", ("pallet",))
GAUGES = (REFERENDA, FROZEN)

DORMANT = (
    "dormant, for this relay chain has handed governance over to its Asset Hub (it has the pallet StakingAhClient); "
    "to watch it all the same, name this chain in watch.opengov.chains"
)


class OpenGovWatcher(Watcher):
    """Watches the Referenda instances of one chain."""

    def __init__(self, options: OpenGovOptions, setting: WatcherSetting) -> None:
        self._named = options.chains is not None and setting.chain in options.chains
        self._off = options.chains is not None and not self._named
        self._severity = options.severity
        self._names = Names(setting)
        self._instances: WeakKeyDictionary[Runtime, Mapping[str, Instance]] = WeakKeyDictionary()

    @property
    def name(self) -> str:
        """`opengov`."""
        return "opengov"

    @property
    def rules(self) -> frozenset[str]:
        """The one condition."""
        return frozenset() if self._off else frozenset({report.FROZEN})

    def obsolete(self, state: State) -> frozenset[str]:
        """Everything, where the chain is no longer to be watched: what is remembered would be old when it is again."""
        return frozenset(state) if self._off else frozenset()

    def needs(self, runtime: Runtime) -> Needs:
        """Events of the live instances and of the Scheduler, how many referenda there are, and the clock."""
        live = self._live(runtime)
        if not live:
            blind = ("this runtime has no referenda",) if self._named else ()
            return Needs(blind=blind)
        events = frozenset(pair for pair in watched(tuple(live)) if has_event(runtime, *pair))
        keys = {runtime.storage_key(pallet, COUNT) for pallet in live}
        relay = relay_key(runtime)
        if relay is not None and any(each.clock == "relay" for each in live.values()):
            keys.add(relay)
        return Needs(events, frozenset(keys), tuple(_blind(runtime, live)))

    def explain(self, runtime: Runtime, storage: Mapping[bytes, bytes | None]) -> tuple[str, ...]:
        """Each instance: alive or not, and why; whose blocks it counts."""
        if self._off:
            return ("not watched here: watch.opengov.chains names other chains",)
        found = pallets(runtime)
        if not found:
            return ("no referenda on this chain",)
        live = self._live(runtime)
        there = counts(runtime, live, storage)
        relay = relay_number(runtime, storage)
        return tuple(
            _alive(live[name], there.get(name), relay, dormant(runtime)) if name in live else f"{name}: {DORMANT}"
            for name in found
        )

    def readings(self, state: State) -> Iterator[Reading]:
        """How many stand where."""
        rows = [(which(key)[0], key) for key in state if key.startswith(PREFIX)]
        for pallet in dict.fromkeys(pallet for pallet, _ in rows):
            of_it = [state[key] for name, key in rows if name == pallet and state[key].get("readable", True)]
            for phase in (*PHASES, "approved"):
                yield Reading(REFERENDA, sum(row["phase"] == phase for row in of_it), (pallet, phase))
            yield Reading(FROZEN, sum(bool(row["frozen"]) for row in of_it), (pallet,))

    def sheets(self, state: State, runtime: Runtime) -> tuple[Sheet, ...]:
        """Those that are not over."""
        return page.sheets(state, self._live(runtime))

    def wants(self, state: State, block: Block, answers: Answers = NO_ANSWERS) -> Wants:
        """The referenda that events name, with what they propose; all of them where it is time for a round."""
        live = self._live(block.runtime)
        if not live:
            return Wants()
        there = counts(block.runtime, live, block.storage)
        touched = list(self._happenings(state, block, live, there))
        referenda = [*(each.which for each in touched), *reconcile.due(state, block, there)]
        if not referenda:
            return Wants()
        keys = {block.runtime.storage_key(pallet, INFO, index) for pallet, index in referenda}
        keys |= set(issuance_keys(block.runtime))
        keys |= preimage_keys(state, block.runtime, touched, referenda, answers.storage)
        enacted = (lookup_key(block.runtime, each.index) for each in touched if each.state == "approved")
        return Wants(frozenset(keys | {key for key in enacted if key is not None}))

    def step(self, state: State, input: Input, answers: Answers) -> Step:
        """Milestones that events bring, then those that a round finds."""
        if self._off or not isinstance(input, Block):
            return Step()
        live = self._live(input.runtime)
        gone = Step() if input.late else let_go(state, live, self._severity)
        if not live:
            return gone if input.late else Step(gone.observations, gone.changes, blind=())
        turn = Turn(state, input, answers, live, self._names, self._severity).step(
            list(self._happenings(state, input, live, counts(input.runtime, live, input.storage)))
        )
        return Step((*gone.observations, *turn.observations), {**gone.changes, **turn.changes}, turn.blind)

    def _live(self, runtime: Runtime) -> Mapping[str, Instance]:
        """The instances that are watched on this runtime, by pallet; found once."""
        if self._off:
            return {}
        if runtime not in self._instances:
            asleep = dormant(runtime) and not self._named
            self._instances[runtime] = {} if asleep else {name: instance(runtime, name) for name in pallets(runtime)}
        return self._instances[runtime]

    def _happenings(
        self, state: State, block: Block, live: Mapping[str, Instance], there: Mapping[str, int]
    ) -> Iterator[Happening]:
        return happenings(block, tuple(live), lambda id_: find(state, there, id_)) if block.events else iter(())


def build(options: OpenGovOptions, setting: WatcherSetting) -> OpenGovWatcher:
    """The watcher of one chain."""
    return OpenGovWatcher(options, setting)


def _alive(own: Instance, count: int | None, relay: int | None, asleep: bool) -> str:
    clock = "its own chain's blocks"
    if own.clock == "relay":
        clock = "relay blocks" + ("" if relay is None else f" (now #{relay:,})")
    voting = "a ranked collective's" if own.ranked else "by conviction voting"
    many = "" if count is None else f", {_many(count, 'referendum', 'referenda')} so far"
    alive = "dormant, but watched because watch.opengov.chains names this chain" if asleep else "alive"
    return f"{own.pallet}: {alive}, {voting}, {_many(len(own.tracks), 'track', 'tracks')}{many}; counts {clock}"


def _many(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"


def _blind(runtime: Runtime, live: Mapping[str, Instance]) -> Iterator[str]:
    for pallet, own in live.items():
        lacking = [name for name in STATES if not has_event(runtime, pallet, name, "index")]
        if lacking:
            yield f"{pallet}: this runtime has no event {', '.join(lacking)} that names a referendum"
        if not own.tracks:
            yield f"{pallet}: its tracks cannot be read, so that periods are not known"
    told = all(has_event(runtime, SCHEDULER, name, "id") for name in ENACTED)
    if not (told and has_event(runtime, SCHEDULER, DISPATCHED, "result")):
        yield "this runtime's Scheduler does not tell what becomes of an approved referendum's call"
    if not runtime.has_storage(*proposal.PREIMAGE):
        yield "this runtime keeps no preimages where they could be read: calls of most referenda are not known"
