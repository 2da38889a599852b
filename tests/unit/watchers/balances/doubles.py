"""Stand-ins for a runtime and a block, with the events of Paseo's chains spelt out."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from paseo_watch.chain.block import Block, ChainId, SpecVersion
from paseo_watch.chain.scale.errors import ScaleError
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.chain.scale.values import Call, Event, Extrinsic
from paseo_watch.chain.units import Unit
from paseo_watch.watchers.balances.rules import BalanceRule
from paseo_watch.watchers.balances.watcher import BalancesWatcher, build
from paseo_watch.watchers.setting import Explorer, WatcherSetting
from paseo_watch.watchers.watcher import Answers

PAS = 10**10
ALICE, BOB, CAROL, DAVE = (bytes([n]) * 32 for n in (1, 2, 3, 4))
TREASURY = b"modlpy/trsry".ljust(32, b"\0")
AUTHOR = bytes([9]) * 32

FIELDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("Balances", "Endowed"): ("account", "free_balance"),
    ("Balances", "DustLost"): ("account", "amount"),
    ("Balances", "Transfer"): ("from", "to", "amount"),
    ("Balances", "BalanceSet"): ("who", "free"),
    ("Balances", "ReserveRepatriated"): ("from", "to", "amount", "destination_status"),
    ("Balances", "TransferOnHold"): ("reason", "source", "dest", "amount"),
    ("Balances", "TransferAndHold"): ("reason", "source", "dest", "transferred"),
    ("Balances", "BurnedHeld"): ("reason", "who", "amount"),
    **{("Balances", name): ("who", "amount") for name in ("Deposit", "Withdraw", "Minted", "Burned", "Slashed")},
    **{("Balances", name): ("who", "amount") for name in ("Suspended", "Restored", "Reserved", "Unreserved")},
    **{("Balances", name): ("who", "amount") for name in ("Locked", "Unlocked", "Frozen", "Thawed", "Held")},
    **{("Balances", name): ("amount",) for name in ("Issued", "Rescinded", "MintedCredit", "BurnedDebt")},
    ("TransactionPayment", "TransactionFeePaid"): ("who", "actual_fee", "tip"),
    ("AssetTxPayment", "AssetTxFeePaid"): ("who", "actual_fee", "tip", "asset_id"),
    ("Assets", "Transferred"): ("asset_id", "from", "to", "amount"),
    ("Assets", "TransferredApproved"): ("asset_id", "owner", "delegate", "destination", "amount"),
    ("Assets", "Issued"): ("asset_id", "owner", "amount"),
    ("Assets", "Burned"): ("asset_id", "owner", "balance"),
    ("Assets", "Deposited"): ("asset_id", "who", "amount"),
    ("Assets", "Withdrawn"): ("asset_id", "who", "amount"),
    ("ForeignAssets", "Transferred"): ("asset_id", "from", "to", "amount"),
    ("MessageQueue", "Processed"): ("id", "origin", "weight_used", "success"),
    ("Scheduler", "Dispatched"): ("task", "id", "result"),
    ("Dap", "IssuanceMinted"): ("total_minted", "elapsed_millis"),
    ("NominationPools", "Withdrawn"): ("member", "pool_id", "balance", "points"),
}


class RuntimeDouble:
    """Has the events in `fields`, and balances written as `free,reserved` under keys `account:<bytes>`."""

    def __init__(
        self,
        fields: Mapping[tuple[str, str], tuple[str, ...]] = FIELDS,
        accounts: bool = True,
        call: Call | None = None,
    ) -> None:
        self._fields = fields
        self._accounts = accounts
        self._call = call or Call("Balances", "transfer_keep_alive", {"dest": ("Id", BOB), "value": 1})

    def pallets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(pallet for pallet, _ in self._fields))

    def has_event(self, pallet: str, name: str) -> bool:
        return (pallet, name) in self._fields

    def event_fields(self, pallet: str, name: str) -> tuple[str, ...]:
        return self._fields[pallet, name]

    def has_storage(self, pallet: str, item: str) -> bool:
        return self._accounts and (pallet, item) == ("System", "Account")

    def storage_default(self, pallet: str, item: str) -> Any:
        return {"nonce": 0, "data": {"free": 0, "reserved": 0, "frozen": 0, "flags": 0}}

    def storage_key(self, pallet: str, item: str, account: bytes) -> bytes:
        return account_key(account)

    def decode_storage(self, pallet: str, item: str, raw: bytes) -> Any:
        if raw == b"damaged":
            raise ScaleError("damaged")
        free, reserved = raw.decode().split(",")
        return {"nonce": 0, "data": {"free": int(free), "reserved": int(reserved), "frozen": 0, "flags": 0}}

    def decode_extrinsic(self, raw: bytes) -> Extrinsic:
        """`raw` says how it was signed: 32 bytes of a signer, b"general", or b"damaged"."""
        if raw == b"damaged":
            raise ScaleError("damaged")
        general = raw == b"general"
        return Extrinsic(
            version=5 if general else 4,
            kind="general" if general else "signed",
            address=None if general else raw,
            signature=None,
            extension_version=0,
            extensions={},
            call=self._call,
        )


def account_key(account: bytes) -> bytes:
    return b"account:" + account


def balance(free: int, reserved: int = 0) -> bytes:
    return f"{free},{reserved}".encode()


def runtime(
    fields: Mapping[tuple[str, str], tuple[str, ...]] = FIELDS, accounts: bool = True, call: Call | None = None
) -> Runtime:
    return cast(Runtime, RuntimeDouble(fields, accounts, call))


class Events:
    """Builds a block's events; `index` counts on by itself."""

    def __init__(self, phase: int = 2) -> None:
        self.phase = phase
        self.all: list[Event] = []

    def add(self, pallet: str, name: str, *values: Any, phase: int | None = None) -> "Events":
        fields = dict(zip(FIELDS.get((pallet, name), ()), values, strict=True))
        self.all.append(Event(len(self.all), self.phase if phase is None else phase, pallet, name, fields))
        return self

    def balances(self, name: str, *values: Any, phase: int | None = None) -> "Events":
        return self.add("Balances", name, *values, phase=phase)

    def transfer(self, source: bytes, to: bytes, amount: int, fee: int = 157_130_969) -> "Events":
        """A transfer as the relay of 2024 and of today tells it."""
        self.balances("Withdraw", source, fee)
        self.balances("Transfer", source, to, amount)
        self.balances("Deposit", TREASURY, fee)
        return self.add("TransactionPayment", "TransactionFeePaid", source, fee, 0)


def block(
    events: Sequence[Event] | Events = (),
    storage: Mapping[bytes, bytes | None] | None = None,
    number: int = 101,
    late: bool = False,
    of: Runtime | None = None,
) -> Block:
    return Block(
        chain=ChainId("relay", bytes(32)),
        number=number,
        hash=number.to_bytes(32, "big"),
        parent_hash=(number - 1).to_bytes(32, "big"),
        time_ms=1_700_000_000_000,
        spec=SpecVersion("paseo", 2_003_001),
        runtime=of or runtime(),
        events=events.all if isinstance(events, Events) else events,
        storage=storage or {},
        late=late,
    )


def setting(**changes: Any) -> WatcherSetting:
    given: dict[str, Any] = {
        "chain": "relay",
        "network": "paseo",
        "ss58_prefix": 42,
        "units": {"PAS": Unit("PAS", 10), "USDT": Unit("USDT", 6, "Assets/1984")},
        "accounts": {"treasury": TREASURY, "dave": DAVE},
        "explorer": Explorer(extrinsic="https://explorer/extrinsic/{extrinsic}", account="https://explorer/{account}"),
    }
    return WatcherSetting(**{**given, **changes})


def watcher(*rules: dict[str, Any], **changes: Any) -> BalancesWatcher:
    return build([BalanceRule.model_validate({"name": f"rule-{n}", **rule}) for n, rule in enumerate(rules)],
                 setting(**changes))  # fmt: skip


def held(balances: Mapping[bytes, bytes | None]) -> Answers:
    """Answers with these accounts' raw balances."""
    return Answers({account_key(account): raw for account, raw in balances.items()})
