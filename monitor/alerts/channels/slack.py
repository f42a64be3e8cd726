"""How are people told in Slack?

With a bot token (scopes `chat:write`, `files:write`; `users:read.email` to mention owners by
address; `channels:history` to look whether a message arrived). An incident is one message:
its first message is edited to the newest state, and what happened is told in its thread,
where it wakes nobody.
"""

from __future__ import annotations

import logging
import math
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry import HttpRequest, HttpResponse, RateLimitErrorRetryHandler, RetryHandler, RetryState

from monitor.alerts.base import Receipt
from monitor.alerts.blockkit import as_blocks, as_line, escape
from monitor.alerts.message import Chart, Message
from monitor.alerts.tidy import LONGEST_ALT, one_line
from monitor.errors import DeliveryError, UsageError

EVENT_TYPE = "trackwatch_alert"
LONGEST_WAIT = 30.0  # seconds that a run waits for Slack; what takes longer is for the next run

_PASSING = {"ratelimited", "rate_limited", "service_unavailable", "request_timeout", "team_added_to_org"}
_BROKEN = {"internal_error", "fatal_error"}  # Slack: part of it may have happened
_GONE = {"message_not_found", "channel_not_found", "is_archived", "cant_update_message"}
_ADVICE = {
    "not_in_channel": "invite the bot to the channel",
    "channel_not_found": "is the channel's id right, and is the bot in it if it is private?",
    "is_archived": "the channel is archived",
    "invalid_auth": "is the bot token right?",
    "not_authed": "is the bot token right?",
    "token_revoked": "the bot token was revoked",
    "token_expired": "the bot token has expired",
    "account_inactive": "the bot or its workspace was removed",
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """Posts to one Slack channel. `channel` is best an id (`C…`): names cannot be looked into."""

    token: str = field(repr=False)
    channel: str
    base_url: str = "https://slack.com/api/"
    timeout: int = 10  # seconds, for each request
    _people: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)  # address -> mention

    def __post_init__(self) -> None:
        """Refuse a token that could not be sent: the HTTP library would put it into its complaint."""
        if not re.fullmatch(r"[!-~]+", self.token.strip()):
            raise UsageError("the Slack token is empty or has blanks in it: it should look like xoxb-…")

    def send(self, message: Message, root: Receipt | None) -> Receipt:
        """Post the incident's first message; with `root`, edit that one and tell its thread."""
        client = self._client()
        known = root is not None and "ts" in root.data  # else the channel was of another kind then
        if root is None or not known or not self._update(client, message, root):
            return self._open(client, message)
        with _asking("chat.postMessage"):
            client.chat_postMessage(
                channel=root.data["channel"],
                thread_ts=root.data["ts"],
                text=as_line(message),
                metadata=_metadata(message),
                unfurl_links=False,
            )
        return root

    def find(self, message: Message, root: Receipt | None) -> Receipt | None:
        """Look for a message by its id in the newest 200 of the channel, or of the incident's thread."""
        client = self._client()
        with _asking("conversations.history"):
            if root:
                channel, ts = root.data["channel"], root.data["ts"]
                answer = client.conversations_replies(channel=channel, ts=ts, limit=200, include_all_metadata=True)
            else:
                answer = client.conversations_history(channel=self.channel, limit=200, include_all_metadata=True)
        for posted in answer.get("messages") or ():
            if posted.get("metadata", {}).get("event_payload", {}).get("outbox_id") == message.id:
                return root or Receipt({"channel": self.channel, "ts": posted["ts"]})
        return None

    def _client(self) -> WebClient:
        # The SDK's own retry after a dropped connection can post twice; only waiting when asked to is safe.
        retries: list[RetryHandler] = [_WaitWhenAsked(max_retry_count=3)]
        token = self.token.strip()
        client = WebClient(token, base_url=self.base_url, timeout=self.timeout, retry_handlers=retries)
        client.proxy = None  # urllib reads the proxy variables itself, and heeds no_proxy, which the SDK does not
        return client

    def _open(self, client: WebClient, message: Message) -> Receipt:
        with _asking("chat.postMessage"):
            answer = client.chat_postMessage(
                channel=self.channel,
                text=as_line(message),
                blocks=as_blocks(message, self._mention(client, message.mention)),
                metadata=_metadata(message),
                unfurl_links=False,
            )
        data = {"channel": str(answer["channel"]), "ts": str(answer["ts"])}
        missing = _attach(client, message, data) if message.chart else ""
        return Receipt({**data, "chart": missing} if missing else data)

    def _update(self, client: WebClient, message: Message, root: Receipt) -> bool:
        """Bring the first message up to date; False if it is gone, so that there is no thread to tell."""
        mention = self._mention(client, message.mention)
        try:
            with _asking("chat.update", repeatable=True):
                client.chat_update(
                    channel=root.data["channel"],
                    ts=root.data["ts"],
                    text=as_line(message),
                    blocks=as_blocks(message, mention),
                )
        except _RefusedError as refused:
            if refused.code in _GONE:
                return False
            if not refused.permanent:
                raise
            _log.warning("the first message of %s was not edited: %s", message.incident, refused.reason)
        return True

    def _mention(self, client: WebClient, owner: str | None) -> str:
        """Return the markup that calls an owner, or the owner as literal text where Slack knows nobody."""
        name = one_line(owner or "", 200)
        for pattern, markup in ((r"[UW][A-Z0-9]{6,}", "<@{}>"), (r"S[A-Z0-9]{6,}", "<!subteam^{}>")):
            if re.fullmatch(pattern, name):
                return markup.format(name)
        if re.fullmatch(r"[CG][A-Z0-9]{6,}", name):
            return f"<#{name}>"
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", name):
            return escape(name)
        return self._people.get(name) or self._look_up(client, name)

    def _look_up(self, client: WebClient, address: str) -> str:
        try:
            with _asking("users.lookupByEmail", repeatable=True):
                self._people[address] = f"<@{client.users_lookupByEmail(email=address)['user']['id']}>"
        except DeliveryError as error:
            _log.info("%s is not mentioned: %s", address, error.reason)
            if not error.permanent:
                return escape(address)
            self._people[address] = escape(address)
        return self._people[address]


class _RefusedError(DeliveryError):
    """Slack answered, and said no."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason, permanent=code not in _PASSING)
        self.code = code


class _WaitWhenAsked(RateLimitErrorRetryHandler):
    """Waits as long as Slack asks in Retry-After, if it asks understandably and not for too long."""

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is None or response.status_code != 429:
            return False
        pause = retry_after(response.headers)
        return pause is not None and pause <= LONGEST_WAIT

    def prepare_for_next_attempt(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        """Wait, and let the SDK try again."""
        state.next_attempt_requested = True
        time.sleep(retry_after(response.headers if response else {}) or 0.0)
        state.increment_current_attempt()


def retry_after(headers: Mapping[str, Any]) -> float | None:
    """Return the seconds that a Retry-After header asks for, at most a day; None without a usable one.

    >>> retry_after({"Retry-After": "1.5"})
    1.5
    """
    given = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    text = given[0] if isinstance(given, list) else given
    try:
        seconds = float(text or "nan")
    except ValueError:
        return None
    return min(max(seconds, 0.0), 86_400.0) if math.isfinite(seconds) else None


@contextmanager
def _asking(method: str, *, repeatable: bool = False) -> Iterator[None]:
    """Turn every way in which a request can fail into a DeliveryError without the token in it.

    A request that was sent and not answered may have been obeyed, unless doing it again does no harm.
    """
    try:
        yield
    except SlackApiError as error:
        raise _refusal(method, error) from None
    except HTTPError as error:  # of an upload, which does not go through the SDK's own checks
        raise DeliveryError(f"Slack answered {method} with {error.code}", permanent=error.code < 500) from None
    except URLError as error:
        raise DeliveryError(f"Slack cannot be reached: {error.reason}", permanent=False) from None
    except (OSError, HTTPException) as error:
        told = f"Slack did not answer {method} ({type(error).__name__})"
        raise DeliveryError(told, permanent=False, ambiguous=not repeatable) from None
    except (SlackClientError, ValueError) as error:
        raise DeliveryError(f"{method} could not be asked ({type(error).__name__})", permanent=True) from None


def _refusal(method: str, error: SlackApiError) -> DeliveryError:
    answer = error.response
    status, code = answer.status_code, str(answer.get("error") or "unknown_error")
    if status == 429:
        return DeliveryError("Slack asks to wait", permanent=False, retry_after=retry_after(answer.headers))
    if status >= 500 or code in _BROKEN or not re.fullmatch(r"\w+", code):
        said = code if re.fullmatch(r"\w+", code) else "no JSON"
        return DeliveryError(f"Slack is broken: {method} answered {status} ({said})", permanent=False, ambiguous=True)
    advice = _ADVICE.get(code) or (f"add the scope {answer.get('needed')}" if answer.get("needed") else "")
    told = f"Slack refused {method}: {code}" + (f"; {advice}" if advice else "")
    return _RefusedError(code, told)


def _metadata(message: Message) -> dict[str, Any]:
    payload = {"outbox_id": message.id, "incident_id": message.incident}
    return {"event_type": EVENT_TYPE, "event_payload": payload}


def _attach(client: WebClient, message: Message, root: Mapping[str, str]) -> str:
    """Put the chart into the thread; where that fails, say so there and return why."""
    try:
        with _asking("files.upload"):
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
        with _asking("chat.postMessage"):
            client.chat_postMessage(channel=root["channel"], thread_ts=root["ts"], text=escape(text))
    except DeliveryError as error:
        _log.warning("the thread was not told: %s", error.reason)
