"""How are people told by mail?

One SMTP session per message, encrypted before anything secret is said. The mails of an
incident are one thread: same subject, same first message in References; the state is in
the text. A mail of which nobody knows whether it arrived is looked for in a mailbox, where one is
configured; else it is sent again with the same Message-ID, by which many mail systems (not
all) drop the second.
"""

from __future__ import annotations

import imaplib
import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from hashlib import sha256
from typing import Any

from checks.settings import required, setting
from monitor.alerts.base import Receipt
from monitor.alerts.html import as_html
from monitor.alerts.message import Message, Page, Picture, Reason, Severity
from monitor.alerts.pace import Bucket, bucket
from monitor.alerts.text import as_text
from monitor.alerts.tidy import one_line
from monitor.errors import DeliveryError, UsageError

LONGEST_SUBJECT = 180
CHART = "chart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """Mails to a few addresses through one SMTP server."""

    host: str = required("the SMTP server")
    sender: str = required("an address, with a name if one likes: Trackwatch <trackwatch@acme.example>")
    to: tuple[str, ...] = required("addresses")
    port: int = setting(587, "the server's port")
    user: str | None = setting(None, "the name to log in with")
    password: str | None = setting(None, "the password; never sent unencrypted", secret=True)
    starttls: bool = setting(True, "encrypt before anything is said")
    ssl: bool = setting(False, "TLS from the first byte (port 465), instead of STARTTLS")
    cafile: str | None = setting(None, "certificates to trust, where no public authority has signed the server's")
    imap_host: str | None = setting(
        None, "a mailbox that gets these mails too, where it is looked whether one has arrived"
    )
    imap_port: int = setting(993, "its port, encrypted from the first byte")
    imap_user: str | None = setting(None, "the name to log in with there")
    imap_password: str | None = setting(None, "the password there", secret=True)
    imap_folder: str = setting("INBOX", "the folder to look in")
    per_second: float = setting(1.0, "mails a second")
    timeout: float = setting(30.0, "seconds, for each answer")
    turns: Bucket = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what cannot work, and a password that would travel in the clear."""
        if self.user and not (self.starttls or self.ssl):
            raise UsageError("an SMTP login needs starttls or ssl: without, the password can be read on the way")
        if not self.to:
            raise UsageError("an email channel needs at least one address in `to`")
        if self.imap_host and not (self.imap_user and self.imap_password):
            raise UsageError("imap_host needs imap_user and imap_password: a mailbox is not open to everybody")
        object.__setattr__(self, "turns", bucket(self.per_second))
        for address in (self.sender, *self.to):
            _address(address)

    def send(self, message: Message, root: Receipt | None) -> Receipt:
        """Send one mail; with `root`, as a reply to the incident's first."""
        root = root if root and "message_id" in root.data else None  # not ours: the channel was of another kind then
        mail = compose(message, root, sender=self.sender, to=self._recipients(message))
        with _talking(sent=False):
            server = self._connect()
        try:
            with _talking(sent=True):
                refused = server.send_message(mail)
        finally:
            _part(server)
        first = root.data if root else {"message_id": mail["Message-ID"], "subject": mail["Subject"]}
        known = {name: first[name] for name in ("message_id", "subject")}  # not whom an earlier mail did not reach
        return Receipt({**known, "refused": _told(refused)}) if refused else Receipt(known)

    def reaches(self, address: str) -> bool:
        """Say whether this is an address to which mail can be sent."""
        try:
            _address(address)
        except UsageError:
            return False
        return True

    def find(self, message: Message, root: Receipt | None) -> Receipt | None:
        """Look into the mailbox for the mail's Message-ID.

        Without a mailbox nobody can tell: then it is sent again, with the same Message-ID.
        """
        if self.imap_host is None:
            raise DeliveryError("there is no mailbox to look into (imap_host)", permanent=True)
        identity = message_id(message, _address(self.sender).domain, self._recipients(message))
        with _looking():
            box = imaplib.IMAP4_SSL(
                self.imap_host, self.imap_port, ssl_context=_trust(self.cafile), timeout=self.timeout
            )
            try:
                there = self._holds(box, identity)
            finally:
                box.shutdown()  # not logout(), which leaves the socket open where the server broke off
        return (root or Receipt({"message_id": identity, "subject": _subject(message)})) if there else None

    def _recipients(self, message: Message) -> tuple[str, ...]:
        return (message.to,) if message.to else self.to

    def _holds(self, box: imaplib.IMAP4, identity: str) -> bool:
        box.login(self.imap_user or "", self.imap_password or "")
        status, _ = box.select(f'"{self.imap_folder}"', readonly=True)
        if status != "OK":
            raise DeliveryError(f"the mailbox has no folder {self.imap_folder!r}", permanent=True)
        _, found = box.search(None, "HEADER", "Message-ID", f'"{identity}"')
        return bool(found and found[0])

    def _connect(self) -> smtplib.SMTP:
        context = _trust(self.cafile)
        if self.ssl:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        try:
            if self.starttls and not self.ssl:
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password or "")
        except BaseException:
            server.close()
            raise
        return server


def compose(message: Message, root: Receipt | None, *, sender: str, to: tuple[str, ...]) -> EmailMessage:
    """Return the mail: text for everybody, HTML with the chart as an inline image for most."""
    mail = EmailMessage()
    mail["Subject"] = root.data["subject"] if root else _subject(message)
    mail["From"], mail["To"] = _address(sender), [_address(address) for address in to]
    domain = _address(sender).domain
    mail["Message-ID"] = message_id(message, domain, to)
    for name, value in _headers(message, root, domain).items():
        mail[name] = value
    page = message.page or _page(message)
    mail.set_content(page.text, cte="quoted-printable")
    mail.add_alternative(page.html, subtype="html", cte="quoted-printable")
    body: Any = mail.get_payload(1)
    for each in page.pictures:
        name = f"{each.name}.png"
        body.add_related(each.png, "image", "png", cid=f"<{each.name}>", disposition="inline", filename=name)
    return mail


def _page(message: Message) -> Page:
    """Return an alert as a document."""
    chart = message.chart
    pictures = (Picture(CHART, chart.png, chart.alt),) if chart else ()
    return Page(text=as_text(message), html=as_html(message, CHART), document="", pictures=pictures)


def message_id(message: Message, domain: str, to: Sequence[str]) -> str:
    """Return the Message-ID: always the same for the same message to the same people.

    Two channels may share a mailbox, and each of them looks there for its own mail.
    """
    known = "\0".join((message.id, *to))
    return f"<trackwatch.{sha256(known.encode()).hexdigest()[:24]}@{domain}>"


def _trust(cafile: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=cafile)


def _subject(message: Message) -> str:
    return one_line(message.title, LONGEST_SUBJECT)


def _headers(message: Message, root: Receipt | None, domain: str) -> Mapping[str, str]:
    thread = {"In-Reply-To": root.data["message_id"], "References": root.data["message_id"]} if root else {}
    is_report = message.reason is Reason.REPORT
    urgent = {"Importance": "high"} if message.tone == Severity.CRITICAL.value and not is_report else {}
    kind = "reports" if is_report else "alerts"
    return {
        "Date": format_datetime(message.at),
        **thread,
        **urgent,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "List-ID": f"trackwatch {kind} <{'trackwatch-reports' if is_report else 'trackwatch'}.{domain}>",
        "X-Trackwatch-Incident": one_line(message.incident, 100),
    }


def _address(text: str) -> Address:
    name, address = parseaddr(text)
    try:
        parsed = Address(display_name=name, addr_spec=address)
    except (MessageError, ValueError, IndexError):
        parsed = Address()
    if not text.isprintable() or not parsed.username or not parsed.domain:
        raise UsageError(f"{text!r} is not an email address; write it like data@acme.example") from None
    return parsed


@contextmanager
def _talking(*, sent: bool) -> Iterator[None]:
    """Turn every way in which a server can fail into a DeliveryError.

    A connection that breaks while the mail is handed over (`sent`) leaves open whether it was taken.
    """
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        final = all(code >= 500 for code, _ in error.recipients.values())
        raise DeliveryError(f"all recipients were refused: {_told(error.recipients)}", permanent=final) from None
    except smtplib.SMTPAuthenticationError as error:
        told = f"the mail server refused the login: {_reply(error)}"
        raise DeliveryError(told, permanent=error.smtp_code >= 500) from None
    except smtplib.SMTPResponseException as error:
        raise DeliveryError(f"the mail server said {_reply(error)}", permanent=error.smtp_code >= 500) from None
    except smtplib.SMTPNotSupportedError as error:
        raise DeliveryError(f"the mail server cannot do what is configured: {error}", permanent=True) from None
    except ssl.SSLCertVerificationError as error:
        told = f"the mail server's certificate is not trusted: {error.verify_message}"
        raise DeliveryError(told, permanent=True) from None
    except (smtplib.SMTPException, OSError) as error:
        told = (
            f"the mail server broke off ({type(error).__name__})" if sent else f"cannot reach the mail server: {error}"
        )
        raise DeliveryError(told, permanent=False, ambiguous=sent) from None


@contextmanager
def _looking() -> Iterator[None]:
    """Turn every way in which a mailbox can fail into a DeliveryError. A login that fails will fail again."""
    try:
        yield
    except imaplib.IMAP4.abort as error:
        raise DeliveryError(f"the mailbox broke off: {one_line(str(error), 300)}", permanent=False) from None
    except imaplib.IMAP4.error as error:
        raise DeliveryError(f"the mailbox refused: {one_line(str(error), 300)}", permanent=True) from None
    except OSError as error:
        raise DeliveryError(f"cannot reach the mailbox ({type(error).__name__})", permanent=False) from None


def _reply(error: smtplib.SMTPResponseException) -> str:
    said = error.smtp_error
    return one_line(f"{error.smtp_code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}", 300)


def _told(refused: Mapping[str, tuple[int, bytes]]) -> str:
    answers = (f"{name}: {code} {said.decode('utf-8', 'replace')}" for name, (code, said) in refused.items())
    return one_line("; ".join(answers), 600)


def _part(server: smtplib.SMTP) -> None:
    """Say goodbye if anybody still listens: the mail is through, or its fate is known already."""
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()
