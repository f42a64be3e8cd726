"""What does `trackwatch alert test` send?"""

from __future__ import annotations

import datetime as dt

from monitor.alerts.message import Bullets, Facts, Message, Reason, Severity, Text


def test_message(now: dt.datetime) -> Message:
    """Return a message that shows each kind of block and says that nothing is wrong. `now` is aware."""
    name = f"test-{now:%Y%m%dT%H%M%S}"
    return Message(
        id=name,
        incident=name,
        reason=Reason.TEST,
        severity=Severity.INFO,
        title="trackwatch can reach you here",
        summary="This is a test message: nothing is wrong.",
        blocks=(
            Text("**Alerts will look like this one**, with these facts:"),
            Facts((("Sent", f"{now:%a} {now.day} {now:%b %Y, %H:%M %Z}"), ("Event", "which one, and where"))),
            Bullets(
                ("what is wrong, and since when", "how far from the expected interval, and how sure", "who owns it")
            ),
        ),
        at=now,
    )


test_message.__test__ = False  # type: ignore[attr-defined]  # a message, not a test
