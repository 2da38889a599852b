"""A chain's real runtime on loopback: Chopsticks executes it, @polkadot/api signs for it and reads its storage.

    with driver(log) as hands, Chopsticks.start(spec_file(RELAY_2026, folder), hands, other_log) as chain:
        chain.new_block([chain.sign("Balances", "transfer_keep_alive", [bob, 5 * PAS], signer="//Alice")])
        chain.account(bob).total

What a test expects comes from here (`account` reads storage through @polkadot/api), never from the code under test.
Everything is synchronous: a test with a running event loop wraps the calls in `asyncio.to_thread`.
"""

import json
import lzma
import os
import re
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.data import data_path
from tests.node_packages import end
from tests.polkadot_api import CALL_SECONDS, FOLDER, Driver, node_program, plain

PAS = 10**10
"""Planck in one PAS."""

START_SECONDS = 180
RELAY_2026 = "paseo-substitute.json"
RELAY_2024 = "paseo-2024.raw.json"
SPECS = (
    RELAY_2026,
    RELAY_2024,
    "people-paseo-local.json",
    "bulletin-paseo.json",
    "collectives-paseo-local.json",
    "coretime-paseo-local.json",
    "bridge-hub-paseo-local.json",
)


class Account(NamedTuple):
    """`System.Account` of one account, in planck, as @polkadot/api reads it."""

    nonce: int
    free: int
    reserved: int
    frozen: int

    @property
    def total(self) -> int:
        """What the account owns: free and reserved."""
        return self.free + self.reserved


def spec_file(name: str, folder: Path) -> Path:
    """Unpack one of SPECS into `folder`, once, and return its path."""
    packed = data_path("chain-specs", f"{name}.xz")
    unpacked = folder / name
    if not unpacked.exists():
        part = unpacked.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(lzma.decompress(packed.read_bytes()))
        part.rename(unpacked)
    return unpacked


def runtime_code(spec: Path) -> str:
    """The runtime (`:code`) that a raw chain spec starts with, as hex."""
    code: str = json.loads(spec.read_bytes())["genesis"]["raw"]["top"]["0x3a636f6465"]
    return code


@dataclass
class Chopsticks:
    """One chain, executed on loopback. Blocks are built on demand; each is best and finalized at once."""

    process: subprocess.Popen[bytes]
    port: int
    driver: Driver
    log: Path

    def __post_init__(self) -> None:
        self._signed: Counter[str] = Counter()

    @classmethod
    def start(cls, spec: Path, driver: Driver, log: Path, port: int = 0, authors: Sequence[int] = ()) -> Self:
        """Run the chain of a raw chain spec (a file) and wait until it answers; `port` 0 takes a free one.

        `authors` are the places in the set of those who make blocks, in turns by slot; without them nobody known does.
        """
        command: list[str | Path] = [
            node_program(),
            *("--import", "./stop-with-parent.mjs", "--import", "./authors.mjs"),
            "node_modules/@acala-network/chopsticks/chopsticks.cjs",
            *("--chain-spec", spec, "--host", "127.0.0.1", "--port", str(port)),
            *("--build-block-mode", "Manual", "--allow-unresolved-imports"),
        ]
        with log.open("wb") as said:
            process = subprocess.Popen(
                command,
                cwd=FOLDER,
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
                start_new_session=True,
                env=os.environ | {"BABE_AUTHORS": ",".join(map(str, authors))},
            )
        try:
            return cls(process, _listening(process, log), driver, log)
        except BaseException:
            end(process)
            raise

    def stop(self) -> None:
        """End this chain's process, by its own id."""
        end(self.process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where the service connects to."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def _http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def rpc(self, method: str, *params: Any) -> Any:
        """The result of one JSON-RPC call over HTTP; RuntimeError where the node answers an error."""
        body = json.dumps({"id": 1, "jsonrpc": "2.0", "method": method, "params": params}).encode()
        request = urllib.request.Request(self._http, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=CALL_SECONDS) as response:
            answer = json.loads(response.read())
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def height(self) -> int:
        """The number of the head."""
        return int(self.rpc("chain_getHeader")["number"], 16)

    def block_hash(self, number: int | None = None) -> str:
        """The hash of a block, or of the head."""
        return str(self.rpc("chain_getBlockHash", *([] if number is None else [number])))

    def new_block(self, transactions: Sequence[str] = (), count: int = 1) -> str:
        """Build `count` blocks, the first with exactly these extrinsics; the hash of the last.

        Chopsticks reports no error where it built nothing, so the height is checked here.
        """
        before = self.height()
        wish = {"count": count} | ({"transactions": list(transactions)} if transactions else {})
        made = self.rpc("dev_newBlock", wish)
        after = self.height()
        if after != before + count:
            raise RuntimeError(f"asked for {count} blocks on {before}, the head is {after}; see {self.log}")
        self._signed.clear()
        return str(made)

    def set_storage(self, values: Any) -> None:
        """Write into the head's state in place (no event, no new hash): `{"Sudo": {"Key": address}}` or raw pairs."""
        self.rpc("dev_setStorage", plain(values))

    def fund(self, address: str, free: int) -> None:
        """Give an account this much, out of nothing."""
        entry = {"providers": 1, "data": {"free": str(free)}}
        self.rpc("dev_setStorage", {"System": {"Account": [[[address], entry]]}})

    def sign(self, pallet: str, call: str, args: Sequence[Any], signer: str = "//Alice") -> str:
        """A signed, immortal extrinsic as hex, for the next block; several of one signer get rising nonces."""
        nonce = self.account(self.driver.address(signer)).nonce + self._signed[signer]
        self._signed[signer] += 1
        return str(
            self.driver.ask(
                "sign", url=self._http, signer=signer, nonce=nonce, pallet=pallet, call=call, args=list(args)
            )
        )

    def account(self, address: str, block: str | None = None) -> Account:
        """An account in the state after a block (by hash), or in the head's."""
        read = self.driver.ask("account", url=self._http, address=address, block=block)
        return Account(**{name: int(value) for name, value in read.items()})

    def account_total(self, address: str, block: str | None = None) -> int:
        """Free and reserved of an account after a block, in planck."""
        return self.account(address, block).total

    def constant(self, pallet: str, name: str) -> int:
        """A constant of the runtime that is a number."""
        return int(self.driver.ask("constant", url=self._http, pallet=pallet, name=name))

    def query(self, pallet: str, item: str, *args: Any, block: str | None = None) -> Any:
        """A storage value as plain JSON, as @polkadot/api renders it."""
        return self.driver.ask("query", url=self._http, pallet=pallet, item=item, args=list(args), block=block)

    def events(self, block: str) -> list[tuple[int | str, str, str]]:
        """Phase, pallet and name of a block's events, as @polkadot/api decodes them (its camelCase section)."""
        read = self.driver.ask("events", url=self._http, block=block)
        return [(event["phase"], event["pallet"], event["name"]) for event in read]


def _listening(process: subprocess.Popen[bytes], log: Path) -> int:
    """The port that Chopsticks says it listens on, as soon as it says so."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        said = log.read_text(errors="replace")
        if heard := re.search(r"RPC listening on http://127\.0\.0\.1:(\d+)", said):
            return int(heard[1])
        if process.poll() is not None:
            raise RuntimeError(f"Chopsticks ended with {process.returncode}: {said[-800:]}")
        time.sleep(0.1)
    raise TimeoutError(f"Chopsticks did not listen within {START_SECONDS} s: {log.read_text()[-800:]}")
