"""Run all benchmarks, or some: `python -m benchmarks [--only NAME] [--json FILE]`.

Each module `bench_*.py` here has `rows(progress)`, which yields rows.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.side_by_side import Row

FOLDER = Path(__file__).parent


def main() -> None:
    names = sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Side by side with the peers.")
    parser.add_argument("--only", action="append", choices=names, help="a benchmark to run; may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there, too")
    asked = parser.parse_args()
    done = list(run(asked.only or names))
    print(table(done))
    if asked.json:
        asked.json.write_text(json.dumps([row.as_json() for row in done], indent=1) + "\n")


def run(names: list[str]) -> Iterator[Row]:
    for name in names:
        module = importlib.import_module(f"benchmarks.bench_{name}")
        for row in module.rows(progress):
            progress(f"{row.work}: {row.ours:.3g} {row.unit}")
            yield row


def progress(line: str) -> None:
    print(f"  .. {line}", file=sys.stderr, flush=True)


def table(rows: list[Row]) -> str:
    lines = [f"{'work':<62} {'ours':>10} {'peer':>10} {'unit':<9} {'ratio':>7}  against"]
    for row in rows:
        peer, ratio = ("", "") if row.peer is None else (f"{row.peer:.4g}", f"{row.ratio:.4g}")
        lines.append(f"{row.work:<62} {row.ours:>10.4g} {peer:>10} {row.unit:<9} {ratio:>7}  {row.peer_name or ''}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
