"""When is the next evaluation? The only module that knows APScheduler.

The scheduler only ticks. What is due is decided by `windows`, from what was judged before: a
tick that was missed loses nothing, and one that comes twice judges nothing twice.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.interval import IntervalTrigger

from monitor.errors import TrackwatchError

_log = logging.getLogger(__name__)


def keep_running(tick: Callable[[], None], every: dt.timedelta) -> BlockingScheduler:
    """Return a scheduler that calls `tick` now and then at each interval, one at a time; `start()` blocks.

    A tick that fails is logged, and the next one comes all the same.
    """
    # no job store: which stretches are judged is in our own tables, where two processes cannot lose it
    scheduler = BlockingScheduler(timezone=dt.UTC, executors={"default": ThreadPoolExecutor(1)})
    trigger = IntervalTrigger(seconds=int(every.total_seconds()), timezone=dt.UTC)
    first = dt.datetime.now(tz=dt.UTC)
    scheduler.add_job(
        _guarded(tick), trigger, next_run_time=first, coalesce=True, max_instances=1, misfire_grace_time=None
    )
    return scheduler


def _guarded(tick: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        try:
            tick()
        except TrackwatchError as error:
            _log.error("%s; the next evaluation will try again", error)
        except Exception:  # noqa: BLE001 the service must outlive one bad evaluation
            _log.exception("this evaluation failed; the next one will catch up")

    return run
