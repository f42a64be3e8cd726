"""What happens when somebody presses a button in Slack?

Slack wants an answer within three seconds and a run may hold the state for longer, so that a
press is taken at once and worked on by a thread: the incident is changed, everybody is told,
and the message shows who did it. Where that fails, the person who pressed is told alone.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from tenacity import RetryError, Retrying, retry_if_exception, sleep_using_event, stop_when_event_set, wait_exponential

from monitor.acting import act
from monitor.actions import Action, Verb
from monitor.alerts.deliver import deliver
from monitor.config import Config
from monitor.errors import DeliveryError, TrackwatchError
from monitor.history.memory import Memory

if TYPE_CHECKING:
    from monitor.alerts.channels.slack import Slack
    from monitor.alerts.slack.buttons import Pressed

LONGEST_PAUSE = 60.0  # seconds between tries to reach Socket Mode

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where presses are worked on, one after the other."""

    config: Config
    memory: Memory
    now: Callable[[], dt.datetime]
    _worker: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "slack-buttons"))

    def take(self, slack: Slack, payload: Mapping[str, Any]) -> None:
        """Take a payload of Slack's and come back at once; one that is no button of ours is left."""
        from monitor.alerts.slack.buttons import pressed  # noqa: PLC0415 heavy, for those who have Slack

        if press := pressed(payload):
            self._worker.submit(self._work, slack, press)

    def close(self) -> None:
        """Finish what was taken, and take nothing more."""
        self._worker.shutdown()

    def _work(self, slack: Slack, press: Pressed) -> None:
        try:
            said = self._act(press)
        except TrackwatchError as error:
            said = f"Nothing was changed: {error}"
        except Exception:  # noqa: BLE001 a bug must not end the thread that works on the next press
            _log.exception("a button could not be worked on")
            said = "Nothing was changed: trackwatch failed, and its log says why."
        if said:
            self._whisper(slack, press, said)

    def _act(self, press: Pressed) -> str:
        """Do what was asked, tell everybody, and return what only the one who pressed is told."""
        now = self.now()
        until = now + dt.timedelta(days=press.days) if press.days else None
        verb = Verb(press.verb)
        action = Action(verb=verb, incident=press.incident, by=press.by, via="slack", at=now, until=until)
        act(self.config, self.memory, action)
        try:
            deliver(self.memory.outbox, self.config.channels, now, self.config.delivery)
        except TrackwatchError as error:  # such as: another process delivers now
            _log.info("what %s did is told by the next delivery: %s", press.by, error)
        return f"Noted as {verb.value}, thank you." if verb in (Verb.USEFUL, Verb.NOISE) else ""

    @staticmethod
    def _whisper(slack: Slack, press: Pressed, said: str) -> None:
        try:
            slack.whisper(press.channel, press.user, said)
        except DeliveryError as error:
            _log.warning("%s was not told %r: %s", press.by, said, error.reason)


def slack_channels(config: Config) -> tuple[Slack, ...]:
    """Return the channels that may have buttons."""
    # a configuration without Slack must not pay for importing its SDK
    if not any(type(channel).__name__ == "Slack" for channel in config.channels.values()):
        return ()
    from monitor.alerts.channels.slack import Slack  # noqa: PLC0415 heavy, for those who have Slack

    return tuple(channel for channel in config.channels.values() if isinstance(channel, Slack))


class Listener:
    """Hears buttons over Socket Mode, once for each app of a configuration.

    Slack that cannot be reached is tried again in the background, with growing pauses.
    """

    def __init__(self, memory: Memory, now: Callable[[], dt.datetime]) -> None:
        """Prepare; nothing is heard before there is a configuration to follow."""
        self._memory = memory
        self._now = now
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open = ExitStack()

    def follow(self, config: Config) -> None:
        """Hear what this configuration says, and no longer what the one before said."""
        self.stop()
        self._stop = threading.Event()
        apps = {slack.app_token: slack for slack in slack_channels(config) if slack.app_token}
        if not apps:
            return
        desk = Desk(config, self._memory, self._now)
        self._open.callback(desk.close)
        for slack in apps.values():
            given = (slack, desk, self._stop, self._open)
            self._threads.append(threading.Thread(target=_keep_trying, args=given, daemon=True, name="slack-socket"))
            self._threads[-1].start()

    def stop(self) -> None:
        """Hear nothing more, once what was pressed is worked on."""
        self._stop.set()
        while self._threads:
            self._threads.pop().join()
        self._open.close()


def _keep_trying(slack: Slack, desk: Desk, stop: threading.Event, open_sockets: ExitStack) -> None:
    from monitor.alerts.slack.socket import hear  # noqa: PLC0415 heavy, for those who have Slack

    patiently = Retrying(
        wait=wait_exponential(max=LONGEST_PAUSE),
        stop=stop_when_event_set(stop),
        sleep=sleep_using_event(stop),
        retry=retry_if_exception(lambda error: isinstance(error, DeliveryError) and not error.permanent),
        before_sleep=lambda state: _log.warning(
            "Socket Mode: %s; trying again", state.outcome and state.outcome.exception()
        ),
    )
    try:
        end = patiently(hear, slack.app_token or "", slack.base_url, slack.timeout, partial(desk.take, slack))
    except RetryError:
        return  # told to stop before Slack answered
    except DeliveryError as error:
        _log.error("buttons in Slack will not work: %s", error.reason)
    else:
        open_sockets.callback(end)
