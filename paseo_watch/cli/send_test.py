"""send-test: one marked alert through every sink of a receiver, and what became of it.

Without a running service it is sent from here, past the queue, while the store is held so that none starts. A running
service holds the store, and with it the files and the logins that sinks use: then the alert is put into its queue.
"""

import argparse
import asyncio
from collections.abc import Sequence

from paseo_watch.alerts.alert import Where
from paseo_watch.alerts.route import Route
from paseo_watch.alerts.router import Routed, route
from paseo_watch.app.receivers import build_receivers
from paseo_watch.cli.configuration import load_config
from paseo_watch.cli.errors import DONE, FAILED, UnknownName
from paseo_watch.cli.execute import execute
from paseo_watch.cli.queued import deliver_beside
from paseo_watch.cli.receivers import sink_setting
from paseo_watch.cli.say import say
from paseo_watch.clock import Clock, SystemClock
from paseo_watch.config.explain import nearest
from paseo_watch.config.model import Config, Receiver
from paseo_watch.config.problem import quoted
from paseo_watch.outbox.outbox import delivery_id
from paseo_watch.sinks.sink import Delivery, SendFailed, SendRefused, Sink, SinkRefused
from paseo_watch.store.database import Database
from paseo_watch.store.errors import StoreHeld
from paseo_watch.watchers.watcher import EventObservation

RULE = "send-test"
SEND_SECONDS = 60.0
"""How long a login and one send may take; ours. Sinks bound their own calls, of which a send may be several."""


def send_test(flags: argparse.Namespace) -> int:
    """Send it; 0 where every sink has it."""
    config = load_config(flags)
    receiver, kinds = choose(config, flags.receiver, flags.sink)
    sending = _send(config, receiver, kinds, flags.severity, SystemClock())
    return DONE if execute(sending, "what was being sent may arrive all the same") else FAILED


def choose(config: Config, name: str, kind: str | None) -> tuple[Receiver, tuple[str, ...]]:
    """The receiver of this name and the sinks that are meant. Raises UnknownName with the nearest that there is."""
    found = {receiver.name: receiver for receiver in config.receivers}
    if name not in found:
        raise UnknownName(f"there is no receiver {quoted(name)}; {nearest(name, tuple(found))}")
    kinds = tuple(found[name].sinks)
    if kind is not None and kind not in kinds:
        raise UnknownName(f"the receiver {name} has no sink {quoted(kind)}; {nearest(kind, kinds)}")
    return found[name], kinds if kind is None else (kind,)


def marked_alert(network: str, receiver: str, severity: str, now_ms: int) -> Routed:
    """An alert that says it is a test, for this receiver alone; `now_ms` (our clock) makes it another each time."""
    seen = EventObservation(
        rule=RULE,
        severity=severity,
        key=receiver,
        title=f"TEST: alerts reach {receiver}",
        text="Nothing has happened. Somebody ran `paseo-watch send-test` to see whether alerts arrive here.",
        labels={"receiver": receiver},
        data={"receiver": receiver},
    )
    (routed,) = route(Route(receiver), {}, "service", [seen], Where(network, None, None, None, now_ms)).routed
    return routed


async def _send(config: Config, receiver: Receiver, kinds: Sequence[str], severity: str, clock: Clock) -> bool:
    alert = marked_alert(config.network, receiver.name, severity, clock.now_ms())
    url = config.store.url.get_secret_value()
    try:
        store = await Database.open(url)
    except StoreHeld:  # by a service
        return await deliver_beside(url, alert, kinds, clock)
    async with store:
        return await deliver_directly(config.model_copy(update={"receivers": (receiver,)}), alert, kinds, clock)


async def deliver_directly(config: Config, alert: Routed, kinds: Sequence[str], clock: Clock) -> bool:
    """Send it through the sinks of the configuration's receiver, all at once; whether every one has it."""
    good = True
    sinks = build_receivers(config, sink_setting()).sinks
    async with asyncio.TaskGroup() as group:
        sends = [
            (f"{name}/{kind}", group.create_task(attempt(sink, _delivery(alert, name, kind), clock)))
            for (name, kind), sink in sinks.items()
            if kind in kinds
        ]
        for title, send in sends:
            delivered, told = await send
            good &= delivered
            say(f"{title}: {told}")
    return good


async def attempt(sink: Sink, delivery: Delivery, clock: Clock, seconds: float = SEND_SECONDS) -> tuple[bool, str]:
    """One attempt within so many seconds: whether the other side has it, and how that is told."""
    began = clock.monotonic()
    try:
        async with asyncio.timeout(seconds):
            await sink.open()
            await sink.send(delivery)
    except (SendRefused, SinkRefused) as error:
        return False, f"FAILED: {error}"
    except SendFailed as error:
        return False, f"FAILED: {error}{_outlook(error)}"
    except TimeoutError:
        return False, f"FAILED: no end within {seconds:g} s; it may have arrived all the same"
    finally:
        await sink.close()
    return True, f"delivered in {(clock.monotonic() - began) * 1000:.0f} ms"


def _outlook(error: SendFailed) -> str:
    """What a failure that may pass means for somebody who waits for it."""
    wait = "" if error.retry_after is None else f"; try again in {error.retry_after:.0f} s"
    return f"{wait}{'; it may have arrived all the same' if error.maybe_sent else ''}"


def _delivery(alert: Routed, receiver: str, kind: str) -> Delivery:
    id = delivery_id(alert.notification["id"], receiver, kind)
    return Delivery(id, receiver, kind, alert.notification, attempt=1)
