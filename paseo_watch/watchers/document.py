"""A document from outside that a watcher wants: somebody else fetches it, and hands it in as `Loaded`."""

from collections.abc import Callable
from dataclasses import dataclass

from paseo_watch.watchers.watcher import Json


@dataclass(frozen=True, slots=True)
class Document:
    """`name` is that of `Loaded`, `location` an absolute path or an https URL.

    `read` turns the bytes into `Loaded.content` and raises a PermanentError for bytes that are not whole and valid;
    then nothing is handed in, and the last good one stays. `chains` says which chains want it, None for all.
    """

    name: str
    location: str
    read: Callable[[bytes], Json]
    chains: tuple[str, ...] | None = None
