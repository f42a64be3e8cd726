"""How is any other service told? By signed JSON, posted to its address.

Signed as Standard Webhooks 1.0 says (standardwebhooks.com): the header `webhook-signature` is
`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`. The timestamp is that of the try, so
that a receiver can refuse what is old. A message that is sent again carries the same
`webhook-id`: the receiver drops what it has.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from checks.settings import required, setting
from monitor.alerts.base import Receipt
from monitor.alerts.message import Facts, Link, Message
from monitor.alerts.pace import Bucket, bucket
from monitor.alerts.post import checked, post
from monitor.alerts.text import as_text, headline
from monitor.alerts.tidy import one_line, tidy
from monitor.errors import UsageError

VERSION = 1
PREFIX = "whsec_"  # of a secret that is written in base64


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """JSON to one address."""

    url: str = required("the address")
    secret: str | None = setting(None, "shared with the receiver, to sign with; `whsec_…` is base64", secret=True)
    per_second: float = setting(5.0, "messages a second")
    timeout: float = setting(30.0, "seconds, for each request")
    turns: Bucket = field(init=False, repr=False, compare=False)
    _clock: Callable[[], float] = field(default=time.time, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse an address that is not encrypted, and a secret that cannot be read."""
        checked(self.url)
        object.__setattr__(self, "turns", bucket(self.per_second))
        if self.secret is not None:
            _key(self.secret)

    def send(self, message: Message, root: Receipt | None) -> Receipt:
        """Post one message; a thread is what has the same `incident`."""
        body = orjson.dumps(content(message))
        post(self.url, body, self._headers(message, body), self.timeout)
        return root or Receipt({"incident": message.incident})

    def _headers(self, message: Message, body: bytes) -> Mapping[str, str]:
        stamp = str(int(self._clock()))
        headers = {"webhook-id": identity(message.id), "webhook-timestamp": stamp}
        if self.secret is None:
            return headers
        return headers | {"webhook-signature": signature(self.secret, headers["webhook-id"], stamp, body)}


def identity(name: str) -> str:
    """Return the `webhook-id` of a message of this name: the same whenever it is sent.

    >>> identity("inc_1.1")
    'msg_e1f5fe3852b4fbc1fa95f815b9484f3f'
    """
    return f"msg_{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def content(message: Message) -> dict[str, Any]:
    """Return a message as JSON has it; the same message gives the same bytes."""
    known = tidy(message)
    facts = {label: value for block in known.blocks if isinstance(block, Facts) for label, value in block.rows}
    links = [{"label": block.label, "url": block.url} for block in known.blocks if isinstance(block, Link)]
    return {
        "version": VERSION,
        "id": known.id,
        "incident": known.incident,
        "reason": known.reason.value,
        "severity": known.severity.value,
        "resolved": known.tone == "resolved",
        "title": headline(known),
        "summary": known.summary,
        "facts": facts,
        "links": links,
        "owner": one_line(known.mention) if known.mention else None,
        "text": as_text(known),
        "at": known.at.isoformat(timespec="seconds"),
        **({"report": orjson.loads(known.page.document)} if known.page else {}),
    }


def signature(secret: str, identity: str, stamp: str, body: bytes) -> str:
    """Return the signature of a body. The example is that of the specification's reference libraries.

    >>> signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
    ...           b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = b".".join((identity.encode(), stamp.encode(), body))
    return f"v1,{base64.b64encode(hmac.digest(_key(secret), signed, 'sha256')).decode()}"


def _key(secret: str) -> bytes:
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise UsageError("the secret begins with whsec_ and is not base64 after it") from None
