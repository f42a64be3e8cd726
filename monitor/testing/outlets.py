"""Where do messages go, and what came there?

A channel of each kind with a server on this machine that counts. By what a message is known there, so that one which
comes twice can be told from two, is the channel's own business: that is `name_of`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from monitor.alerts.base import Channel
from monitor.alerts.channels.pagerduty import ACTIONS, Pagerduty
from monitor.alerts.channels.slack import Slack
from monitor.alerts.channels.webhook import Webhook, identity
from monitor.alerts.message import Reason
from monitor.history.outbox import Entry
from monitor.testing.http import Receiver
from monitor.testing.slack import FakeSlack

SLACK = {"C0ALERTS1": "slack-one", "C0ALERTS2": "slack-two"}
HOOKS = ("hook-one", "hook-two")
FAST = 1000.0  # messages a second: the servers here bear it


@dataclass(frozen=True, slots=True)
class Outlet:
    """Channels of one kind by name, and what came through them."""

    channels: Mapping[str, Channel]
    arrived: Callable[[], Counter[str]]
    name_of: Callable[[Entry], str]  # what a message is called where it arrives
    known_again: bool = False  # a receiver drops what it has already, by that name


@contextmanager
def slack() -> Iterator[Outlet]:
    """Tell two channels of a Slack, which can be asked what arrived."""
    with FakeSlack(channels=SLACK) as server:
        channels = {
            name: Slack(token=server.token, channel=channel, base_url=server.url, per_second=FAST)
            for channel, name in SLACK.items()
        }
        yield Outlet(
            channels,
            lambda: Counter(
                f"{m.metadata['event_payload']['outbox_id']}-{server.channels[m.channel]}"
                for m in server.messages
                if m.metadata
            ),
            lambda entry: entry.id,
        )


@contextmanager
def webhook() -> Iterator[Outlet]:
    """Tell two addresses, which cannot be asked; what is sent again has the same `webhook-id`."""
    with Receiver() as server:
        channels = {name: Webhook(url=f"{server.url}/{name}", per_second=FAST) for name in HOOKS}
        yield Outlet(
            channels,
            lambda: Counter(f"{each.headers['webhook-id']} {each.path.rpartition('/')[2]}" for each in server.posted),
            lambda entry: f"{identity(entry.id.removesuffix(f'-{entry.channel}'))} {entry.channel}",
            known_again=True,
        )


@contextmanager
def pagerduty() -> Iterator[Outlet]:
    """Page by one integration, which cannot be asked; an incident is one alert there, by its dedup key."""
    with Receiver() as server:
        yield Outlet(
            {"on-call": Pagerduty(routing_key="key", url=server.url, per_second=FAST)},
            lambda: Counter(f"{each.json['dedup_key']} {each.json['event_action']}" for each in server.posted),
            lambda entry: f"{entry.incident} {ACTIONS.get(Reason(entry.reason), 'trigger')}",
            known_again=True,
        )
