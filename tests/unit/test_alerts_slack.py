from __future__ import annotations

import itertools
import logging
from dataclasses import replace

import pytest

from monitor.alerts.base import Receipt
from monitor.alerts.channels.slack import LOUD, PAGE, Slack
from monitor.alerts.message import Bullets, Chart, Facts, Reason, Text
from monitor.alerts.slack.client import retry_after
from monitor.errors import DeliveryError, UsageError
from monitor.testing import FakeSlack, Fault, example, resolved

CHART = Chart(b"not really a PNG", "0 since Monday")


@pytest.fixture
def slack():
    people = {"checkout@acme.example": "U0CHECKOUT"}
    with FakeSlack(people=people, groups={"growth": "S0GROWTH"}) as server:
        yield server


@pytest.fixture
def channel(slack):
    return Slack(token=slack.token, channel="C0ALERTS1", base_url=slack.url, timeout=1)


def text_of(posted):
    return str(posted.blocks)


def failure(channel, message=None, root=None):
    with pytest.raises(DeliveryError) as caught:
        channel.send(message or example(), root)
    return caught.value


def test_the_first_message_of_an_incident_is_posted(slack, channel):
    receipt = channel.send(example(), None)
    [posted] = slack.messages
    assert receipt == Receipt({"channel": "C0ALERTS1", "ts": posted.ts})
    assert posted.metadata == {
        "event_type": "trackwatch_alert",
        "event_payload": {"outbox_id": "inc_1.1", "incident_id": "inc_1"},
    }


def test_the_channel_may_be_named(slack):
    receipt = Slack(token=slack.token, channel="#data-alerts", base_url=slack.url).send(example(), None)
    assert receipt.data["channel"] == "C0ALERTS1"


def test_later_the_first_message_is_edited_and_its_thread_is_told(slack, channel):
    root = channel.send(example(), None)
    assert channel.send(resolved(), root) == root
    [first], [reply] = slack.roots(), slack.thread(slack.messages[0])
    assert "🟢 Resolved after 9 h" in text_of(first)
    assert first.edits == 1
    assert reply.text.startswith("🟢 Resolved after 9 h")


def test_the_thread_calls_nobody(slack, channel):
    root = channel.send(example(), None)
    channel.send(resolved(summary="<!channel> is back"), root)
    [reply] = slack.thread(slack.messages[0])
    assert "<" not in reply.text
    assert not reply.blocks


def test_a_deleted_first_message_is_replaced(slack, channel):
    root = channel.send(example(), None)
    slack.messages.clear()
    assert channel.send(resolved(), root) != root
    assert len(slack.roots()) == 1


def test_a_first_message_that_may_no_longer_be_edited_still_has_its_thread(slack, channel):
    root = channel.send(example(), None)
    slack.faults.append(Fault("refuse", "edit_window_closed", "chat.update"))
    assert channel.send(resolved(), root) == root
    assert len(slack.thread(slack.messages[0])) == 1


def test_the_root_of_another_kind_of_channel_is_no_root(slack, channel):
    channel.send(example(), Receipt({"message_id": "<x@y>"}))
    assert len(slack.roots()) == 1


@pytest.mark.parametrize(
    ("owner", "shown"),
    [
        pytest.param("U024BE7LH", "<@U024BE7LH>", id="a user"),
        pytest.param("S0614TZR7", "<!subteam^S0614TZR7>", id="a group"),
        pytest.param("C012AB3CD", "<#C012AB3CD>", id="a channel"),
        pytest.param("checkout@acme.example", "<@U0CHECKOUT>", id="an address that Slack knows"),
        pytest.param("nobody@acme.example", "· nobody@acme.example", id="an address that Slack does not know"),
        pytest.param("@growth", "<!subteam^S0GROWTH>", id="a group by its handle"),
        pytest.param("growth", "<!subteam^S0GROWTH>", id="also without the sign"),
        pytest.param("@nobody", "· @nobody", id="a handle that Slack does not know"),
        pytest.param("U024BE7LH, growth", "<@U024BE7LH> <!subteam^S0GROWTH>", id="several"),
        pytest.param("<!here>", "&lt;!here&gt;", id="a name is text"),
        pytest.param("", "UTC'", id="nobody"),
    ],
)
def test_the_owner_is_called(slack, channel, owner, shown):
    channel.send(example(mention=owner), None)
    assert shown in text_of(slack.messages[0])


@pytest.mark.parametrize("owner", ["checkout@acme.example", "nobody@acme.example"])
def test_an_address_is_looked_up_once(slack, channel, owner):
    channel.send(example(mention=owner), None)
    channel.send(example(mention=owner), None)
    assert slack.calls.count("users.lookupByEmail") == 1


def test_groups_are_asked_for_once(slack, channel):
    for owner in ("growth", "nobody", "growth"):
        channel.send(example(mention=owner), None)
    assert slack.calls.count("usergroups.list") == 1


@pytest.mark.parametrize("owner", ["checkout@acme.example", "@growth"])
@pytest.mark.parametrize("fault", ["missing_scope", "internal_error", "ratelimited"])
def test_who_cannot_be_looked_up_is_named_and_the_message_sent(slack, channel, owner, fault):
    slack.faults += [Fault("refuse", fault, method) for method in ("users.lookupByEmail", "usergroups.list")]
    channel.send(example(mention=owner), None)
    assert f"· {owner}" in text_of(slack.messages[0])


@pytest.mark.parametrize("reason", [r for r in Reason if r is not Reason.TEST])
def test_a_thread_is_shown_in_the_channel_only_for_what_must_not_be_missed(slack, channel, reason):
    root = channel.send(example(), None)
    channel.send(example(id="inc_1.2", reason=reason), root)
    [reply] = slack.thread(slack.messages[0])
    assert reply.broadcast == (reason in LOUD)


def test_an_address_is_looked_up_again_when_slack_was_broken(slack, channel):
    slack.faults.append(Fault("server_error", method="users.lookupByEmail"))
    channel.send(example(), None)
    channel.send(example(), None)
    assert ["<@U0CHECKOUT>" in text_of(posted) for posted in slack.messages] == [False, True]


def test_the_chart_goes_into_the_thread(slack, channel):
    root = channel.send(example(chart=CHART), None)
    [file] = slack.files.values()
    assert (file.content, file.alt, file.thread_ts) == (CHART.png, CHART.alt, root.data["ts"])


@pytest.mark.parametrize("step", ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"])
@pytest.mark.parametrize("kind", ["server_error", "drop", "refuse"])
def test_a_chart_that_fails_never_loses_the_alert(slack, channel, step, kind):
    slack.faults.append(Fault(kind, "missing_scope", step))
    receipt = channel.send(example(chart=CHART), None)
    assert receipt.data["chart"].startswith("not added: ")
    assert slack.messages[1].text.startswith("The chart could not be added")


@pytest.mark.parametrize(
    ("fault", "permanent", "ambiguous"),
    [
        pytest.param(Fault("refuse", "channel_not_found"), True, False, id="an unknown channel will stay unknown"),
        pytest.param(Fault("refuse", "msg_blocks_too_long"), True, False, id="what is too long will stay too long"),
        pytest.param(Fault("refuse", "ratelimited"), False, False, id="a limit passes"),
        pytest.param(Fault("rate_limit", "3600"), False, False, id="an hour of waiting is for the next run"),
        pytest.param(Fault("rate_limit", "soon"), False, False, id="a Retry-After that is no number"),
        pytest.param(Fault("refuse", "internal_error"), False, True, id="an internal error may have half happened"),
        pytest.param(Fault("server_error"), False, True, id="so may a 500"),
        pytest.param(Fault("silence"), False, True, id="no answer says nothing"),
        pytest.param(Fault("drop"), False, True, id="a dropped connection says nothing"),
    ],
)
def test_what_can_go_wrong_is_told_apart(slack, channel, fault, permanent, ambiguous):
    slack.faults.append(fault)
    error = failure(channel, example(mention=None))
    assert (error.permanent, error.ambiguous) == (permanent, ambiguous)


def test_a_dropped_connection_is_not_tried_again_on_the_spot(slack, channel):
    slack.faults.append(Fault("drop"))
    failure(channel, example(mention=None))
    assert len(slack.messages) == 1


def test_a_short_wait_is_waited_for(slack, channel):
    slack.faults += [Fault("rate_limit", "0.01"), Fault("rate_limit", "0")]
    channel.send(example(mention=None), None)
    assert len(slack.messages) == 1


def test_a_long_wait_is_passed_on(slack, channel):
    slack.faults.append(Fault("rate_limit", "3600"))
    assert failure(channel, example(mention=None)).retry_after == 3600


def test_an_edit_that_was_not_answered_can_be_repeated(slack, channel):
    root = channel.send(example(), None)
    slack.faults.append(Fault("drop", method="chat.update"))
    assert not failure(channel, resolved(), root).ambiguous


def test_a_server_that_is_not_there_has_not_got_the_message():
    error = failure(Slack(token="xoxb-x", channel="C1", base_url="http://127.0.0.1:9/api/"))
    assert (error.permanent, error.ambiguous) == (False, False)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"channel": "C0NOWHERE"}, "is the channel's id right", id="an unknown channel"),
        pytest.param({"token": "xoxb-wrong"}, "is the bot token right?", id="a wrong token"),
    ],
)
def test_a_refusal_says_what_to_do(slack, given, said):
    config = {"token": slack.token, "channel": "C0ALERTS1", "base_url": slack.url, **given}
    assert said in failure(Slack(**config)).reason


def test_a_bot_outside_the_channel_is_told_to_come_in(slack, channel):
    slack.outside.add("C0ALERTS1")
    assert "invite the bot" in failure(channel).reason


def test_the_token_is_never_shown(slack, caplog):
    caplog.set_level(logging.DEBUG)
    channel = Slack(token="xoxb-secret\n", channel="C0ALERTS1", base_url=slack.url)
    assert "secret" not in failure(channel).reason + repr(channel) + caplog.text


@pytest.mark.parametrize("token", ["", "xoxb one", "xoxb-\nx"], ids=["empty", "a blank", "a line break"])
def test_a_token_that_cannot_be_sent_is_refused_at_once(token):
    with pytest.raises(UsageError, match="token"):
        Slack(token=token, channel="C1")


def test_everything_failing_at_once_is_delivered(slack, channel):
    name = "<!channel> " + "Order Completed " * 40
    blocks = (Facts(((name, name),) * 60), Text(name * 30), Bullets((name,) * 10_000)) * 20
    channel.send(example(title=name, summary=name, blocks=blocks, chart=CHART), None)
    assert len(slack.roots()) == 1


def test_a_message_is_found_by_its_id(slack, channel):
    root = channel.send(example(), None)
    channel.send(resolved(), root)
    assert channel.find(example(), None) == root
    assert channel.find(resolved(), root) == root


def test_a_chart_that_a_crash_kept_back_is_added_once(slack, channel):
    channel.send(example(), None)  # and then the process was killed
    for _ in range(2):
        channel.find(example(chart=CHART), None)
    assert [file.thread_ts for file in slack.files.values()] == [slack.messages[0].ts]


@pytest.mark.parametrize("where", ["channel", "thread"])
def test_a_message_is_found_beyond_the_newest_page(slack, channel, where):
    first = channel.send(example(), None)
    wanted = channel.send(resolved(), first if where == "thread" else None)
    stamps = itertools.count(1)
    other = next(each for each in slack.messages if each.ts == first.data["ts"])
    for _ in range(PAGE + 1):
        slack.messages.insert(1, replace(other, ts=f"9.{next(stamps)}", thread_ts=first.data["ts"], metadata={}))
        slack.messages.append(replace(other, ts=f"9.{next(stamps)}", metadata={}))
    assert channel.find(resolved(), first if where == "thread" else None) == wanted


def test_a_message_that_is_not_there_is_not_found(slack, channel):
    root = channel.send(example(), None)
    assert channel.find(resolved(), None) is None
    assert channel.find(resolved(), root) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("1.5", 1.5),
        ("-1", 0.0),
        ("1e300", 86_400.0),
        ("nan", None),
        ("Fri, 31 Dec 1999 23:59:59 GMT", None),
    ],
)
def test_retry_after_is_read_whatever_it_says(header, seconds):
    assert retry_after({"retry-after": [header]}) == seconds
