"""Which buttons are below an incident in Slack, and what does it mean when one is pressed?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitor.alerts.blockkit import Kit
from monitor.alerts.message import Message, Reason

PREFIX = "trackwatch:"
# what is done, and for how many days; the label; whether it makes sense once it is over
BUTTONS: tuple[tuple[str, str, bool], ...] = (
    ("acknowledge", "Acknowledge", False),
    ("snooze:1", "Snooze 1 day", False),
    ("snooze:7", "Snooze 1 week", False),
    ("resolve", "Resolve", False),
    ("useful", "Useful", True),
    ("noise", "Noise", True),
)
IDLE = {Reason.ACKNOWLEDGED: "acknowledge"}  # who has it in hand need not take it again


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button that somebody pressed."""

    verb: str  # a value of `monitor.actions.Verb`
    incident: str
    by: str  # as people know them
    user: str  # as Slack knows them
    channel: str  # where the message is
    days: int | None = None  # of a snooze


def buttons(message: Message) -> list[Kit]:
    """Return the row of buttons below a message; none below what nobody can do anything about."""
    if not message.is_of_incident:
        return []
    over = message.tone == "resolved"
    offered = [(act, label) for act, label, after in BUTTONS if (after or not over) and act != IDLE.get(message.reason)]
    return [{"type": "actions", "elements": [_button(act, label, message.incident) for act, label in offered]}]


def _button(act: str, label: str, incident: str) -> Kit:
    text = {"type": "plain_text", "text": label, "emoji": False}
    style = {"style": "primary"} if act == "acknowledge" else {}
    return {"type": "button", "action_id": PREFIX + act, "text": text, "value": incident, **style}


def pressed(payload: Mapping[str, Any]) -> Pressed | None:
    """Return which button was pressed, as Slack's payload of type block_actions says; None: not one of ours."""
    if payload.get("type") != "block_actions" or not payload.get("actions"):
        return None
    action, user = payload["actions"][0], payload.get("user") or {}
    act = str(action.get("action_id", ""))
    known = {PREFIX + act for act, _, _ in BUTTONS}
    if act not in known or not action.get("value") or not user.get("id"):
        return None
    verb, _, days = act.removeprefix(PREFIX).partition(":")
    return Pressed(
        verb=verb,
        incident=str(action["value"]),
        by=str(user.get("name") or user.get("username") or user["id"]),
        user=str(user["id"]),
        channel=str((payload.get("channel") or payload.get("container") or {}).get("id") or ""),
        days=int(days) if days else None,
    )
