"""What happened in a block of a driven chain, as @polkadot/api decodes it, and the calls that make it happen."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.chopsticks import PAS, Chopsticks

ROOT = "//Root"
"""The dev account that holds the Sudo key, once `furnish` was there."""

Call = dict[str, Any]


class Event(NamedTuple):
    """An event with what it carries; `section` in camelCase as @polkadot/api writes it, `error` as "Pallet.Name"."""

    phase: int | str
    section: str
    method: str
    data: Mapping[str, Any]
    error: str | None

    @property
    def name(self) -> str:
        """Section and method: `referenda.Submitted`."""
        return f"{self.section}.{self.method}"


def http(chain: Chopsticks) -> str:
    """Where @polkadot/api asks the chain."""
    return f"http://127.0.0.1:{chain.port}"


def events_of(chain: Chopsticks, block: str) -> list[Event]:
    """The events of a block (by hash), in order."""
    read = chain.driver.ask("events_full", url=http(chain), block=block)
    return [Event(**event) for event in read]


def call(pallet: str, name: str, *args: Any) -> Call:
    """A call, to be signed or to stand inside another."""
    return {"pallet": pallet, "call": name, "args": list(args)}


def sudo(inner: Call) -> Call:
    """The call, with root's origin."""
    return call("Sudo", "sudo", inner)


def innermost(value: Any) -> Iterator[str]:
    """Names of the calls inside, as `System.remark`: of those that hold no further call."""
    if isinstance(value, list):
        for item in value:
            yield from innermost(item)
    elif isinstance(value, dict) and "pallet" in value:
        yield from list(innermost(value["args"])) or [f"{value['pallet']}.{value['call']}"]


def signed(chain: Chopsticks, signer: str, wish: Call) -> str:
    """The call as an extrinsic for the next block."""
    return chain.sign(wish["pallet"], wish["call"], wish["args"], signer=signer)


def encoded(chain: Chopsticks, wish: Call) -> bytes:
    """The call's bytes in the chain's runtime."""
    return bytes.fromhex(chain.driver.ask("call_data", url=http(chain), **wish)[2:])


def furnish(chain: Chopsticks, amounts: Mapping[str, int]) -> None:
    """Give dev accounts that have nothing this many PAS, and the Sudo key to `ROOT`."""
    for name, amount in {**amounts, ROOT: 1_000}.items():
        address = chain.driver.address(name)
        if not chain.account(address).total:
            chain.fund(address, amount * PAS)
    chain.set_storage({"Sudo": {"Key": chain.driver.address(ROOT)}})


def build(chain: Chopsticks, *extrinsics: str) -> tuple[int, list[Event]]:
    """One block with these extrinsics, all of which must succeed: its number and its events."""
    events = events_of(chain, chain.new_block(extrinsics))
    for event in events:
        if isinstance(event.phase, int) and event.error:
            raise RuntimeError(f"extrinsic {event.phase} of block {chain.height()}: {event.name}, {event.error}")
    return chain.height(), events
