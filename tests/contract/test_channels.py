"""What every channel promises, whatever it is made of: a new one adds a row to SETUPS."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from monitor.alerts.base import Receipt, Reconciles
from monitor.alerts.channels import KINDS, channel_class
from monitor.alerts.channels.console import Console
from monitor.alerts.channels.email import Email
from monitor.alerts.channels.pagerduty import Pagerduty
from monitor.alerts.channels.slack import Slack
from monitor.alerts.channels.webhook import Webhook
from monitor.alerts.digest import compose
from monitor.alerts.message import Bullets, Chart, Facts, Link, Reason, Text
from monitor.alerts.pace import Paced
from monitor.alerts.trial import test_message as trial_message
from monitor.config import load_config
from monitor.errors import ConfigError, DeliveryError, UsageError
from monitor.testing import FakeSlack, example, resolved
from monitor.testing.http import Receiver

NASTY = "<!channel> <script>alert(1)</script> \x1b[2J\r\nBcc: x@y '; DROP TABLE t;-- \u202e\ud800 🛒 " + "long" * 80
FLOOD = example(
    title=NASTY,
    summary=NASTY,
    blocks=(Facts(((NASTY, NASTY),) * 50), Text(NASTY * 50), Bullets((NASTY,) * 10_000), Link(NASTY, NASTY)) * 10,
    chart=Chart(b"x", NASTY),
    mention=NASTY,
)


@contextmanager
def console():
    yield Console(stream=io.StringIO())


@contextmanager
def slack():
    with FakeSlack() as server:
        yield Slack(token=server.token, channel="C0ALERTS1", base_url=server.url)


@contextmanager
def mail():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(Sink(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield Email(host="127.0.0.1", port=port, sender="tw@acme.example", to=("data@acme.example",), starttls=False)
    finally:
        controller.stop()


@contextmanager
def webhook():
    with Receiver() as server:
        yield Webhook(url=server.url, secret="s3cret")


@contextmanager
def pagerduty():
    with Receiver() as server:
        yield Pagerduty(routing_key="key", url=server.url)


SETUPS = {"console": console, "email": mail, "pagerduty": pagerduty, "slack": slack, "webhook": webhook}
UNREACHABLE = [
    pytest.param(Slack(token="xoxb-x", channel="C1", base_url="http://127.0.0.1:9/api/"), id="slack"),
    pytest.param(Webhook(url="http://127.0.0.1:9/"), id="webhook"),
    pytest.param(Pagerduty(routing_key="key", url="http://127.0.0.1:9/"), id="pagerduty"),
    pytest.param(Email(host="127.0.0.1", port=9, sender="a@b.example", to=("c@d.example",)), id="email"),
]


@pytest.fixture(params=KINDS)
def channel(request):
    with SETUPS[request.param]() as made:
        yield made


def test_the_kind_is_the_name_of_the_class(channel):
    assert channel_class(type(channel).__name__.lower()) is type(channel)


def test_the_configuration_is_a_frozen_dataclass(channel):
    assert dataclasses.is_dataclass(channel)
    assert type(channel).__dataclass_params__.frozen


def test_a_receipt_can_be_kept_as_json(channel):
    receipt = channel.send(example(), None)
    assert Receipt(json.loads(json.dumps(receipt.data))) == receipt


def test_what_follows_comes_back_with_the_root(channel):
    root = channel.send(example(), None)
    assert channel.send(resolved(), root) == root


@pytest.mark.parametrize(
    "root", [None, Receipt({"other": "x"})], ids=["first", "after the channel was of another kind"]
)
def test_any_message_can_be_sent(channel, root):
    assert channel.send(FLOOD, root).data


@pytest.mark.parametrize("reason", Reason)
def test_whatever_happens_to_an_incident_can_be_told(channel, reason):
    root = channel.send(example(), None)
    assert channel.send(example(id="inc_1.2", reason=reason), root) == root


def test_ten_thousand_problems_can_be_told_in_one_message(channel):
    listed = [replace(FLOOD, id=f"inc_{n}.1", incident=f"inc_{n}", chart=None) for n in range(10_000)]
    assert channel.send(compose("digest_1", listed, listed, first=True, pages="https://t.example"), None).data


def test_a_channel_that_has_a_pace_has_turns(channel):
    assert isinstance(channel, Console | Paced)


def test_the_test_message_can_be_sent(channel):
    assert channel.send(trial_message(example().at), None).data


def test_what_was_never_sent_is_not_found(channel):
    if isinstance(channel, Reconciles) and not isinstance(channel, Email):  # without a mailbox it cannot look
        assert channel.find(example(), None) is None


@pytest.mark.parametrize("away", UNREACHABLE)
def test_a_channel_that_is_away_is_tried_again(away):
    with pytest.raises(DeliveryError) as caught:
        away.send(example(), None)
    assert not caught.value.permanent


def test_a_misspelt_kind_is_told_the_right_one():
    with pytest.raises(UsageError, match="did you mean 'slack'"):
        channel_class("slak")


def test_another_package_can_add_a_kind(tmp_path, monkeypatch):
    info = tmp_path / "pager-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pager\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[trackwatch.channels]\npager = monitor.testing:Recorder\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert channel_class("pager").__name__ == "Recorder"


OWN = """
from dataclasses import dataclass
from monitor.alerts.base import Receipt

@dataclass(frozen=True)
class Pager:
    number: int

    def send(self, message, root):
        return root or Receipt({"page": f"{self.number} {message.id}"})
"""


def configured(folder, channel):
    (folder / "trackwatch.yml").write_text(f"store: {{url: duckdb:///e.duckdb}}\nchannels: {{own: {channel}}}\n")
    return load_config(folder / "trackwatch.yml").channels["own"]


def test_a_file_beside_the_configuration_is_a_kind(tmp_path):
    (tmp_path / "pager.py").write_text(OWN)
    channel = configured(tmp_path, "{kind: pager.py, number: 7}")
    assert channel.send(example(), None) == Receipt({"page": "7 inc_1.1"})


@pytest.mark.parametrize(
    ("text", "channel", "said"),
    [
        pytest.param(OWN, "{kind: sms.py}", "there is no file", id="no such file"),
        pytest.param("import nothing_of_that_name", "{kind: pager.py}", "cannot be imported", id="a broken file"),
        pytest.param("x = 1", "{kind: pager.py}", "has no class Pager with a method send", id="no class"),
        pytest.param(OWN, "{kind: pager.py, number: 7, numbr: 8}", "trackwatch.yml:2: 'numbr' is not", id="no setting"),
    ],
)
def test_a_file_that_is_no_channel_is_a_sentence_with_its_line(tmp_path, text, channel, said):
    (tmp_path / "pager.py").write_text(text)
    with pytest.raises(ConfigError, match=re.escape(said)):
        configured(tmp_path, channel)


def documented(file):
    """Return the block of docs/channels.md that is this file."""
    page = (Path(__file__).parents[2] / "docs" / "channels.md").read_text("utf-8")
    found = re.search(rf"^```python\n(# {file}\n.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def test_the_channel_of_ones_own_in_the_documentation_works(tmp_path):
    (tmp_path / "sms.py").write_text(documented("sms.py"))
    with Receiver() as server:
        channel = configured(tmp_path, f'{{kind: sms.py, url: "{server.url}", number: "+49"}}')
        channel.send(example(), None)
    assert "Order Completed stopped on ios" in server.posted[0].json["text"]


@pytest.mark.parametrize(
    ("secret", "late", "genuine"),
    [
        pytest.param("s3cret", 0, [True, False], id="a message is taken once"),
        pytest.param("another", 0, [False, False], id="a forged one is not"),
        pytest.param("s3cret", 301, [False, False], id="an old one is not"),
    ],
)
def test_the_documented_check_of_a_webhook_tells_them_apart(secret, late, genuine):
    receive = {}
    exec(documented("receive.py"), receive)
    with Receiver() as server:
        Webhook(url=server.url, secret=secret).send(example(), None)
    [told], seen = server.posted, set()
    now = int(told.headers["webhook-timestamp"]) + late
    assert [receive["is_genuine"]("s3cret", told.headers, told.body, now, seen) for _ in range(2)] == genuine


def test_knowing_the_kinds_imports_none_of_their_libraries():
    heavy = "{'slack_sdk', 'smtplib', 'rich', 'jinja2', 'matplotlib'}"
    program = f"import sys, monitor.alerts.channels, monitor.alerts.deliver; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
