"""How is somebody paged? As an event of PagerDuty's Events API v2.

An incident is one alert there, by its dedup key: telling twice changes nothing, who has it in
hand acknowledges it, and recovery resolves it (developer.pagerduty.com/docs/events-api-v2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import orjson

from checks.settings import required, setting
from monitor.alerts.base import Receipt
from monitor.alerts.channels.webhook import content
from monitor.alerts.message import Link, Message, Reason
from monitor.alerts.pace import Bucket, bucket
from monitor.alerts.post import checked, post
from monitor.alerts.tidy import one_line, tidy

LONGEST_SUMMARY = 1024
LONGEST_KEY = 255
ACTIONS = {Reason.RESOLVED: "resolve", Reason.ACKNOWLEDGED: "acknowledge", Reason.SNOOZED: "acknowledge"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pagerduty:
    """Alerts of one service integration."""

    wakes: ClassVar[bool] = True
    routing_key: str = required("the key of an integration of type Events API V2", secret=True)
    url: str = setting("https://events.pagerduty.com/v2/enqueue", "where PagerDuty is")
    client_url: str | None = setting(None, "where the monitor's own pages are")
    per_second: float = setting(2.0, "events a second: PagerDuty takes 120 a minute")
    timeout: float = setting(30.0, "seconds, for each request")
    turns: Bucket = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse an address that is not encrypted."""
        checked(self.url)
        object.__setattr__(self, "turns", bucket(self.per_second))

    def send(self, message: Message, root: Receipt | None) -> Receipt:
        """Trigger, acknowledge or resolve; a test message does the first and the last: nobody is left paged."""
        for event in events(message, self.routing_key, self.client_url):
            post(self.url, orjson.dumps(event), {}, self.timeout)
        return root or Receipt({"dedup_key": _key(message)})


def events(message: Message, routing_key: str, client_url: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield what PagerDuty is told of a message."""
    about = {"routing_key": routing_key, "dedup_key": _key(message)}
    action = ACTIONS.get(message.reason, "trigger")
    yield about | {"event_action": action} | (_payload(message, client_url) if action == "trigger" else {})
    if message.reason is Reason.TEST:
        yield about | {"event_action": "resolve"}


def _key(message: Message) -> str:
    return message.incident[:LONGEST_KEY]


def _payload(message: Message, client_url: str | None) -> dict[str, Any]:
    known, told = tidy(message), content(message)
    links = [{"href": block.url, "text": block.label} for block in known.blocks if isinstance(block, Link)]
    payload = {
        "summary": one_line(f"{known.title}: {known.summary}", LONGEST_SUMMARY),
        "source": "trackwatch",
        "severity": known.severity.value,
        "timestamp": told["at"],
        "class": known.reason.value,
        "custom_details": {**told["facts"], "owner": told["owner"]},
    }
    client = {"client": "trackwatch", "client_url": client_url} if client_url else {"client": "trackwatch"}
    return {"payload": payload, "links": links, **client}
