"""Everything periodic, by APScheduler. A job puts inputs into a chain's queue, or tends what belongs to no chain.

A job that fails is counted and told in the log, and runs again at its next time.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product

from apscheduler.events import (
    EVENT_JOB_ERROR,
    EVENT_JOB_EXECUTED,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobExecutionEvent,
    JobSubmissionEvent,
)
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from paseo_watch.errors import PaseoWatchError
from paseo_watch.telemetry import Metrics

log = logging.getLogger(__name__)

RESULTS = {
    EVENT_JOB_EXECUTED: "ok",
    EVENT_JOB_ERROR: "failed",
    EVENT_JOB_MISSED: "missed",
    EVENT_JOB_MAX_INSTANCES: "skipped",  # its last run was still going
}


@dataclass(frozen=True, slots=True)
class Job:
    """`work` every `seconds`; the first time at once where `at_once` says so."""

    name: str
    seconds: float
    work: Callable[[], Awaitable[None]]
    at_once: bool = False


def make_scheduler(jobs: list[Job], metrics: Metrics) -> AsyncIOScheduler:
    """A scheduler, not yet started. A run that is still going when its next time comes is not started twice."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    for job in jobs:
        scheduler.add_job(
            _coroutine(job.work),
            "interval",
            seconds=job.seconds,
            id=job.name,
            name=job.name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            **({"next_run_time": datetime.now(UTC)} if job.at_once else {}),
        )

    for job in jobs:
        metrics.job_interval.labels(job.name).set(job.seconds)
        metrics.job_success.labels(job.name).set(datetime.now(UTC).timestamp())  # one that never goes well shows by age
    for job, result in product(jobs, RESULTS.values()):
        metrics.job_runs.labels(job.name, result)  # 0: what is absent at first, increase() does not see begin

    def count(event: JobExecutionEvent | JobSubmissionEvent) -> None:
        metrics.job_runs.labels(event.job_id, RESULTS[event.code]).inc()
        if event.code == EVENT_JOB_EXECUTED:
            metrics.job_success.labels(event.job_id).set(event.scheduled_run_time.timestamp())
        if event.code == EVENT_JOB_ERROR:
            expected = isinstance(event.exception, PaseoWatchError)
            trace = None if expected else event.exception  # a defect is worth a traceback, a file not there is not
            log.error("the job %s failed: %s", event.job_id, event.exception, exc_info=trace)

    scheduler.add_listener(count, sum(RESULTS))
    return scheduler


def _coroutine(work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """What APScheduler awaits: it takes only `async def` for a coroutine, and calls all else in a thread."""

    async def run() -> None:
        try:
            await work()
        except asyncio.CancelledError:
            return  # the end of the run cut it off: it has not failed, and nobody waits for it

    return run
