"""record: blocks of a node into a file that `replay` and `demo` can play."""

import argparse
from functools import partial

from paseo_watch.app.chain import DEFAULT_SS58_PREFIX
from paseo_watch.app.rehearsal import Rehearsal
from paseo_watch.app.watchers import chain_watchers
from paseo_watch.chain.patience import patient_rounds
from paseo_watch.chain.read import finalized_header
from paseo_watch.cli.configuration import at_endpoint, known_chain, load_config
from paseo_watch.cli.errors import DONE, FAILED, WrongInput
from paseo_watch.cli.execute import execute
from paseo_watch.cli.pools import open_pool
from paseo_watch.cli.progress import Progress
from paseo_watch.clock import SystemClock
from paseo_watch.config.model import Config
from paseo_watch.config.sections import Chain
from paseo_watch.errors import PermanentError
from paseo_watch.recording.recorder import Wish
from paseo_watch.recording.recorder import record as record_blocks
from paseo_watch.recording.recording import SUFFIX


class NotWritten(PermanentError):
    """The disk says no."""


def record(flags: argparse.Namespace) -> int:
    """Write the file; it appears under its name only when it is whole."""
    config = load_config(flags)
    chain = known_chain(config, flags.chain)
    if flags.url:
        chain = at_endpoint(chain, flags.url, chain.genesis)
    if not chain.endpoints:
        raise WrongInput(f"the chain {flags.chain} has no endpoints; name one with --url")
    if not flags.file.name.endswith(SUFFIX):
        raise WrongInput(f"{flags.file}: expected a name that ends in {SUFFIX}")
    if not flags.file.parent.is_dir():
        raise WrongInput(f"{flags.file.parent}: there is no such folder; make it first")
    count = execute(_record(flags, config, chain))
    if count is None:
        return FAILED
    print(f"{flags.file}: {count} blocks, {flags.file.stat().st_size:,} bytes")
    return DONE


async def _record(flags: argparse.Namespace, config: Config, chain: Chain) -> int:
    async with open_pool(flags.chain, chain) as pool:
        last: int = flags.last if flags.last is not None else (await pool.each(finalized_header)).number
        first: int = flags.first if flags.first is not None else max(1, last - flags.blocks + 1)
        if not 0 < first <= last:
            raise WrongInput(f"blocks {first} to {last}: expected 0 < from <= to")
        progress = Progress(last - first + 1)
        prefix = DEFAULT_SS58_PREFIX if chain.ss58_prefix is None else chain.ss58_prefix
        companion = Rehearsal(chain_watchers(config, flags.chain)(prefix), config.network)
        wish = Wish(config.network, flags.chain, first, last, companion=companion)
        ask = partial(patient_rounds, pool, SystemClock())
        try:
            await record_blocks(ask, wish, flags.file, lambda number: progress.move(number - first + 1))
        except OSError as error:
            raise NotWritten(f"{flags.file}: cannot be written: {error.strerror}") from error
        return last - first + 1
