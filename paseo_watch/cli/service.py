"""run, demo, replay, backtest: the main job, on live chains, on recordings, on history."""

import argparse
import asyncio
import logging
import os
import re
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from importlib.resources import as_file, files
from pathlib import Path

from paseo_watch.app.app import serve
from paseo_watch.app.how import How
from paseo_watch.app.summary import Summary
from paseo_watch.chain.read import finalized_header
from paseo_watch.chain.scale.runtime import Runtime
from paseo_watch.cli.configuration import (
    at_endpoint,
    for_one_chain,
    keys_at_every_block,
    known_chain,
    load_config,
)
from paseo_watch.cli.errors import DONE, FAILED, WrongInput
from paseo_watch.cli.execute import execute
from paseo_watch.cli.pools import open_pool
from paseo_watch.cli.progress import Progress
from paseo_watch.cli.while_read import while_read
from paseo_watch.clock import Clock, SystemClock
from paseo_watch.config.idle import idle_rules
from paseo_watch.config.load import load
from paseo_watch.config.model import Config
from paseo_watch.config.sections import Chain
from paseo_watch.recording.node import NodeServer
from paseo_watch.recording.player import play
from paseo_watch.recording.recorded_chain import RecordedChain
from paseo_watch.recording.recording import SUFFIX, Recording, read
from paseo_watch.web.server import ListenFailed

log = logging.getLogger(__name__)


def run(flags: argparse.Namespace) -> int:
    """Watch until a signal comes."""
    config = load_config(flags)
    for sentence in idle_rules(config):
        log.warning("%s", sentence)
    execute(serve(config, _how(flags)))
    return DONE


def demo(flags: argparse.Namespace) -> int:
    """Play the shipped recordings through the whole service."""
    if not flags.speed > 0:
        raise WrongInput(f"--speed is {flags.speed}, expected a number above 0")
    with as_file(files("paseo_watch.recording") / "data") as folder, tempfile.TemporaryDirectory() as scratch:
        recordings = [read(path) for path in sorted(folder.glob(f"*{SUFFIX}"))]
        summary = execute(while_read(_demo(flags, folder / "demo.yaml", recordings, Path(scratch)), sys.stdout))
    return _end(summary, flags) if flags.once else DONE


def replay(flags: argparse.Namespace) -> int:
    """The whole pipeline over a recording; alerts to the console only."""
    config = load_config(flags)
    recording = read(flags.file)
    _holds_what_is_asked(flags.file, recording, config)
    with tempfile.TemporaryDirectory() as scratch:
        summary = execute(while_read(_replay(flags, config, recording, Path(scratch)), sys.stdout))
    return _end(summary, flags)


def backtest(flags: argparse.Namespace) -> int:
    """The whole pipeline over a node's history; alerts to the console only."""
    config = load_config(flags)
    chain = known_chain(config, flags.chain)
    if not 0 < flags.first <= flags.last:
        raise WrongInput(f"--from {flags.first} --to {flags.last}: expected 0 < from <= to")
    if not chain.endpoints:
        raise WrongInput(f"the chain {flags.chain} has no endpoints to ask")
    with tempfile.TemporaryDirectory() as scratch:
        one = for_one_chain(config, flags.chain, chain, flags.first, Path(scratch))
        execute(_history_is_there(flags.chain, chain, flags.last))
        progress = Progress(flags.last - flags.first + 1)
        how = _how(flags, until={flags.chain: flags.last}, console_only=True, on_blocks=progress.add)
        summary = execute(while_read(serve(one, how), sys.stdout))
    return _end(summary, flags)


def _holds_what_is_asked(file: Path, recording: Recording, config: Config) -> None:
    """Raises WrongInput where a replay would find nothing but holes."""
    known_chain(config, recording.about.chain)
    metadata = recording.runtimes[0].metadata
    runtime = Runtime.from_metadata(bytes.fromhex(metadata[max(metadata, key=int)][2:]))
    held = {bytes.fromhex(key[2:]) for key in recording.blocks[0].storage}
    silent = config.model_copy(update={"http": False})  # as the replay has it: then nobody looks at figures
    lacking = keys_at_every_block(silent, recording.about.chain, runtime) - held
    if lacking:
        raise WrongInput(
            f"{file} lacks {len(lacking)} of the values that the rules of this configuration read at every block "
            "(balances of named accounts, votes, clocks); record it again with -c and this configuration"
        )


async def _history_is_there(name: str, chain: Chain, last: int) -> None:
    """Raises Exhausted where no endpoint answers, and WrongInput for a block that is not finalized yet."""
    async with open_pool(name, chain) as pool:
        head = await pool.each(finalized_header)
    if last > head.number:
        raise WrongInput(f"--to {last}: the finalized head of {name} is #{head.number}")


async def _demo(flags: argparse.Namespace, file: Path, recordings: Sequence[Recording], scratch: Path) -> Summary:
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        chains = {recording.about.chain: RecordedChain(recording) for recording in recordings}
        nodes = {name: await stack.enter_async_context(NodeServer(chain)) for name, chain in chains.items()}
        config = _demo_config(flags, file, {name: node.url for name, node in nodes.items()}, scratch)
        until = {name: chain.last for name, chain in chains.items()} if flags.once else {}
        players = [
            asyncio.create_task(_play(chain, clock, nodes[name].announce, None if flags.once else flags.speed))
            for name, chain in chains.items()
        ]
        try:
            return await serve(config, _how(flags, until=until))
        except ListenFailed as error:  # the demo's configuration is nobody's to set
            raise ListenFailed(str(error).replace("set http.listen", "name another with --listen")) from error
        finally:
            for player in players:
                player.cancel()


async def _play(chain: RecordedChain, clock: Clock, announce: Callable[[], None], speed: float | None) -> None:
    """Play one recording, and say when it begins and when it is over: nothing new comes after that."""
    if speed is not None:
        log.info("plays %d recorded blocks, %g times as fast as the chain made them", chain.remaining + 1, speed)
    await play(chain, clock, announce, speed)
    if speed is not None:
        log.info("the recording is over; the status page stays until Ctrl-C (and no new block is a warning by then)")


def _demo_config(flags: argparse.Namespace, file: Path, urls: Mapping[str, str], scratch: Path) -> Config:
    """The demo's own configuration; the nodes' ports and the folder for the store are known only now."""
    environ = {f"DEMO_{name.upper().replace('-', '_')}": url for name, url in urls.items()}
    if flags.listen is not None and not re.fullmatch(r"[^\s]+:\d{1,5}", flags.listen):
        raise WrongInput(f"--listen: expected host:port, such as 127.0.0.1:9615, found {flags.listen!r}")
    environ |= {
        "DEMO_FOLDER": str(scratch),
        "DEMO_LISTEN": flags.listen or ("127.0.0.1:0" if flags.once else "127.0.0.1:9615"),
    }
    return load([file], {**os.environ, **environ})


async def _replay(flags: argparse.Namespace, config: Config, recording: Recording, scratch: Path) -> Summary:
    about = recording.about
    chain = RecordedChain(recording, released=len(recording.blocks))
    async with NodeServer(chain) as node:
        there = at_endpoint(known_chain(config, about.chain), node.url, bytes.fromhex(about.genesis[2:]))
        one = for_one_chain(config, about.chain, there, chain.first, scratch)
        return await serve(one, _how(flags, until={about.chain: chain.last}, console_only=True))


def _how(
    flags: argparse.Namespace,
    *,
    until: Mapping[str, int] | None = None,
    console_only: bool = False,
    on_blocks: Callable[[int], None] = lambda count: None,
) -> How:
    return How(
        on_blocks=on_blocks,
        stream=sys.stdout,
        output=flags.output,
        colour=sys.stdout.isatty(),
        until=until or {},
        console_only=console_only,
    )


def _end(summary: Summary | None, flags: argparse.Namespace) -> int:
    """The last lines go to standard error where standard output is for programs. What a signal ended is not done."""
    if summary is None:
        return FAILED
    print("\n".join(summary.lines()), file=sys.stderr if flags.output == "json" else sys.stdout)
    return FAILED if any(summary.holes.values()) else DONE
