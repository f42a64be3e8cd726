"""How is Slack's Web API asked, and what do its answers mean for another try?"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry import HttpRequest, HttpResponse, RateLimitErrorRetryHandler, RetryHandler, RetryState

from monitor.errors import DeliveryError, UsageError

LONGEST_WAIT = 5.0  # seconds that a request waits when Slack asks to; what takes longer is for the next pass

_PASSING = {"ratelimited", "rate_limited", "service_unavailable", "request_timeout", "team_added_to_org"}
_BROKEN = {"internal_error", "fatal_error"}  # Slack: part of it may have happened
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


def checked(token: str, looks: str) -> str:
    """Return a token without the blanks around it.

    Raises:
        UsageError: it could not be sent; the HTTP library would put it into its complaint.
    """
    if not re.fullmatch(r"[!-~]+", token.strip()):
        raise UsageError(f"the Slack token is empty or has blanks in it: it should look like {looks}…")
    return token.strip()


def web_client(token: str, base_url: str, timeout: int) -> WebClient:
    """Return a client that never asks twice by itself, except where Slack asked it to wait a little."""
    # The SDK's own retry after a dropped connection can post twice; only waiting when asked to is safe.
    retries: list[RetryHandler] = [_WaitWhenAsked(max_retry_count=2)]
    client = WebClient(token, base_url=base_url, timeout=timeout, retry_handlers=retries)
    client.proxy = None  # urllib reads the proxy variables itself, and heeds no_proxy, which the SDK does not
    return client


class RefusedError(DeliveryError):
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
def asking(method: str, *, repeatable: bool = False) -> Iterator[None]:
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
    return RefusedError(code, told)
