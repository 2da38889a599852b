"""Periodic jobs: their times, and what becomes of one that fails."""

import asyncio
import logging
import time

import pytest
from prometheus_client import CollectorRegistry

from paseo_watch.app.schedule import Job, make_scheduler
from paseo_watch.telemetry import Metrics


async def nothing() -> None:
    """Nothing."""


async def test_every_job_has_its_interval_and_never_runs_beside_itself() -> None:
    """One that missed its time runs once, however late."""
    metrics, before = Metrics(CollectorRegistry()), time.time()
    scheduler = make_scheduler([Job("tick", 10.0, nothing), Job("beat", 300.0, nothing)], metrics)
    jobs = {job.id: job for job in scheduler.get_jobs()}
    value = metrics.registry.get_sample_value
    assert value("paseo_watch_job_interval_seconds", {"name": "beat"}) == 300
    began = value("paseo_watch_job_last_success_timestamp_seconds", {"name": "beat"})
    assert began is not None
    assert before <= began <= time.time()
    assert {name: job.trigger.interval.total_seconds() for name, job in jobs.items()} == {"tick": 10, "beat": 300}
    assert all((job.max_instances, job.coalesce, job.misfire_grace_time) == (1, True, None) for job in jobs.values())


async def test_a_job_that_fails_is_counted_and_told_and_the_next_run_comes(caplog: pytest.LogCaptureFixture) -> None:
    """Under the words that docs/metrics.md documents."""
    metrics, runs, before = Metrics(CollectorRegistry()), 0, time.time()
    twice = asyncio.Event()

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise ValueError("the disk is on fire")
        twice.set()

    scheduler = make_scheduler([Job("work", 0.01, work, at_once=True)], metrics)
    with caplog.at_level(logging.ERROR, "paseo_watch"):
        scheduler.start()
        await twice.wait()
        while not metrics.registry.get_sample_value("paseo_watch_job_runs_total", {"name": "work", "result": "ok"}):
            await asyncio.sleep(0)
        scheduler.shutdown(wait=False)
    assert metrics.registry.get_sample_value("paseo_watch_job_runs_total", {"name": "work", "result": "failed"}) == 1
    succeeded = metrics.registry.get_sample_value("paseo_watch_job_last_success_timestamp_seconds", {"name": "work"})
    assert succeeded is not None
    assert before <= succeeded <= time.time()
    assert "the job work failed: the disk is on fire" in caplog.text


async def test_a_run_that_is_left_out_because_the_last_one_still_goes_on_is_counted() -> None:
    """A job that hangs shows; and each result is there as 0 before it happens."""
    metrics = Metrics(CollectorRegistry())

    def runs(result: str) -> float | None:
        return metrics.registry.get_sample_value("paseo_watch_job_runs_total", {"name": "work", "result": result})

    async def work() -> None:
        await asyncio.Event().wait()

    scheduler = make_scheduler([Job("work", 0.01, work, at_once=True)], metrics)
    assert [runs(result) for result in ("ok", "failed", "missed", "skipped")] == [0, 0, 0, 0]
    scheduler.start()
    while not runs("skipped"):
        await asyncio.sleep(0)
    scheduler.shutdown(wait=False)
    await asyncio.sleep(0)
    assert [runs(result) for result in ("failed", "missed")] == [0, 0]


@pytest.mark.parametrize(("at_once", "runs"), [(True, 1), (False, 0)])
async def test_a_job_runs_at_once_where_it_says_so(at_once: bool, runs: int) -> None:
    """Else after its first interval, an hour here."""
    ran, started = 0, asyncio.Event()

    async def work() -> None:
        nonlocal ran
        ran += 1

    async def other() -> None:
        started.set()

    jobs = [Job("work", 3600, work, at_once=at_once), Job("other", 3600, other, at_once=True)]
    scheduler = make_scheduler(jobs, Metrics(CollectorRegistry()))
    scheduler.start()
    await started.wait()
    for _ in range(20):
        await asyncio.sleep(0)
    scheduler.shutdown(wait=False)
    assert ran == runs


async def test_work_that_only_returns_an_awaitable_is_awaited() -> None:
    """A lambda over a coroutine is no coroutine function: APScheduler alone would drop what it returns."""
    ran = asyncio.Event()

    async def work(event: asyncio.Event) -> None:
        event.set()

    scheduler = make_scheduler([Job("beat", 3600, lambda: work(ran), at_once=True)], Metrics(CollectorRegistry()))
    scheduler.start()
    await ran.wait()
    scheduler.shutdown(wait=False)


async def test_a_job_that_the_end_cuts_off_has_not_failed(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody is to look for an error in the log of a service that was ended."""
    metrics, started = Metrics(CollectorRegistry()), asyncio.Event()

    async def work() -> None:
        started.set()
        await asyncio.Event().wait()

    scheduler = make_scheduler([Job("work", 3600, work, at_once=True)], metrics)
    scheduler.start()
    await started.wait()
    scheduler.shutdown(wait=False)
    for _ in range(20):
        await asyncio.sleep(0)
    assert metrics.registry.get_sample_value("paseo_watch_job_runs_total", {"name": "work", "result": "failed"}) == 0
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
