"""Does the service keep evaluating, and stop when it is told to?"""

from __future__ import annotations

import datetime as dt
import logging
import threading

import pytest

from monitor.errors import StoreError
from monitor.schedule import keep_running


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(StoreError("the store is down"), "the store is down; the next evaluation", id="a known failure"),
        pytest.param(RuntimeError("a bug"), "this evaluation failed", id="a bug"),
    ],
)
def test_an_evaluation_that_fails_is_followed_by_the_next(caplog, error, said):
    ticks = threading.Semaphore(0)

    def tick() -> None:
        ticks.release()
        raise error

    scheduler = keep_running(tick, dt.timedelta(seconds=1))
    thread = threading.Thread(target=scheduler.start)
    with caplog.at_level(logging.ERROR, logger="monitor.schedule"):
        thread.start()
        assert all(ticks.acquire(timeout=10) for _ in range(2))
    scheduler.shutdown(wait=True)
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert said in caplog.text
