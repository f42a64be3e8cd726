"""What is called when? The only module that knows APScheduler.

The scheduler only ticks. What is due is decided by `windows`, from what was judged before: a
tick that was missed loses nothing, and one that comes twice judges nothing twice.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
from collections.abc import Callable
from contextlib import suppress

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from monitor.errors import OvertakenError, TrackwatchError
from monitor.timetable import Schedule, Timetable

Job = Callable[[], object]

_log = logging.getLogger(__name__)


class Clockwork:
    """Calls functions at their times until it is stopped: each at once first, and never twice at a time.

    A call that fails is logged, and the next one comes all the same. Calls that were missed (a busy
    or sleeping machine) are made up for by one.
    """

    def __init__(self, threads: int) -> None:
        """Prepare a clockwork that calls up to `threads` functions at a time."""
        self._pool = ThreadPoolExecutor(threads)
        # no job store: which stretches are judged is in our own tables, where two processes cannot lose it
        self._scheduler = BackgroundScheduler(
            timezone=dt.UTC,
            executors={"default": self._pool},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def every(self, name: str, interval: dt.timedelta, job: Job) -> None:
        """Call a function at an interval."""
        self._add(name, IntervalTrigger(seconds=interval.total_seconds(), timezone=dt.UTC), _guarded(job))

    def at(self, name: str, timetable: Timetable | Schedule, job: Job) -> None:
        """Call a function at the times of a timetable, in place of one of the same name."""
        self._add(name, _Trigger(timetable), _guarded(job))

    def soon(self, name: str) -> None:
        """Call a function now, or right after the call that is under way."""
        with suppress(JobLookupError):  # stopped meanwhile
            self._scheduler.modify_job(name, next_run_time=dt.datetime.now(tz=dt.UTC))

    def start(self) -> None:
        """Begin; returns at once."""
        self._scheduler.start()

    def stop(self) -> None:
        """Call nothing more; return when what is under way has ended."""
        # APScheduler would wait with its locks held, for ever if a call under way needs one of them
        self._scheduler.shutdown(wait=False)
        self._pool.shutdown(wait=True)

    def _add(self, name: str, trigger: BaseTrigger, job: Job) -> None:
        first = dt.datetime.now(tz=dt.UTC)
        self._scheduler.add_job(job, trigger, id=name, next_run_time=first, replace_existing=True)


class _Trigger(BaseTrigger):  # type: ignore[misc]  # APScheduler ships no types
    """The times of a timetable, as APScheduler asks for them."""

    def __init__(self, timetable: Timetable | Schedule) -> None:
        self._timetable = timetable

    def get_next_fire_time(self, previous: dt.datetime | None, now: dt.datetime) -> dt.datetime:
        late = random.uniform(0, self._timetable.jitter.total_seconds())  # noqa: S311 nobody must not guess it
        return self._timetable.after(previous or now) + dt.timedelta(seconds=late)


def _guarded(job: Job) -> Callable[[], None]:
    def run() -> None:
        try:
            job()
        except OvertakenError as error:
            _log.info("%s", error)
        except TrackwatchError as error:
            _log.error("%s; it will be tried again", error)
        except Exception:  # noqa: BLE001 the service must outlive one bad evaluation
            _log.exception("this failed; it will be tried again")

    return run
