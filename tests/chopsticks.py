"""A chain's real runtime on loopback: Chopsticks executes it, @polkadot/api signs for it and reads its storage.

    with driver(folder) as hands, Chopsticks.start(spec_file("paseo-substitute", folder), hands) as chain:
        chain.new_block([chain.sign("Balances", "transfer_keep_alive", [bob, 5 * PAS], signer="//Alice")])
        chain.account(bob).total

What a test expects comes from here (`account` reads storage through @polkadot/api), never from the code under test.
Everything is synchronous: a test with a running event loop wraps the calls in `asyncio.to_thread`.
"""

import fcntl
import json
import lzma
import os
import re
import selectors
import shutil
import signal
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.data import REPOSITORY, data_path, missing

FOLDER = REPOSITORY / "tests" / "e2e" / "chopsticks"
PAS = 10**10
"""Planck in one PAS."""

START_SECONDS = 180
CALL_SECONDS = 120
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


def node_program() -> Path:
    """The path of Node 22, after installing the locked npm packages where they are missing or old."""
    if shutil.which("npm") is None:
        missing("npm is not here: Chopsticks and @polkadot/api come through it")
    with (FOLDER / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test runs side by side share the folder
        _install()
    program = FOLDER / "node_modules" / ".bin" / "node"
    if not program.exists():
        missing("npm has no Node 22 for this machine: Chopsticks 1.5.1 needs one")
    return program


def _install() -> None:
    installed = FOLDER / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= (FOLDER / "package-lock.json").stat().st_mtime:
        return
    done = subprocess.run(
        ["npm", "ci", "--loglevel=error"], cwd=FOLDER, capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode:
        missing(f"npm ci failed in {FOLDER.relative_to(REPOSITORY)}: {done.stderr.strip()[-500:]}")


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


def _texts(value: Any) -> Any:
    """Integers as decimal texts: JSON numbers of the other side end at 2^53."""
    if isinstance(value, list | tuple):
        return [_texts(item) for item in value]
    if isinstance(value, dict):
        return {name: _texts(item) for name, item in value.items()}
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started here in a session of its own, and all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


class Driver:
    """The Node process with @polkadot/api (`drive.mjs`), asked one question at a time."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._asked = 0
        assert process.stdin is not None
        assert process.stdout is not None
        self._input, self._output = process.stdin, process.stdout

    def ask(self, method: str, **params: Any) -> Any:
        """The result of one method of `drive.mjs`; RuntimeError with its message where it failed."""
        self._asked += 1
        question = {"id": self._asked, "method": method, "params": _texts(params)}
        self._input.write(json.dumps(question).encode() + b"\n")
        self._input.flush()
        answer = json.loads(self._line())
        assert answer["id"] == self._asked
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def _line(self) -> bytes:
        with selectors.DefaultSelector() as ready:
            ready.register(self._output, selectors.EVENT_READ)
            if not ready.select(CALL_SECONDS):
                raise TimeoutError(f"drive.mjs gave no answer in {CALL_SECONDS} s")
        return self._output.readline()

    def address(self, uri: str) -> str:
        """SS58 text of a dev account such as `//Alice`, with prefix 42."""
        return str(self.ask("address", uri=uri))

    def public_key(self, uri: str) -> bytes:
        """The 32 bytes of a dev account."""
        return bytes.fromhex(self.ask("public_key", uri=uri)[2:])


@contextmanager
def driver(log: Path) -> Iterator[Driver]:
    """A running Driver; what @polkadot/api says about itself goes to the file `log`."""
    program = node_program()
    with log.open("ab") as said:
        process = subprocess.Popen(
            [program, "drive.mjs"],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,
        )
    try:
        yield Driver(process)
    finally:
        end(process)


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
    def start(cls, spec: Path, driver: Driver, log: Path, port: int = 0) -> Self:
        """Run the chain of a raw chain spec (a file) and wait until it answers; `port` 0 takes a free one."""
        command: list[str | Path] = [
            node_program(),
            *("--import", "./stop-with-parent.mjs", "node_modules/@acala-network/chopsticks/chopsticks.cjs"),
            *("--chain-spec", spec, "--host", "127.0.0.1", "--port", str(port)),
            *("--build-block-mode", "Manual", "--allow-unresolved-imports"),
        ]
        with log.open("wb") as said:
            process = subprocess.Popen(
                command, cwd=FOLDER, stdin=subprocess.PIPE, stdout=said, stderr=said, start_new_session=True
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
        self.rpc("dev_setStorage", _texts(values))

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
