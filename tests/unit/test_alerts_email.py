from __future__ import annotations

import datetime as dt
import email
import email.policy
import socket
import ssl
from contextlib import contextmanager
from dataclasses import replace

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from servers.imap import PASSWORD, USER, mailbox

from monitor.alerts.channels.email import Email, compose, message_id
from monitor.alerts.deliver import deliver
from monitor.alerts.message import Chart
from monitor.errors import DeliveryError, UsageError
from monitor.testing import MemoryOutbox, example, resolved

CHART = Chart(b"\x89PNG not really", "0 since Monday", "▇▁")
TEAM = ("data@acme.example", "checkout@acme.example")


class Mailbox:
    """An SMTP server's manners: what it answers to each step, and what it took."""

    def __init__(self, rcpt="", data="", drop=False):
        self.rcpt, self.data, self.drop, self.mails = rcpt, data, drop, []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  the name that aiosmtpd calls
        if self.rcpt and address == TEAM[-1]:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  the same
        if self.data:
            return self.data
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        if self.drop:
            server.transport.abort()
        return "250 OK"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(mailbox, **options):
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def plain(port, **changes):
    return Email(
        **{"host": "127.0.0.1", "port": port, "sender": "tw@acme.example", "to": TEAM, "starttls": False, **changes}
    )


def failure(channel):
    with pytest.raises(DeliveryError) as caught:
        channel.send(example(), None)
    return caught.value


def mail_of(message, root=None):
    return compose(message, root, sender="Trackwatch <tw@acme.example>", to=TEAM)


@pytest.fixture(scope="module")
def authority():
    return pytest.importorskip("trustme", reason="trustme makes the certificates of this test").CA()


@pytest.fixture
def secure(authority, tmp_path):
    """A server that wants STARTTLS and a login, and a channel that can do both."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    mailbox = Mailbox()

    def login(server, session, envelope, mechanism, data):
        return AuthResult(success=data.password == b"right", handled=False)

    options = {"tls_context": context, "require_starttls": True, "authenticator": login, "auth_required": True}
    with serving(mailbox, **options) as port:
        given = {"port": port, "starttls": True, "user": "tw", "password": "right", "cafile": str(tmp_path / "ca.pem")}
        yield mailbox, lambda **changes: plain(**{**given, **changes})


def test_a_mail_goes_out_after_starttls_and_login(secure):
    mailbox, channel = secure
    receipt = channel().send(example(chart=CHART), None)
    [mail] = mailbox.mails
    assert receipt.data == {"message_id": mail["Message-ID"], "subject": "Order Completed stopped on ios"}


def test_a_wrong_password_is_permanent_and_not_shown(secure):
    _, channel = secure
    error = failure(channel(password="wrong-secret"))
    assert (error.permanent, error.ambiguous) == (True, False)
    assert "wrong-secret" not in error.reason + repr(channel(password="wrong-secret"))


def test_an_unknown_certificate_is_not_trusted(secure):
    _, channel = secure
    error = failure(channel(cafile=None))
    assert error.permanent
    assert "certificate is not trusted" in error.reason


def test_a_server_without_starttls_gets_no_password():
    with serving(Mailbox()) as port:
        error = failure(plain(port, starttls=True, user="tw", password="x"))
    assert error.permanent
    assert "STARTTLS" in error.reason


@pytest.mark.parametrize(
    ("mailbox", "permanent", "ambiguous"),
    [
        pytest.param(Mailbox(data="550 no"), True, False, id="550 is for good"),
        pytest.param(Mailbox(data="451 later"), False, False, id="451 is for now"),
        pytest.param(Mailbox(drop=True), False, True, id="a drop after the mail says nothing"),
    ],
)
def test_what_can_go_wrong_is_told_apart(mailbox, permanent, ambiguous):
    with serving(mailbox) as port:
        error = failure(plain(port))
    assert (error.permanent, error.ambiguous) == (permanent, ambiguous)


@pytest.mark.parametrize(("answer", "permanent"), [("550 unknown", True), ("450 greylisted", False)])
def test_a_mail_that_nobody_may_get_fails(answer, permanent):
    with serving(Mailbox(rcpt=answer)) as port:
        error = failure(plain(port, to=TEAM[-1:]))
    assert error.permanent == permanent
    assert "checkout@acme.example: " + answer in error.reason


def test_one_refused_address_is_reported_and_the_others_get_the_mail():
    mailbox = Mailbox(rcpt="550 unknown")
    with serving(mailbox) as port:
        receipt = plain(port).send(example(), None)
    assert receipt.data["refused"] == "checkout@acme.example: 550 unknown"
    assert len(mailbox.mails) == 1


def test_a_server_that_is_not_there_has_not_got_the_mail():
    error = failure(plain(free_port()))
    assert (error.permanent, error.ambiguous) == (False, False)


def test_a_server_that_says_nothing_is_not_waited_for_long():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = failure(plain(silent.getsockname()[1], timeout=0.1))
    assert (error.permanent, error.ambiguous) == (False, False)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"user": "tw"}, "starttls or ssl", id="a login in the clear"),
        pytest.param({"to": ()}, "at least one address", id="no recipient"),
        pytest.param({"to": ("nobody",)}, "'nobody' is not an email address", id="a name is no address"),
        pytest.param({"sender": "a@b\r\nBcc: c@d"}, "is not an email address", id="a header in an address"),
    ],
)
def test_what_cannot_work_is_refused_at_once(given, said):
    with pytest.raises(UsageError, match=said):
        plain(25, **given)


def test_the_mail_has_text_and_a_page_with_its_picture():
    kinds = [part.get_content_type() for part in mail_of(example(chart=CHART)).walk()]
    assert kinds == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]


def test_the_page_shows_the_picture_of_the_mail():
    *_, page, picture = mail_of(example(chart=CHART)).walk()
    assert f"cid:{picture['Content-ID'].strip('<>')}" in page.get_content()
    assert picture.get_content() == CHART.png


def test_the_mails_of_an_incident_are_one_thread():
    with serving(Mailbox()) as port:
        root = plain(port).send(example(), None)
    reply = mail_of(resolved(), root)
    assert reply["Subject"] == "Order Completed stopped on ios"
    assert reply["In-Reply-To"] == reply["References"] == root.data["message_id"]
    assert reply["Message-ID"] != root.data["message_id"]


def test_the_same_message_has_the_same_id():
    assert mail_of(example())["Message-ID"] == mail_of(example(title="other words"))["Message-ID"]


def test_machines_know_it_is_from_a_machine():
    mail = mail_of(example())
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["List-ID"].endswith("<trackwatch.acme.example>")
    assert mail["Date"] == "Mon, 02 Mar 2026 20:00:00 +0000"


@pytest.mark.parametrize("name", ["x\r\nBcc: all@acme.example", "\ud800", "注文完了 🛒", "x" * 3000, '"; DROP'])
def test_a_name_cannot_break_a_header(name):
    mail = mail_of(example(title=name, summary=name, incident=name))
    assert "Bcc" not in mail
    assert len(mail["Subject"]) <= 180
    assert b"\n\n" in bytes(mail)


class TestWhetherAMailHasArrived:
    @pytest.fixture
    def looking(self, authority, tmp_path):
        """Return what serves a mailbox, and the channel that looks into it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        given = {"cafile": str(tmp_path / "ca.pem"), "imap_host": "127.0.0.1", "imap_user": USER}

        @contextmanager
        def opened(*identities, breaks_off_at="", **changes):
            with mailbox(context, set(identities), breaks_off_at=breaks_off_at) as port:
                yield plain(9, **{**given, "imap_port": port, "imap_password": PASSWORD, **changes})

        return opened

    def test_a_mail_that_is_there_is_found_with_the_receipt_that_sending_gives(self, looking):
        with serving(Mailbox()) as port:
            sent = plain(port).send(example(), None)
        with looking(sent.data["message_id"]) as channel:
            assert channel.find(example(), None) == sent
            assert channel.find(resolved(), sent) is None

    def test_the_same_message_to_others_in_the_same_mailbox_is_another_mail(self, looking):
        with serving(Mailbox()) as port:
            sent = plain(port, to=("others@acme.example",)).send(example(), None)
        with looking(sent.data["message_id"]) as channel:
            assert channel.find(example(), None) is None

    def test_without_a_mailbox_nobody_can_tell(self):
        with pytest.raises(DeliveryError, match="no mailbox to look into") as caught:
            plain(9).find(example(), None)
        assert caught.value.permanent

    @pytest.mark.parametrize(
        ("settings", "permanent", "said"),
        [
            pytest.param({"imap_password": "wrong"}, True, "AUTHENTICATIONFAILED", id="a wrong password"),
            pytest.param({"imap_folder": "Sent"}, True, "no folder 'Sent'", id="no such folder"),
            pytest.param({"breaks_off_at": "SEARCH"}, False, "broke off", id="a connection that ends"),
            pytest.param({"imap_port": 9}, False, "cannot reach", id="nobody there"),
        ],
    )
    def test_a_look_that_fails_says_why_and_not_the_password(self, looking, settings, permanent, said):
        with looking(**settings) as channel, pytest.raises(DeliveryError, match=said) as caught:
            channel.find(example(), None)
        assert caught.value.permanent is permanent
        assert PASSWORD not in caught.value.reason + repr(channel)

    def test_a_mailbox_without_a_login_is_refused(self):
        with pytest.raises(UsageError, match="imap_user"):
            plain(9, imap_host="imap.acme.example")

    def test_a_mail_that_arrived_though_the_server_broke_off_is_not_sent_twice(self, looking):
        server = Mailbox(drop=True)
        with serving(server) as port, looking(message_id(example(), "acme.example", TEAM)) as channel:
            there, outbox = replace(channel, port=port), MemoryOutbox()
            outbox.add(example(), "mail")
            for minute in range(2):
                deliver(outbox, {"mail": there}, example().at + dt.timedelta(minutes=minute))
        assert len(server.mails) == 1
        assert list(outbox.ends.values()) == ["sent"]
