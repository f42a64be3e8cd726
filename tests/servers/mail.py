"""Which mails came? A real SMTP server (aiosmtpd), with the mailbox that it fills, where one is wanted."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from servers.imap import PASSWORD, USER, mailbox
from servers.packages import free_port

from monitor.alerts.channels.email import Email, message_id
from monitor.history.outbox import Entry
from monitor.testing import example
from monitor.testing.outlets import FAST, Outlet

DOMAIN = "acme.example"


class Counting:
    """Takes every mail, and counts them by Message-ID."""

    def __init__(self) -> None:
        self.came: Counter[str] = Counter()
        self.identities: set[str] = set()  # what the mailbox holds

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 aiosmtpd's name
        identity = message_from_bytes(envelope.content, policy=default)["Message-ID"]
        self.came[identity] += 1
        self.identities.add(identity)
        return "250 OK"


def name_of(entry: Entry) -> str:
    """Return the Message-ID of a delivery."""
    message = example(id=entry.id.removesuffix(f"-{entry.channel}"))
    return message_id(message, DOMAIN, [address_of(entry.channel)])


def address_of(name: str) -> str:
    return f"{name}@{DOMAIN}"


@contextmanager
def mail(folder: Path, *, looked_into: bool) -> Iterator[Outlet]:
    """Tell two addresses, whose one mailbox can be looked into or not."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    counting = Counting()
    controller = Controller(counting, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        with mailbox(context, counting.identities) as port:
            looks = {"imap_host": "127.0.0.1", "imap_port": port, "imap_user": USER, "imap_password": PASSWORD}
            settings: dict[str, Any] = {
                "host": "127.0.0.1",
                "port": controller.port,
                "sender": address_of("trackwatch"),
                "starttls": False,
                "per_second": FAST,
                "cafile": str(folder / "ca.pem"),
                **(looks if looked_into else {}),
            }
            kind = "box" if looked_into else "mail"
            names = (f"{kind}-one", f"{kind}-two")
            told = {name: Email(to=(address_of(name),), **settings) for name in names}
            yield Outlet(told, lambda: counting.came, name_of)
    finally:
        controller.stop()
