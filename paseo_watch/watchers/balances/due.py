"""Whose balances a cap reads at a block that did not touch them.

State rows: `due/<rule>` {"accounts"}, in hexadecimal: accounts that a late block touched. What they held at that block
is old news and what they hold now nobody has looked at; the next blocks read and judge them.
"""

from collections.abc import Iterable, Sequence

from paseo_watch.watchers.balances.rules import Cap
from paseo_watch.watchers.watcher import Json, State

RECONCILE_EVERY = 100  # blocks; ten minutes on the relay chain
AT_ONCE = 200  # accounts in one request; nodes take many more keys


def due_key(rule: str) -> str:
    """The state key of the accounts that a cap rule has yet to look at."""
    return f"due/{rule}"


def due(caps: Sequence[Cap], state: State, number: int) -> frozenset[bytes]:
    """Accounts to read at this block: those that late blocks touched, and those that are reconciled in turn."""
    late = sorted({account for rule in caps for account in _accounts(rule, state)})[:AT_ONCE]
    return frozenset(bytes.fromhex(account) for account in (*late, *_reconciled(state, number)))


def put_off(caps: Sequence[Cap], state: State, touched: Iterable[bytes]) -> dict[str, Json]:
    """The changes that remember what a late block touched."""
    more = {account.hex() for account in touched}
    return _changes(caps, state, {rule.name: _accounts(rule, state) | more for rule in caps})


def looked_at(caps: Sequence[Cap], state: State, answered: Iterable[bytes]) -> dict[str, Json]:
    """The changes that forget accounts whose balance was answered, whatever the answer was."""
    done = {account.hex() for account in answered}
    return _changes(caps, state, {rule.name: _accounts(rule, state) - done for rule in caps})


def _accounts(rule: Cap, state: State) -> frozenset[str]:
    row = state.get(due_key(rule.name))
    return frozenset(row["accounts"]) if row else frozenset()


def _changes(caps: Sequence[Cap], state: State, after: dict[str, frozenset[str]]) -> dict[str, Json]:
    changed = (rule for rule in caps if after[rule.name] != _accounts(rule, state))
    return {
        due_key(rule.name): {"accounts": sorted(after[rule.name])} if after[rule.name] else None for rule in changed
    }


def _reconciled(state: State, number: int) -> list[str]:
    """Remembered accounts over a cap that are read again at this block, whether it touched them or not.

    What no event told (`System.set_storage`, a migration) comes to light so, at the latest after
    RECONCILE_EVERY blocks; of more than AT_ONCE accounts, a different part each time.
    """
    if number % RECONCILE_EVERY:
        return []
    remembered = sorted({key.rsplit("/", 1)[1] for key in state if key.startswith("cap/")})
    turn = number // RECONCILE_EVERY * AT_ONCE % max(len(remembered), 1)
    return (remembered[turn:] + remembered[:turn])[:AT_ONCE]
