"""The balances watcher of one chain: rules in, observations out.

Moves come from events alone, and are reported from late blocks too. Conditions are judged from storage: accounts that a
block touched for the cap, named accounts at every block for low balances; never from a late block, whose state is old
news: whom it touched is read at the next ordinary one. What no event tells is not seen: `System.set_storage` by root
can move value without one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from paseo_watch.chain.block import Block
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.chain.units import NATIVE
from paseo_watch.watchers import account as accounts
from paseo_watch.watchers.balances import whitelist
from paseo_watch.watchers.balances.conditions import (
    Outcome,
    is_waiting,
    judge_again,
    judge_cap,
    judge_low,
    judge_remembered,
    judged_key,
    terms,
    whitelist_key,
)
from paseo_watch.watchers.balances.due import due, looked_at, put_off
from paseo_watch.watchers.balances.legs import Vocabulary, vocabulary
from paseo_watch.watchers.balances.moves import BalanceSet, Group, groups
from paseo_watch.watchers.balances.needs import needs
from paseo_watch.watchers.balances.origin import origin
from paseo_watch.watchers.balances.report import balance_set, large_move, ranked, watched_move
from paseo_watch.watchers.balances.rules import BalanceRule, Cap, Low, Rule, Threshold, Watched, resolve
from paseo_watch.watchers.document import Document
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.pots import pot_name
from paseo_watch.watchers.setting import WatcherSetting
from paseo_watch.watchers.watcher import (
    NO_ANSWERS,
    Answers,
    EventObservation,
    Input,
    Json,
    Loaded,
    Needs,
    Observation,
    State,
    Step,
    Tick,
    Wants,
    Watcher,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule that one group set off: an account and asset, or the balances that root set (`account` is None)."""

    rule: Threshold | Watched
    group: Group
    asset: str
    account: bytes | None


class BalancesWatcher(Watcher):
    """Watches balances on one chain by rules that are already resolved for it."""

    def __init__(self, rules: Sequence[Rule], setting: WatcherSetting) -> None:
        self._rules = tuple(rules)
        self._caps = tuple(rule for rule in rules if isinstance(rule, Cap))
        self._lows = tuple(rule for rule in rules if isinstance(rule, Low))
        self._names = Names(setting)

    @property
    def name(self) -> str:
        """`balances`."""
        return "balances"

    @property
    def rules(self) -> frozenset[str]:
        """The names of the conditions' rules that concern this chain."""
        return frozenset(rule.name for rule in self._rules if isinstance(rule, Cap | Low))

    def obsolete(self, state: State) -> frozenset[str]:
        """What was remembered for rules that are gone or tell events now; keys are `<kind>/<rule>[/<account>]`."""
        return frozenset(key for key in state if key.split("/")[1] not in self.rules)

    def needs(self, runtime: Runtime) -> Needs:
        """Events that move value, accounts of low-balance rules, and what this runtime hides from the rules."""
        return needs(self._rules, runtime)

    def wants(self, state: State, block: Block, answers: Answers = NO_ANSWERS) -> Wants:
        """The balances that the block may have changed, for a cap; the extrinsics if a move in one is to be told."""
        found = self._groups(block)
        touched = self._touched(state, block, found)
        candidates = _candidates(self._rules, found)
        return Wants(frozenset(touched.values()), any(each.group.extrinsic is not None for each in candidates))

    def step(self, state: State, input: Input, answers: Answers) -> Step:
        """Moves and changed conditions of a block; conditions judged again by a whitelist, or by changed rules."""
        if isinstance(input, Block):
            return self._block(state, input, answers)
        if isinstance(input, Loaded):
            return self._loaded(state, input)
        if isinstance(input, Tick):
            return self._ticked(state)
        return Step()

    def _block(self, state: State, block: Block, answers: Answers) -> Step:
        found = self._groups(block)
        observations: list[Observation] = [*self._moves(block, found, answers)]
        if block.late:
            return Step(tuple(observations), put_off(self._caps, state, _judged(found)))
        unreadable: list[bytes] = []
        touched = self._touched(state, block, found)
        outcomes = [*self._judged_caps(state, block, touched, answers, unreadable)]
        outcomes += self._judged_lows(state, block, unreadable)
        observations += _told(outcomes)
        answered = (who for who, key in touched.items() if key in answers.storage)
        changes = looked_at(self._caps, state, answered) | {key: value for key, value, _ in outcomes}
        return Step(tuple(observations), changes, self._blind(state, unreadable))

    def _ticked(self, state: State) -> Step:
        """Rules do not change while we run: the first tick after a change judges, later ones do not."""
        conditions: tuple[Cap | Low, ...] = (*self._caps, *self._lows)
        changed = [rule for rule in conditions if state.get(judged_key(rule.name)) != terms(rule)]
        outcomes = list(judge_again(changed, state, self._names))
        changes: dict[str, Json] = {judged_key(rule.name): terms(rule) for rule in changed}
        return Step(_told(outcomes), changes | {key: value for key, value, _ in outcomes})

    def _loaded(self, state: State, loaded: Loaded) -> Step:
        for rule in self._caps:
            if rule.whitelisted and loaded.name == f"whitelist:{rule.name}":
                listed: list[str] = sorted(loaded.content["accounts"])
                outcomes = list(judge_remembered(rule, state, frozenset(listed), self._names))
                changes: dict[str, Json] = {key: value for key, value, _ in outcomes}
                if state.get(whitelist_key(rule.name)) != {"accounts": listed}:
                    changes[whitelist_key(rule.name)] = {"accounts": listed}
                return Step(_told(outcomes), changes, self._blind({**state, **changes}, ()))
        return Step()

    def _groups(self, block: Block) -> list[Group]:
        return groups(block.events, _words(block)) if block.events else []

    def _moves(self, block: Block, found: Iterable[Group], answers: Answers) -> Iterator[EventObservation]:
        names = self._names
        for each in _candidates(self._rules, found):
            rule, group, account = each.rule, each.group, each.account
            where = origin(block, group, answers, names)
            if account is None:
                for change in _unknown(rule, group):
                    yield balance_set(rule, block, group, change, where, names)
            elif isinstance(rule, Threshold):
                yield large_move(rule, block, group, account, where, names)
            else:
                yield watched_move(rule, block, group, each.asset, account, where, names)

    def _touched(self, state: State, block: Block, found: Iterable[Group]) -> dict[bytes, bytes]:
        """The storage keys of accounts that a cap must be judged for, by account."""
        if not self._caps or block.late or not accounts.readable(block.runtime):
            return {}
        read = sorted(_judged(found) | due(self._caps, state, block.number))
        return {account: accounts.key(block.runtime, account) for account in read}

    def _judged_caps(
        self, state: State, block: Block, touched: Mapping[bytes, bytes], answers: Answers, unreadable: list[bytes]
    ) -> Iterator[Outcome]:
        for account, key in touched.items():
            balance = accounts.read(block.runtime, answers.storage[key]) if key in answers.storage else None
            if balance is None:
                unreadable.append(account)
                continue
            judged = (judge_cap(rule, state, account, balance.total, self._names) for rule in self._caps)
            yield from (outcome for outcome in judged if outcome is not None)

    def _judged_lows(self, state: State, block: Block, unreadable: list[bytes]) -> Iterator[Outcome]:
        if not self._lows or not accounts.readable(block.runtime):
            return
        for rule in self._lows:
            for account in rule.accounts:
                key = accounts.key(block.runtime, account)
                balance = accounts.read(block.runtime, block.storage[key]) if key in block.storage else None
                if balance is None:
                    unreadable.append(account)
                elif (judged := judge_low(rule, state, account, balance.free, self._names)) is not None:
                    yield judged

    def _blind(self, state: State, unreadable: Sequence[bytes]) -> tuple[str, ...]:
        """What cannot be seen just now, beyond what the runtime lacks."""
        waiting = [
            f"rule {rule.name}: its whitelist never arrived; accounts over the cap are remembered and not told"
            for rule in self._caps
            if is_waiting(rule, state)
        ]
        if unreadable:
            waiting.append(f"the balance of {self._names.listing(unreadable)} could not be read at the last block")
        return tuple(waiting)


def build(options: Iterable[BalanceRule], setting: WatcherSetting) -> BalancesWatcher:
    """The watcher of one chain. Raises RuleError."""
    return BalancesWatcher(resolve(options, setting), setting)


def documents(options: Iterable[BalanceRule]) -> tuple[Document, ...]:
    """The whitelists that cap rules name, as `whitelist:<rule>`."""
    return tuple(
        Document(f"whitelist:{rule.name}", rule.whitelist, whitelist.read, rule.chains)
        for rule in options
        if rule.whitelist is not None
    )


def _told(outcomes: Iterable[Outcome]) -> tuple[Observation, ...]:
    return tuple(told for _, _, told in outcomes if told is not None)


def _judged(found: Iterable[Group]) -> frozenset[bytes]:
    """Touched accounts that a cap is about: no pots, and no accounts of other kinds."""
    touched = {account for group in found for account in group.touched}
    return frozenset(who for who in touched if len(who) == accounts.ACCOUNT_BYTES and pot_name(who) is None)


def _words(block: Block) -> Vocabulary:
    return vocabulary(block.runtime, {event.pallet for event in block.events})


def _candidates(rules: Iterable[Rule], found: Iterable[Group]) -> list[Candidate]:
    return [each for group in found for rule in rules for each in _set_off(rule, group)]


def _set_off(rule: Rule, group: Group) -> Iterator[Candidate]:
    if isinstance(rule, Threshold):
        asset = rule.unit.asset
        large = {who: net for who, net in group.of(asset).items() if abs(net) >= rule.planck and _counts(rule, who)}
        if large:
            yield Candidate(rule, group, asset, ranked(large)[0][0])
    elif isinstance(rule, Watched):
        for asset in group.assets():
            yield from (
                Candidate(rule, group, asset, who) for who, _ in ranked(group.of(asset)) if who in rule.accounts
            )
    if isinstance(rule, Threshold | Watched) and _unknown(rule, group):
        yield Candidate(rule, group, NATIVE, None)


def _counts(rule: Threshold, account: bytes) -> bool:
    return account not in rule.exclude and not (rule.exclude_pots and pot_name(account) is not None)


def _unknown(rule: Threshold | Watched, group: Group) -> list[BalanceSet]:
    if isinstance(rule, Watched):
        return [change for change in group.unknown if change.account in rule.accounts]
    return [change for change in group.unknown if rule.unit.asset == NATIVE and _counts(rule, change.account)]
