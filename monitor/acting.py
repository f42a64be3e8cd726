"""Somebody does something about an incident: what is changed, and who is told?

The command line, the web pages and the buttons in Slack all come here.
"""

from __future__ import annotations

from monitor.actions import Action, apply
from monitor.alerts.deliver import Delivery
from monitor.config import Config
from monitor.history.memory import Memory
from monitor.incidents import Incident
from monitor.pipeline import composer_of
from monitor.tell import tell


def act(config: Config, memory: Memory, action: Action) -> Incident:
    """Apply an action, keep it, and put what is now due into the outbox: in one transaction.

    It is sent by the next delivery: a run, or `monitor.alerts.deliver.deliver` right away.

    Raises:
        UsageError: there is no such incident, or the action makes no sense now; nothing is changed.
        StateError: the state database does not answer.
    """

    def change(incident: Incident) -> tuple[Incident, tuple[Delivery, ...]]:
        changed, channels = [apply(incident, action)], tuple(config.channels)
        told = tell(changed, composer_of(config), lambda _: None, action.at, channels, config.telling)
        return told.incidents[0], told.deliveries

    return memory.act(action, change)
