"""Is each week's report sent once, to those who asked for it, whatever happens in between?"""

from __future__ import annotations

import datetime as dt
import io
import json
import shutil
import socket
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy

import html5lib
import numpy as np
import pytest
from aiosmtpd.controller import Controller

from monitor.alerts.channels.console import Console
from monitor.alerts.channels.email import Email, compose
from monitor.alerts.channels.slack import Slack
from monitor.alerts.channels.webhook import content
from monitor.alerts.deliver import State, deliver
from monitor.cli import main
from monitor.config import load_config
from monitor.errors import DeliveryError
from monitor.history.memory import Memory
from monitor.leadership import Leadership
from monitor.pipeline import Installation, run
from monitor.report.gather import report_of
from monitor.report.message import message
from monitor.report.sending import send, send_due, send_to_owner
from monitor.report.week import Week
from monitor.service import Service, World
from monitor.testing import FakeSlack
from monitor.testing.counts import CountStore
from monitor.testing.memory import Recorder

START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
MONDAY = START + dt.timedelta(weeks=5)  # 2026-02-09
EIGHT, DAY = MONDAY + dt.timedelta(hours=8), dt.timedelta(days=1)
WEEK = Week(2026, 6)  # the one before
HOSTILE = "<script>alert(1)</script>'; DROP TABLE x;--\u202e<!channel>"
CONFIG = """
plan: plan.yml
store: {url: "duckdb:///unused.duckdb", history: 35d, judge: 7d}
base_url: https://trackwatch.acme.example
checks: {unused: {enabled: false}, schema: {enabled: false}, duplicates: {enabled: false}}
channels: {team: {kind: console}, mail: {kind: email, host: localhost, sender: t@acme.example, to: [all@acme.example]}}
report: {to: [team, mail], owners: true}
"""
PLAN = json.dumps(
    {
        "questions": {"sales": {"ask": f"How much do we sell? {HOSTILE}", "owner": "finance"}},
        "events": {
            "Order Completed": {"owner": "checkout@acme.example", "answers": ["sales"], "priority": "critical"},
            HOSTILE: {"owner": "#growth"},
        },
    }
)


@dataclass
class Postman(Recorder):
    """A channel that can tell one address alone."""

    def reaches(self, address: str) -> bool:
        return "@" in address


@pytest.fixture(scope="module")
def remembered(tmp_path_factory):
    """Return a folder with the state of an installation that has judged five weeks, in which two events stopped."""
    home = tmp_path_factory.mktemp("sending")
    (home / "trackwatch.yml").write_text(CONFIG)
    (home / "plan.yml").write_text(PLAN)
    draw = np.random.default_rng(1)
    counts = {("web", name): draw.poisson(30, 9 * 7 * 24).astype(float) for name in ("Order Completed", HOSTILE)}
    for hours in counts.values():
        hours[35 * 24 - 30 :] = 0
    counts["web", "Other"] = draw.poisson(30, 9 * 7 * 24).astype(float)
    config = replace(load_config(home / "trackwatch.yml"), channels={"team": Recorder()})
    run(Installation(config, CountStore(START, counts), Memory(config.state_url, "production")), MONDAY + 3 * DAY / 24)
    return home


@dataclass
class Post:
    """An installation, and all that was sent of it."""

    config: object
    memory: Memory
    team: Recorder = field(default_factory=Recorder)
    mail: Postman = field(default_factory=Postman)

    def at(self, now: dt.datetime) -> bool:
        """Do what a service does at a time."""
        due = send_due(self.memory, self.config, now)
        self.deliver(now)
        return due

    def deliver(self, now: dt.datetime):
        return deliver(self.memory.outbox, self.config.channels, now, self.config.delivery)

    @property
    def told(self) -> list[tuple[str, str | None]]:
        """Return the weeks that were told by mail, and to whom alone."""
        weeks = [(told.page.text.split("week ")[1][:8], told.to) for told, _ in self.mail.sent if told.page]
        return sorted(weeks, key=lambda each: (each[0], each[1] or ""))


@pytest.fixture
def post(remembered, tmp_path):
    shutil.copytree(remembered, tmp_path, dirs_exist_ok=True)
    config = load_config(tmp_path / "trackwatch.yml")
    made = Post(config, Memory(config.state_url, "production"))
    made.config = replace(config, channels={"team": made.team, "mail": made.mail})
    made.deliver(MONDAY + dt.timedelta(hours=4))
    made.team.sent.clear(), made.mail.sent.clear()
    return made


ALL, MINE = ("2026-W06", None), ("2026-W06", "checkout@acme.example")


def test_the_first_report_comes_at_the_next_time_for_it(post):
    assert not post.at(EIGHT - DAY / 24)
    assert not post.at(EIGHT - DAY / 1440)
    assert post.at(EIGHT)
    assert post.told == [ALL, MINE]
    assert len(post.team.sent) == 1


def test_it_comes_once_also_after_a_restart(post):
    post.at(EIGHT - DAY)
    post.at(EIGHT)
    post.memory = Memory(post.config.state_url, "production")
    for later in (EIGHT + DAY / 1440, EIGHT + DAY, EIGHT + 6 * DAY):
        post.at(later)
    assert post.told == [ALL, MINE]


def test_what_was_written_down_and_not_sent_is_sent_by_the_next_process_once(post):
    post.at(EIGHT - DAY)
    assert send_due(post.memory, post.config, EIGHT)  # and is killed
    post.at(EIGHT + DAY / 1440)
    post.at(EIGHT + DAY / 720)
    assert post.told == [ALL, MINE]


def test_of_weeks_that_were_missed_the_newest_is_sent_once_and_late(post):
    post.at(EIGHT - DAY)
    back = EIGHT + dt.timedelta(weeks=3, days=2)
    post.at(back)
    post.at(back + DAY)
    assert post.told == [("2026-W09", None), ("2026-W09", "checkout@acme.example")]


def test_a_week_that_is_not_judged_is_waited_for_and_then_sent_with_a_word_about_it(post):
    post.at(EIGHT + 6 * DAY)
    monday = EIGHT + 7 * DAY
    assert not post.at(monday)
    assert post.at(monday + DAY / 2)
    assert "Not all of the week is judged yet: only up to Mon 09 Feb" in post.mail.sent[0][0].page.text


def test_an_owner_without_an_address_gets_none_and_the_others_only_what_is_theirs(post):
    post.at(EIGHT - DAY)
    post.at(EIGHT)
    (told,) = (told for told, _ in post.mail.sent if told.to)
    events = json.loads(told.page.document)["events"]
    assert [each["event"] for each in events] == ["Order Completed"]


def test_on_demand_any_week_is_sent_once_and_again_only_if_asked(post):
    earlier = WEEK.back(1)
    for again in (False, False, True):
        send(post.memory, post.config, earlier, EIGHT + again * DAY, again=again)
        post.deliver(EIGHT + again * DAY)
    assert post.told == 2 * [("2026-W05", None)] + 2 * [("2026-W05", "checkout@acme.example")]
    assert len({told.id for told, _ in post.mail.sent}) == 4


def test_one_owner_alone_can_be_sent_theirs_and_the_schedule_still_tells_the_others(post):
    post.at(EIGHT - DAY)
    send_to_owner(post.memory, post.config, WEEK, EIGHT - DAY / 24, "checkout@acme.example", again=False)
    post.at(EIGHT)
    assert post.told == [ALL, MINE]


def test_a_report_is_in_no_digest_and_is_listed_with_what_became_of_it(post):
    post.team.errors = [DeliveryError("busy", permanent=False), DeliveryError("gone", permanent=True)]
    post.at(EIGHT - DAY)
    post.at(EIGHT)
    post.at(EIGHT + DAY / 24)
    listed = [each for each in post.memory.outbox.listed() if each.reason == "weekly report"]
    assert {(each.channel, each.state) for each in listed} == {("team", State.FAILED), ("mail", State.SENT)}
    assert next(each.why for each in listed if each.channel == "team") == "gone"


def test_what_a_report_shows_is_dropped_from_the_outbox_once_it_is_sent(post):
    send(post.memory, post.config, WEEK, EIGHT)
    assert all(each.message.page for each in post.memory.outbox.pending())
    post.deliver(EIGHT)
    assert not post.memory.outbox.pending()


def test_the_archive_keeps_each_report_as_it_was_sent(post):
    send(post.memory, post.config, WEEK, EIGHT)
    listed = [(each.week, each.audience, each.sent) for each in post.memory.reports()]
    assert listed == [("2026-W06", "", True), ("2026-W06", "checkout@acme.example", True)]
    assert post.memory.report("2026-W06").body == report_of(post.memory, post.config, WEEK, EIGHT).to_json()


@pytest.mark.parametrize("leads", [True, False], ids=["who leads", "who does not"])
def test_only_the_process_that_leads_sends(post, leads):
    clock = [EIGHT - DAY]
    leadership = Leadership(post.memory, "me", ticking=float)
    world = World(now=lambda: clock[0], open_store=lambda _: None, show=lambda *_: None)
    service = Service(post.config, post.memory, leadership, world)
    if leads:
        leadership.beat(clock[0])
    service.report()
    clock[0] = EIGHT
    service.report()
    assert post.told == ([ALL, MINE] if leads else [])


# ── how it looks ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def told(post):
    """Return the report as a message."""
    return message(report_of(post.memory, post.config, WEEK, EIGHT))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Inbox:
    """A mail server that keeps what it gets."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  the name that aiosmtpd calls
        self.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"


def test_the_mail_shows_itself_without_images_and_carries_them(post, told):
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        port = controller.port
        channel = Email(host="127.0.0.1", port=port, sender="t@acme.example", to=("all@acme.example",), starttls=False)
        channel.send(told, None)
        channel.send(replace(told, to="ann@acme.example"), None)
    finally:
        controller.stop()
    (everybody, mail), (alone, _) = inbox.mails
    assert (everybody, alone) == (["all@acme.example"], ["ann@acme.example"])
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds[:4] == ["multipart/alternative", "text/plain", "multipart/related", "text/html"]
    assert set(kinds[4:]) == {"image/png"}
    page = mail.get_body(("html",)).get_content()
    shown = list(html5lib.parse(page, namespaceHTMLElements=False).iter("img"))
    assert shown
    assert all(each.get("src").startswith("cid:") and each.get("alt") for each in shown)
    assert {f"<{each.get('src')[4:]}>" for each in shown} == {part["Content-ID"] for part in mail.walk()} - {None}


def test_the_same_report_has_the_same_message_id_whenever_it_is_tried(post, told):
    later = message(report_of(post.memory, post.config, WEEK, EIGHT + DAY))
    mails = [compose(each, None, sender="t@acme.example", to=("a@acme.example",)) for each in (told, later)]
    assert mails[0]["Message-ID"] == mails[1]["Message-ID"]
    assert "Importance" not in mails[0]


def test_the_mail_is_valid_html_and_hostile_names_are_text_in_it(told):
    page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(told.page.html)
    assert not list(page.iter("script"))
    assert HOSTILE.replace("\u202e", "\ufffd") in "".join(page.itertext())
    assert "\u202e" not in told.page.html + told.page.text
    assert not [line for line in told.page.text.splitlines() if len(line) > 78 + len(HOSTILE)]


def test_slack_takes_the_summary_which_links_to_the_report(told):
    with FakeSlack() as server:
        Slack(token=server.token, channel="C0ALERTS1", base_url=server.url).send(told, None)
    (posted,) = server.messages
    said = json.dumps(posted.blocks)
    assert "https://trackwatch.acme.example/reports/2026-W06" in said
    assert "Do this week" in said
    assert "<!channel>" not in said
    assert not [block for block in posted.blocks if block["type"] == "actions"]


def test_the_terminal_shows_the_text_and_a_webhook_carries_the_json(told):
    stream = io.StringIO()
    Console(stream=stream).send(told, None)
    assert "CAN THIS WEEK'S ANSWERS BE TRUSTED?" in stream.getvalue()
    assert content(told)["report"]["week"] == "2026-W06"


# ── on the command line ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_command_sends_and_says_what_became_of_it(remembered, tmp_path, capsys):
    shutil.copytree(remembered, tmp_path, dirs_exist_ok=True)
    config = tmp_path / "trackwatch.yml"
    config.write_text(CONFIG.replace("to: [team, mail], owners: true", "to: [team]"))
    asked = ["report", "--send", "--config", str(config), "--now", EIGHT.isoformat()]
    for said in ("team: sent", "was sent before"):
        with pytest.raises(SystemExit) as ended:
            main(asked)
        assert ended.value.code == 0
        assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("report", "problem"),
    [
        pytest.param("{to: [taem]}", "'taem' is not a channel; did you mean 'team'?", id="no such channel"),
        pytest.param("{to: [duty]}", "channel 'duty' wakes people up, and takes no reports", id="a pager"),
        pytest.param(
            "{to: [team], owners: true}", "none of the channels in 'to' can tell one person alone", id="owners"
        ),
        pytest.param('{to: [team], cron: "mondays"}', "expected a cron expression", id="no cron"),
        pytest.param("{cron: 0 8 * * mon}", "'to' is missing", id="to nobody"),
    ],
)
def test_a_mistake_in_the_configuration_is_told_with_its_line(remembered, tmp_path, capsys, report, problem):
    shutil.copytree(remembered, tmp_path, dirs_exist_ok=True)
    config = tmp_path / "trackwatch.yml"
    text = CONFIG.replace("{to: [team, mail], owners: true}", report)
    config.write_text(text.replace("channels: {", "channels: {duty: {kind: pagerduty, routing_key: k}, "))
    with pytest.raises(SystemExit) as ended:
        main(["validate", "--config", str(config)])
    said = capsys.readouterr()
    assert ended.value.code in {1, 2}
    assert f"{config}:7: " in said.out + said.err
    assert problem in said.out + said.err
