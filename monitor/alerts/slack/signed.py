"""Does a request come from Slack, and was it made just now?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from slack_sdk.signature import Clock, SignatureVerifier


def is_genuine(secret: str, body: bytes, headers: Mapping[str, str], now: Callable[[], float]) -> bool:
    """Say whether a request was signed with the app's signing secret within the last five minutes.

    Args:
        secret: the signing secret, from the app's page "Basic Information".
        body: the request's body, byte by byte.
        headers: the request's headers.
        now: seconds since 1970.
    """
    try:
        return SignatureVerifier(secret, _Now(now)).is_valid_request(body, dict(headers))
    except (ValueError, TypeError):  # a timestamp that is no number, a body that is no text
        return False


class _Now(Clock):
    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    def now(self) -> float:
        return self._now()
