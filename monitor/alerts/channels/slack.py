"""How are people told in Slack?

With a bot token (scopes `chat:write`, `files:write`; `users:read.email` and `usergroups:read` to
mention owners by address and handle; `channels:history` to look whether a message arrived). An
incident is one message: its first message is edited to the newest state, and what happened is
told in its thread, where it wakes nobody, except for what must not be missed. With Socket Mode
or a signing secret there are buttons below it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from slack_sdk import WebClient

from checks.settings import required, setting
from monitor.alerts.base import Receipt
from monitor.alerts.blockkit import as_blocks, as_line, escape
from monitor.alerts.message import Chart, Message, Reason
from monitor.alerts.pace import Bucket, bucket
from monitor.alerts.slack.buttons import buttons
from monitor.alerts.slack.client import RefusedError, asking, checked, web_client
from monitor.alerts.slack.people import People
from monitor.alerts.tidy import LONGEST_ALT, one_line
from monitor.errors import DeliveryError, UsageError

EVENT_TYPE = "trackwatch_alert"
PAGE = 200  # messages that are read at once when one is looked for
MOST_PAGES = 10
LOUD = frozenset({Reason.WORSE, Reason.REOPENED, Reason.ESCALATED, Reason.REMINDER})  # shown in the channel too

_GONE = {"message_not_found", "channel_not_found", "is_archived", "cant_update_message"}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """Posts to one Slack channel. `channel` is best an id (`C…`): names cannot be looked into."""

    token: str = required("the bot token, xoxb-…", secret=True)
    channel: str = required("the id of a channel, C…: names cannot be looked into")
    app_token: str | None = setting(None, "xapp-…: buttons are heard over Socket Mode", secret=True)
    signing_secret: str | None = setting(None, "buttons are heard at /slack/interactions", secret=True)
    per_second: float = setting(1.0, "messages a second: what Slack allows in one channel")
    base_url: str = setting("https://slack.com/api/", "where Slack is")
    timeout: int = setting(10, "seconds, for each request")
    turns: Bucket = field(init=False, repr=False, compare=False)
    _people: People = field(default_factory=People, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse tokens that could not be sent."""
        checked(self.token, "xoxb-")
        if self.app_token is not None and checked(self.app_token, "xapp-").startswith("xoxb-"):
            raise UsageError("app_token is a bot token; the app-level token looks like xapp-…")
        if self.signing_secret is not None and not self.signing_secret.strip():
            raise UsageError("the signing_secret is empty; it is on the page 'Basic Information' of the Slack app")
        object.__setattr__(self, "turns", bucket(self.per_second))

    def send(self, message: Message, root: Receipt | None) -> Receipt:
        """Post the incident's first message; with `root`, edit that one and tell its thread."""
        client = self._client()
        known = root is not None and "ts" in root.data  # else the channel was of another kind then
        if root is None or not known or not self._update(client, message, root):
            return self._open(client, message)
        with asking("chat.postMessage"):
            client.chat_postMessage(
                channel=root.data["channel"],
                thread_ts=root.data["ts"],
                text=as_line(message),
                metadata=_metadata(message),
                reply_broadcast=message.reason in LOUD,
                unfurl_links=False,
            )
        return root

    def find(self, message: Message, root: Receipt | None) -> Receipt | None:
        """Look for a message by its id in the newest 2,000 of the channel, or in the incident's thread."""
        client = self._client()
        for posted in self._posted(client, root):
            if posted.get("metadata", {}).get("event_payload", {}).get("outbox_id") == message.id:
                return root or self._finished(client, message, posted)
        return None

    def whisper(self, channel: str, user: str, text: str) -> None:
        """Say something to one person in a channel, which nobody else sees. Raises DeliveryError."""
        with asking("chat.postEphemeral"):
            self._client().chat_postEphemeral(channel=channel, user=user, text=escape(text))

    def _finished(self, client: WebClient, message: Message, posted: Mapping[str, Any]) -> Receipt:
        """Return the receipt of a first message that has arrived, with its chart, which may not have."""
        data = {"channel": self.channel, "ts": str(posted["ts"])}
        if message.chart and not posted.get("reply_count"):
            _attach(client, message, data)
        return Receipt(data)

    def _posted(self, client: WebClient, root: Receipt | None) -> Iterator[Mapping[str, Any]]:
        with asking("conversations.history"):
            if root:
                channel, ts = root.data["channel"], root.data["ts"]
                pages: Iterable[Any] = client.conversations_replies(
                    channel=channel, ts=ts, limit=PAGE, include_all_metadata=True
                )
            else:
                pages = client.conversations_history(channel=self.channel, limit=PAGE, include_all_metadata=True)
            for page in islice(pages, MOST_PAGES):
                yield from page.get("messages") or ()

    def _client(self) -> WebClient:
        return web_client(self.token.strip(), self.base_url, self.timeout)

    def _blocks(self, client: WebClient, message: Message) -> list[dict[str, Any]]:
        blocks = as_blocks(message, self._people.mention(client, message.mention))
        return blocks + (buttons(message) if self.app_token or self.signing_secret else [])

    def _open(self, client: WebClient, message: Message) -> Receipt:
        with asking("chat.postMessage"):
            answer = client.chat_postMessage(
                channel=self.channel,
                text=as_line(message),
                blocks=self._blocks(client, message),
                metadata=_metadata(message),
                unfurl_links=False,
            )
        data = {"channel": str(answer["channel"]), "ts": str(answer["ts"])}
        missing = _attach(client, message, data) if message.chart else ""
        return Receipt({**data, "chart": missing} if missing else data)

    def _update(self, client: WebClient, message: Message, root: Receipt) -> bool:
        """Bring the first message up to date; False if it is gone, so that there is no thread to tell."""
        blocks = self._blocks(client, message)
        try:
            with asking("chat.update", repeatable=True):
                client.chat_update(
                    channel=root.data["channel"],
                    ts=root.data["ts"],
                    text=as_line(message),
                    blocks=blocks,
                )
        except RefusedError as refused:
            if refused.code in _GONE:
                return False
            if not refused.permanent:
                raise
            _log.warning("the first message of %s was not edited: %s", message.incident, refused.reason)
        return True


def _metadata(message: Message) -> dict[str, Any]:
    payload = {"outbox_id": message.id, "incident_id": message.incident}
    return {"event_type": EVENT_TYPE, "event_payload": payload}


def _attach(client: WebClient, message: Message, root: Mapping[str, str]) -> str:
    """Put the chart into the thread; where that fails, say so there and return why."""
    try:
        with asking("files.upload"):
            _upload(client, message, root)
    except DeliveryError as error:
        _log.warning("the chart of %s was not uploaded: %s", message.incident, error.reason)
        _tell_thread(client, root, f"The chart could not be added: {error.reason}")
        return f"not added: {error.reason}"
    return ""


def _upload(client: WebClient, message: Message, root: Mapping[str, str]) -> None:
    chart = message.chart or Chart(b"", "")
    client.files_upload_v2(
        channel=root["channel"],
        thread_ts=root["ts"],
        file=chart.png,
        filename="chart.png",
        title=one_line(message.title, 100),
        alt_txt=one_line(chart.alt, LONGEST_ALT),
    )


def _tell_thread(client: WebClient, root: Mapping[str, str], text: str) -> None:
    try:
        with asking("chat.postMessage"):
            client.chat_postMessage(channel=root["channel"], thread_ts=root["ts"], text=escape(text))
    except DeliveryError as error:
        _log.warning("the thread was not told: %s", error.reason)
