"""How is a message posted to a web address, and what does the answer mean for another try?"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

import urllib3

from monitor.alerts.tidy import one_line
from monitor.errors import DeliveryError, UsageError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
WORTH_ANOTHER_TRY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


def checked(url: str) -> str:
    """Return a web address that may be told what is wrong: encrypted, or on this machine.

    Raises:
        UsageError: it is neither.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)):
        return url
    raise UsageError("the address must begin with https:// (http:// only for localhost)")


def post(url: str, body: bytes, headers: Mapping[str, str], timeout: float) -> bytes:
    """Post JSON once and return what came back; redirects are not followed.

    Raises:
        DeliveryError: it was not taken. Permanent when the answer blames the request (RFC 9110
            §15.5); ambiguous when nobody knows, because the connection broke after the request.
    """
    kind = {"Content-Type": "application/json", "User-Agent": "trackwatch"}
    where = urlsplit(url).hostname
    try:
        with urllib3.PoolManager(retries=False, timeout=timeout) as pool:
            answer = pool.request("POST", url, body=body, headers=kind | dict(headers), redirect=False)
    except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
        raise DeliveryError(f"cannot reach {where} ({type(error).__name__})", permanent=False) from None
    except urllib3.exceptions.SSLError:
        raise DeliveryError(f"the certificate of {where} is not trusted", permanent=True) from None
    except urllib3.exceptions.HTTPError as error:
        raise DeliveryError(f"{where} broke off ({type(error).__name__})", permanent=False, ambiguous=True) from None
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return answer.data
    again = answer.status in WORTH_ANOTHER_TRY or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    said = one_line(answer.data.decode("utf-8", "replace"), 200)
    raise DeliveryError(
        f"{where} answered {answer.status}{': ' if said else ''}{said}",
        permanent=not again,
        retry_after=_seconds(answer.headers.get("Retry-After")),
    )


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else None
