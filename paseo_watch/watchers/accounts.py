"""What the configuration's named accounts hold, as figures for dashboards; rules about them are the balances watcher's.

The accounts are read at every block, in the block's own request. State rows: by account in hexadecimal {"free",
"reserved"}, text in planck; one is written where it changed.
"""

from collections.abc import Iterator, Mapping

from paseo_watch.chain.block import Block
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.chain.units import NATIVE
from paseo_watch.watchers import account as accounts
from paseo_watch.watchers.names import Names
from paseo_watch.watchers.setting import WatcherSetting
from paseo_watch.watchers.watcher import (
    NO_ANSWERS,
    Answers,
    Gauge,
    Input,
    Json,
    Needs,
    Reading,
    Sheet,
    SheetRow,
    State,
    Step,
    Wants,
    Watcher,
    sheet,
)

AT_MOST = 100
"""Accounts read at each block, the first by name: some 20 kB more in the answer. `doctor` says where there are more."""

BALANCE = Gauge(
    "account_balance_tokens",
    "What a named account holds of the chain's own token, in whole tokens, by kind: free, reserved.",
    ("account", "token", "kind"),
)
GAUGES = (BALANCE,)


class AccountsWatcher(Watcher):
    """Reads named accounts on one chain."""

    def __init__(self, setting: WatcherSetting) -> None:
        self._names = Names(setting)
        named = sorted(name for name, who in setting.accounts.items() if len(who) == accounts.ACCOUNT_BYTES)
        self._read = {name: setting.accounts[name] for name in named[:AT_MOST]}
        self._left_out = named[AT_MOST:]

    @property
    def name(self) -> str:
        """`accounts`."""
        return "accounts"

    @property
    def rules(self) -> frozenset[str]:
        """None."""
        return frozenset()

    def obsolete(self, state: State) -> frozenset[str]:
        """Accounts that have no name any more."""
        return frozenset(state) - {who.hex() for who in self._read.values()}

    def needs(self, runtime: Runtime) -> Needs:
        """Each account's balance, where this runtime keeps balances."""
        if not self._read:
            return Needs()
        if not accounts.readable(runtime):
            return Needs(blind=("named accounts: this runtime keeps no balances in System.Account",))
        return Needs(keys=frozenset(accounts.key(runtime, who) for who in self._read.values()))

    def wants(self, state: State, block: Block, answers: Answers = NO_ANSWERS) -> Wants:
        """Nothing more."""
        return Wants()

    def step(self, state: State, input: Input, answers: Answers) -> Step:
        """The balances that changed; a late block's are old news."""
        if not isinstance(input, Block) or input.late or not accounts.readable(input.runtime):
            return Step()
        found = self._found(input)
        unreadable = sorted(set(self._read.values()) - found.keys())
        rows: dict[str, Json] = {
            who.hex(): {"free": str(balance.free), "reserved": str(balance.reserved)} for who, balance in found.items()
        }
        changes = {key: row for key, row in rows.items() if state.get(key) != row}
        return Step(changes=changes, blind=self._unseen(unreadable))

    def explain(self, runtime: Runtime, storage: Mapping[bytes, bytes | None]) -> tuple[str, ...]:
        """Which accounts have no figure, since too many have a name."""
        left = self._left_out
        return (f"no figures of {len(left)} named accounts beyond {AT_MOST}: {left[0]} and on",) if left else ()

    def readings(self, state: State) -> Iterator[Reading]:
        """Free and reserved of each account that was read."""
        unit = self._names.setting.unit_of(NATIVE)
        for name, who in self._read.items():
            row = state.get(who.hex(), {})
            yield from (Reading(BALANCE, int(row[kind]) / 10**unit.decimals, (name, unit.symbol, kind)) for kind in row)

    def sheets(self, state: State, runtime: Runtime) -> Iterator[Sheet]:
        """Each account that was read, by name."""
        rows = [(name, state[who.hex()]) for name, who in self._read.items() if who.hex() in state]
        if rows:
            amount = self._names.amount
            columns = ("Account", "Free", "Reserved")
            cells = ((name, *(amount(int(row[kind]), NATIVE) for kind in ("free", "reserved"))) for name, row in rows)
            yield sheet("Named accounts", columns, [SheetRow(each) for each in cells])

    def _found(self, block: Block) -> Mapping[bytes, accounts.Balance]:
        keys = {who: accounts.key(block.runtime, who) for who in self._read.values()}
        given = {who: block.storage[key] for who, key in keys.items() if key in block.storage}
        read = {who: accounts.read(block.runtime, raw) for who, raw in given.items()}
        return {who: balance for who, balance in read.items() if balance is not None}

    def _unseen(self, unreadable: list[bytes]) -> tuple[str, ...]:
        if not unreadable:
            return ()
        return (f"the balance of {self._names.listing(unreadable)} could not be read at the last block",)
