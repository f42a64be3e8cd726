"""Does somebody outside know that evaluations go on? A check of healthchecks.io, or of what speaks like it.

Pings never hold anything up: they are short, tried once more, and what becomes of them is only logged.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Literal

from urllib3 import PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError

Signal = Literal["start", "success", "fail"]
PATIENCE = Timeout(5.0)  # seconds, to connect and to be answered

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Where pings go; without an address, nowhere. The address is a secret: who knows it can keep the alarm quiet."""

    url: str | None = field(repr=False)
    _pool: PoolManager = field(default_factory=PoolManager, repr=False)

    def ping(self, signal: Signal, text: str = "") -> bool:
        """Send a signal with a few words; return whether it was taken."""
        if self.url is None:
            return False
        address = self.url.rstrip("/") + ("" if signal == "success" else f"/{signal}")
        retries = Retry(2, backoff_factor=0.5, status_forcelist=(502, 503, 504), allowed_methods=None)
        try:
            answer = self._pool.request("POST", address, body=text.encode(), timeout=PATIENCE, retries=retries)
        except HTTPError as error:
            _log.warning("the heartbeat was not heard (%s)", type(error).__name__)
            return False
        if answer.status >= 400:
            _log.warning("the heartbeat was refused (%d)", answer.status)
        return answer.status < 400
