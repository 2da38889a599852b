"""The service for minutes at full speed: does its memory grow, does its event loop stall, how large does its store get?

python -m benchmarks.soak [--seconds 300] [--store sqlite | postgresql | URL] [--every 5]

The service is the ordinary command in a process of its own, on a chain that another process writes as fast as it is
read (`benchmarks.soak_chain`). `postgresql` starts a server for the run, as the tests do. The exit code is 1 where the
service's memory grows more than LIMIT.
"""

import argparse
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg

from benchmarks import soak_report as report
from benchmarks.soak_report import MB, Sample, Sizes
from tests.data import REPOSITORY
from tests.e2e.kill.chain import CAP, FAUCET, THRESHOLD
from tests.e2e.kill.chain import LIMIT as LOW
from tests.postgres import running_postgres

LIMIT = 10.0
"""MB for 100,000 blocks: eight times the slope of five minutes (benchmarks/README.md)."""
NOISE = 8.0
"""MB that the resident set may grow behind the warm-up whatever the slope: short runs tell no more than that."""
LISTENS = re.compile(r"the status page is at (http://127\.0\.0\.1:\d+)")
SINKS = 2
OF_ALERTS = ("notifications", "deliveries")

CONFIG = """
network: scripted
units: {{DOT: 10}}
chains:
  relay:
    endpoints: [{{url: "{node}", requests_per_second: 10000, burst: 100000}}]
    start: 1
    token: DOT
    ss58_prefix: 0
accounts: {{faucet: "0x{faucet}"}}
watch:
  balances:
    - {{name: large, threshold: {threshold} DOT}}
    - {{name: low, accounts: [faucet], below: {low} DOT, recover: {low} DOT}}
    - {{name: over, cap: {cap} DOT}}
  opengov: {{ chains: [relay] }}
  validators: {{ chains: [relay], sessions: true, finality_lag: 100000 }}
receivers:
  - name: team
    file: {{path: alerts.jsonl}}
    webhook: {{url: "{hook}"}}
route: {{receiver: team}}
store: {{url: "{store}"}}
http: {{listen: "127.0.0.1:0"}}
"""


class Store:
    """The service's store, looked at from outside."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._file = None if url.startswith("postgresql") else folder / url.removeprefix("sqlite:///")

    def size(self) -> int:
        """Bytes: the file with its write-ahead log, or what PostgreSQL says of the database."""
        if self._file is None:
            with psycopg.connect(self.url) as conn:
                return int(conn.execute("SELECT pg_database_size(current_database())").fetchone()[0])  # type: ignore[index]
        files = (self._file, self._file.with_name(self._file.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def sizes(self) -> Sizes:
        """By what it is for."""
        found = dict(self._postgresql() if self._file is None else self._sqlite(self._file))
        alerts = sum(size for table, size in found.items() if table in OF_ALERTS)
        return Sizes(alerts, sum(found.values()) - alerts)

    def _postgresql(self) -> list[tuple[str, int]]:
        with psycopg.connect(self.url) as conn:
            return conn.execute("SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables").fetchall()

    def _sqlite(self, file: Path) -> list[tuple[str, int]]:
        """Indexes count for their table."""
        query = "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name GROUP BY 1"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as conn:
            return conn.execute(query).fetchall()


class Service:
    """The process, its page and what /proc says of it."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._process = process
        self._log = folder / "service.log"
        self._address = ""

    def listens(self) -> None:
        """Wait until it does."""
        while not (found := LISTENS.search(self._log.read_text())):
            assert self._process.poll() is None, self._log.read_text()[-3000:]
            time.sleep(0.05)
        self._address = found[1]

    def metrics(self) -> dict[str, list[tuple[report.Mapping[str, str], float]]]:
        with urllib.request.urlopen(self._address + "/metrics") as answer:
            return report.metrics_of(answer.read().decode())

    def sample(self, seconds: float, store: Store) -> Sample:
        found = self.metrics()
        done = [value for labels, value in found["paseo_watch_deliveries_total"] if labels["result"] == "done"]
        proc = Path(f"/proc/{self._process.pid}")
        resident = int((proc / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return Sample(
            seconds=seconds,
            blocks=int(_total(found, "paseo_watch_blocks_processed_total")),
            alerts=int(_total(found, "paseo_watch_alerts_total")),
            delivered=int(sum(done)),
            rss=resident,
            descriptors=len(list((proc / "fd").iterdir())),
            threads=len(list((proc / "task").iterdir())),
            store=store.size(),
        )

    def end(self) -> None:
        """SIGTERM, and what it had to say."""
        self._process.terminate()
        assert self._process.wait(30) == 0, self._log.read_text()[-3000:]
        assert "Traceback" not in self._log.read_text(), self._log.read_text()[-3000:]


def _total(found: report.Mapping[str, Sequence[tuple[object, float]]], name: str) -> float:
    return sum(value for _, value in found.get(name, []))


@contextmanager
def chain() -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "benchmarks.soak_chain"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield json.loads(process.stdout.readline())
        process.stdin.close()


@contextmanager
def service(folder: Path) -> Iterator[Service]:
    command = [sys.executable, "-m", "paseo_watch", "run", "-c", "config.yaml"]
    environ = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with (folder / "service.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=log)
    try:
        running = Service(process, folder)
        running.listens()
        yield running
    finally:
        process.kill()
        process.wait()


@contextmanager
def store_at(name: str) -> Iterator[str]:
    if name == "postgresql":
        with running_postgres() as server:
            yield server.url()
    else:
        yield "sqlite:///store.db" if name == "sqlite" else name


def soak(name: str, seconds: float, every: float, say: Callable[[str], None]) -> bool:
    """One run; whether the memory stays as it is."""
    with tempfile.TemporaryDirectory() as scratch, chain() as where, store_at(name) as url:
        folder, store = Path(scratch), Store(url, Path(scratch))
        rule = {"faucet": FAUCET.hex(), "threshold": THRESHOLD, "low": LOW, "cap": CAP}
        (folder / "config.yaml").write_text(CONFIG.format(store=url, **where, **rule))
        with service(folder) as running:
            samples = list(_samples(running, store, seconds, every, say))
            stalls = [
                (float(labels["le"]), count)
                for labels, count in running.metrics()["paseo_watch_event_loop_stall_seconds_bucket"]
            ]
            running.end()
        for line in _summary(name, samples, stalls, store):
            say(line)
    return stays(samples, say)


def _samples(
    running: Service, store: Store, seconds: float, every: float, say: Callable[[str], None]
) -> Iterator[Sample]:
    """One now and then; the first when the first blocks are in."""
    while (sample := running.sample(0.0, store)).blocks == 0:
        time.sleep(0.1)
    began = time.monotonic()
    yield sample
    while (elapsed := time.monotonic() - began) < seconds:
        time.sleep(min(every, seconds - elapsed))
        before, sample = sample, running.sample(time.monotonic() - began, store)
        pace = (sample.blocks - before.blocks) / (sample.seconds - before.seconds)
        say(
            f"{sample.seconds:5.0f} s  {sample.blocks:>8,} blocks  {pace:>6,.0f}/s  {sample.alerts:>7,} alerts"
            f"  RSS {sample.rss / MB:6.1f} MB  store {sample.store / MB:7.1f} MB"
        )
        yield sample


def _summary(
    name: str, samples: Sequence[Sample], stalls: Sequence[tuple[float, float]], store: Store
) -> Iterator[str]:
    first, last = samples[0], samples[-1]
    behind = SINKS * last.alerts - last.delivered
    sizes = dict(report.a_day(store.sizes(), last))
    slopes = report.per_hour(samples), report.per_100_000_blocks(samples)
    lag = [report.quantile(stalls, share) * 1000 for share in (0.5, 0.99)]
    yield f"\n{name}: {last.blocks:,} blocks in {last.seconds:.0f} s, {report.blocks_a_second(samples):,.0f} blocks/s"
    yield f"  alerts      {last.alerts:,}, each to {SINKS} sinks; {behind:,} deliveries still waited"
    yield f"  memory      {report.sparkline([each.rss for each in samples])}  {last.rss / MB:.1f} MB at the end"
    yield f"  growth      {slopes[0]:+.2f} MB/hour at this speed, {slopes[1]:+.2f} MB/100,000 blocks"
    yield f"  open        {last.descriptors} file descriptors (at first {first.descriptors})"
    yield f"  threads     {last.threads} (at first {first.threads})"
    yield f"  loop lag    p50 {lag[0]:.1f} ms, p99 {lag[1]:.1f} ms, max at most {report.greatest(stalls) * 1000:g} ms"
    yield f"  store       {last.store / MB:.1f} MB; {sizes['block']:.0f} bytes/block, {sizes['alert']:.0f} bytes/alert"
    yield (
        f"  size a day  {sizes['day'] / MB:.2f} MB a chain, at {report.BLOCKS_A_DAY:,} blocks"
        f" and {report.ALERTS_A_DAY} alerts (assumed) a day"
    )


def stays(samples: Sequence[Sample], say: Callable[[str], None]) -> bool:
    """Whether the memory does, but for LIMIT; says so where it does not."""
    slope = report.per_100_000_blocks(samples)
    first, *_, last = report.warm(samples)
    grown = slope * (last.blocks - first.blocks) / 100_000
    if slope > LIMIT and grown > NOISE:
        say(f"FAILED: {slope:.2f} MB/100,000 blocks, allowed are {LIMIT:g}")
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--store", default="sqlite", help="sqlite, postgresql (one for this run), or a URL")
    parser.add_argument("--every", type=float, default=5.0, metavar="SECONDS", help="between two looks")
    asked = parser.parse_args()
    stays = soak(asked.store, asked.seconds, asked.every, lambda line: print(line, flush=True))
    sys.exit(0 if stays else 1)


if __name__ == "__main__":
    main()
