"""What the rules ask of a runtime's blocks, and what they cannot see on it."""

from collections.abc import Iterable, Iterator, Sequence

from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.chain.units import NATIVE
from paseo_watch.watchers import account
from paseo_watch.watchers.balances.fees import FEE_EVENTS, FEE_PAID
from paseo_watch.watchers.balances.legs import Vocabulary, fungible_events, native_events, vocabulary
from paseo_watch.watchers.balances.moves import DRIVERS
from paseo_watch.watchers.balances.rules import Cap, Low, Rule, Threshold, Watched
from paseo_watch.watchers.watcher import Needs


def needs(rules: Sequence[Rule], runtime: Runtime) -> Needs:
    """Only events that the runtime has; storage keys only where it keeps balances where they can be read."""
    words = vocabulary(runtime, runtime.pallets())
    wanted = {pair for pair in _events(rules, words) if runtime.has_event(*pair)}
    low = {who for rule in rules if isinstance(rule, Low) for who in rule.accounts}
    keys = {account.key(runtime, who) for who in low} if low and account.readable(runtime) else set()
    return Needs(frozenset(wanted), frozenset(keys), tuple(_blind(rules, runtime, words)))


def _events(rules: Sequence[Rule], words: Vocabulary) -> Iterator[tuple[str, str]]:
    """The pairs that could matter; not all of them exist on every runtime."""
    if not any(isinstance(rule, Threshold | Watched | Cap) for rule in rules):
        return
    yield from FEE_EVENTS
    yield from ((pallet, name) for pallet, driving in DRIVERS.items() for name in driving)
    if words.native is not None:
        yield from ((words.native, name) for name in native_events())
    pallets = _asset_pallets(rules)
    for pallet in words.fungibles if pallets is None else words.fungibles & pallets:
        yield from ((pallet, name) for name in fungible_events())


def _asset_pallets(rules: Iterable[Rule]) -> set[str] | None:
    """The pallets whose assets thresholds are about; None for all of them, as a watch list needs."""
    pallets = set()
    for rule in rules:
        if isinstance(rule, Watched):
            return None
        if isinstance(rule, Threshold) and rule.unit.asset != NATIVE:
            pallets.add(rule.unit.asset.partition("/")[0])
    return pallets


def _blind(rules: Sequence[Rule], runtime: Runtime, words: Vocabulary) -> Iterator[str]:
    for rule in rules:
        if isinstance(rule, Cap | Low) and not account.readable(runtime):
            yield f"rule {rule.name}: this runtime keeps no balances in System.Account"
        elif isinstance(rule, Threshold) and rule.unit.asset != NATIVE:
            pallet = rule.unit.asset.partition("/")[0]
            if pallet not in words.fungibles:
                yield f"rule {rule.name}: this runtime has no pallet {pallet} with transfers of assets"
        elif not isinstance(rule, Low) and words.native is None:
            yield f"rule {rule.name}: this runtime has no Balances pallet, moves of its token cannot be seen"
    moving = [rule.name for rule in rules if isinstance(rule, Threshold | Watched)]
    if moving and not runtime.has_event(*FEE_PAID):
        yield f"rules {', '.join(moving)}: this runtime does not tell fees apart, they count as moves"
