"""`paseo-watch`: the flags, and from each command to its module."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from paseo_watch import __version__
from paseo_watch.cli import log
from paseo_watch.cli.errors import FAILED, WRONG_INPUT, NobodyReads, UnknownName
from paseo_watch.errors import InputError, PaseoWatchError
from paseo_watch.store.errors import StoreNotReady

Command = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    flags = _parser().parse_args(argv)
    log.set_up(flags.log_level, flags.log_format)
    try:
        code = _command(flags.command)(flags)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return FAILED
    except (BrokenPipeError, NobodyReads):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter's last flush goes there
        return FAILED
    except PaseoWatchError as error:
        from paseo_watch.cli.say import complain  # not needed to tell a version

        complain(f"{error}{_whose(error, flags)}")
        return WRONG_INPUT if isinstance(error, InputError) else FAILED


def _whose(error: PaseoWatchError, flags: argparse.Namespace) -> str:
    """Who forgot -c looks for a name or a store of their own in the built-in configuration."""
    if not isinstance(error, UnknownName | StoreNotReady) or "config" not in flags or flags.config is not None:
        return ""
    return " (this is the built-in configuration; yours is given with -c)"


def _command(name: str) -> Command:
    """What does the work, by `module.function`: only the chosen command's module is loaded."""
    module, function = name.split(".")
    command: Command = getattr(import_module(f"paseo_watch.cli.{module}"), function)
    return command


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="paseo-watch",
        description="Follows Paseo's chains and tells what matters, once.",
        epilog="Exit codes: 0 done, 1 failed, 2 wrong input.",
    )
    parser.add_argument("--version", action="version", version=f"paseo-watch {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    common = _common()
    for add in (
        _add_run,
        _add_check,
        _add_demo,
        _add_send_test,
        _add_record,
        _add_replay,
        _add_backtest,
        _add_doctor,
        _add_outbox,
        _add_schema,
    ):
        add(commands, common)
    return parser


def _common() -> argparse.ArgumentParser:
    """The flags of commands that run with a configuration."""
    common = argparse.ArgumentParser(add_help=False, parents=[_logging()])
    common.add_argument(
        "-c",
        "--config",
        action="append",
        type=Path,
        metavar="FILE",
        help="configuration file or folder; may be repeated; without it the built-in one for Paseo",
    )
    return common


def _logging() -> argparse.ArgumentParser:
    """The flags of every command."""
    every = argparse.ArgumentParser(add_help=False)
    every.add_argument("--log-level", choices=log.LEVELS, default="info", help="how much to log (default: info)")
    every.add_argument("--log-format", choices=("text", "json"), default="text", help="how to log (default: text)")
    return every


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _add_run(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("run", parents=[common], help="watch the chains, for ever")
    _output(parser)
    parser.set_defaults(command="service.run")


def _add_check(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("check", parents=[common], help="check the configuration, without sending anything")
    parser.add_argument("--online", action="store_true", help="also look at endpoints, receivers, store and HTTP")
    parser.set_defaults(command="inspect.check")


def _add_demo(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser(
        "demo", parents=[_logging()], help="the main job on shipped recordings: no network needed"
    )
    parser.add_argument("--once", action="store_true", help="play to the end at full speed, print a summary, exit")
    parser.add_argument("--speed", type=float, default=6.0, help="how much faster than the chain (default: 6)")
    parser.add_argument(
        "--listen", default=None, metavar="HOST:PORT", help="where the status page is served (default: 127.0.0.1:9615)"
    )
    _output(parser)
    parser.set_defaults(command="service.demo")


def _add_send_test(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("send-test", parents=[common], help="send one test alert through a receiver's sinks")
    parser.add_argument("receiver", metavar="RECEIVER", help="a receiver of the configuration")
    parser.add_argument("--sink", metavar="KIND", help="only this one of its sinks (matrix, discord, ...)")
    severities = ("info", "warning", "critical")
    parser.add_argument("--severity", choices=severities, default="info", help="how grave it is (default: info)")
    parser.set_defaults(command="send_test.send_test")


def _add_record(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("record", parents=[common], help="record blocks of a node into a file")
    parser.add_argument("file", type=Path, help="the recording to write (.rec.xz)")
    parser.add_argument("--chain", required=True, help="which configured chain")
    parser.add_argument("--url", help="the node to record, instead of the configured ones")
    parser.add_argument("--from", dest="first", type=int, help="first block (default: --blocks before the last)")
    parser.add_argument("--to", dest="last", type=int, help="last block, waited for (default: the finalized head)")
    parser.add_argument("--blocks", type=_count, default=20, help="how many blocks, without --from (default: 20)")
    parser.set_defaults(command="record.record")


def _add_replay(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser(
        "replay", parents=[common], help="the whole pipeline over a recording; delivers nothing"
    )
    parser.add_argument("file", type=Path, help="a recording (.rec.xz)")
    _output(parser)
    parser.set_defaults(command="service.replay")


def _add_backtest(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser(
        "backtest", parents=[common], help="the whole pipeline over a node's history; delivers nothing"
    )
    parser.add_argument("--chain", required=True, help="which configured chain")
    parser.add_argument("--from", dest="first", type=int, required=True, help="first block")
    parser.add_argument("--to", dest="last", type=int, required=True, help="last block")
    _output(parser)
    parser.set_defaults(command="service.backtest")


def _add_doctor(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("doctor", parents=[common], help="say what is seen, what is not, and why")
    parser.add_argument(
        "--cross-check",
        type=_count,
        default=0,
        metavar="N",
        help="decode the last N finalized blocks also with the reference decoder and compare",
    )
    parser.set_defaults(command="inspect.doctor")


def _add_outbox(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("outbox", help="deliveries: list them, try dead ones again")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", parents=[common], help="list deliveries")
    listing.add_argument("--status", choices=("pending", "done", "dead", "all"), default="all", help="which ones")
    listing.add_argument("--limit", type=_count, default=50, help="how many, newest first (default: 50)")
    listing.set_defaults(command="outbox.show")
    retry = actions.add_parser("retry", parents=[common], help="put dead deliveries back into the queue")
    retry.add_argument("ids", nargs="*", metavar="ID", help="which ones; without any: all dead ones")
    retry.set_defaults(command="outbox.retry")


def _add_schema(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("schema", parents=[_logging()], help="print the JSON Schema of the configuration")
    parser.add_argument("--alert", action="store_true", help="of the alert as data instead")
    parser.set_defaults(command="schema.schema")


def _count(text: str) -> int:
    """A number of things, as argparse's `type`."""
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text)):
        raise argparse.ArgumentTypeError(f"{text[:40]!r}, expected a whole number above 0")
    return int(text)


def _output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output", choices=("text", "json"), default="text", help="alerts on the console (default: text)"
    )
