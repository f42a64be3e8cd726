"""What does `trackwatch alert test` send?"""

from __future__ import annotations

import datetime as dt

import numpy as np

from checks.base import Evidence
from monitor.alerts.chart import draw
from monitor.alerts.message import Bullets, Facts, Message, Reason, Severity, Text
from monitor.alerts.text import moment


def test_message(now: dt.datetime) -> Message:
    """Return a message that needs all that a channel can do, and says that nothing is wrong. `now` is aware."""
    name = f"test-{now:%Y%m%dT%H%M%S}"
    return Message(
        id=name,
        incident=name,
        reason=Reason.TEST,
        severity=Severity.INFO,
        title="trackwatch can reach you here",
        summary="This is a test message: nothing is wrong.",
        blocks=(
            Facts((("Sent", moment(now)), ("Event", "which one, and on which source"))),
            Text("**What an alert says**"),
            Bullets(
                (
                    "what is wrong, and since when",
                    "how far it is from the expected interval, and how sure that is",
                    "who owns it, which question it endangers, and what to do next",
                )
            ),
        ),
        at=now,
        chart=draw(_evidence(now), "An example, not your data", getattr(now.tzinfo, "key", "UTC")),
    )


test_message.__test__ = False  # type: ignore[attr-defined]  # a message, not a test


def _evidence(now: dt.datetime) -> Evidence:
    """Return four made-up days with a daily wave, of which the last six hours are silent."""
    end = np.datetime64(int(now.timestamp()) // 3600 * 3600, "s")
    starts = end - np.arange(96, 0, -1) * np.timedelta64(3600, "s")
    expected = 300.0 + 200.0 * np.sin(np.arange(96) / 24 * 2 * np.pi)
    observed = expected * (1 + 0.06 * np.sin(np.arange(96) * 1.7))
    observed[-6:] = 0.0
    return Evidence("hour", starts, observed, expected, 0.85 * expected, 1.15 * expected, bad_from=90)
