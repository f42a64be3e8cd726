from __future__ import annotations

import pytest

from monitor.alerts.channels.webhook import Webhook, signature
from monitor.errors import DeliveryError, UsageError
from monitor.testing import example, resolved
from monitor.testing.http import Receiver


@pytest.fixture
def receiver():
    with Receiver() as server:
        yield server


def test_the_receiver_can_verify_who_sent_it(receiver):
    Webhook(url=receiver.url, secret="s3cret").send(example(), None)
    (told,) = receiver.posted
    signed = signature("s3cret", told.headers["webhook-id"], told.headers["webhook-timestamp"], told.body)
    assert told.headers["webhook-signature"] == signed
    assert signature("other", told.headers["webhook-id"], told.headers["webhook-timestamp"], told.body) != signed


def test_each_try_carries_its_own_time_so_that_what_is_old_can_be_refused(receiver):
    channel = Webhook(url=receiver.url, secret="s3cret")
    tries = iter([1000.0, 9000.9])
    object.__setattr__(channel, "_clock", lambda: next(tries))
    for _ in range(2):
        channel.send(example(), None)
    assert [told.headers["webhook-timestamp"] for told in receiver.posted] == ["1000", "9000"]
    first, second = (told.headers["webhook-signature"] for told in receiver.posted)
    assert first != second


def test_without_a_secret_nothing_is_signed(receiver):
    Webhook(url=receiver.url).send(example(), None)
    assert "webhook-signature" not in receiver.posted[0].headers


def test_a_message_sent_again_is_the_same_to_the_byte(receiver):
    for _ in range(2):
        Webhook(url=receiver.url).send(example(), None)
    first, second = receiver.posted
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])


def test_opening_and_end_of_an_incident_share_its_id(receiver):
    channel = Webhook(url=receiver.url)
    channel.send(resolved(), channel.send(example(), None))
    opened, ended = (each.json for each in receiver.posted)
    assert opened["incident"] == ended["incident"]
    assert (opened["resolved"], ended["resolved"]) == (False, True)
    assert opened["facts"]
    assert opened["text"].startswith("🔴")


@pytest.mark.parametrize(
    ("answer", "permanent", "ambiguous", "retry_after"),
    [
        pytest.param((500, {}, b"oh"), False, False, None, id="a broken receiver is tried again"),
        pytest.param((429, {"Retry-After": "7"}, b""), False, False, 7.0, id="a busy one when it says"),
        pytest.param((401, {}, b"who?"), True, False, None, id="a wrong secret is not"),
        pytest.param((302, {"Location": "http://127.0.0.1/"}, b""), True, False, None, id="redirects are not followed"),
        pytest.param((0, {}, b""), False, True, None, id="after a lost connection nobody knows"),
    ],
)
def test_what_an_answer_means_for_another_try(receiver, answer, permanent, ambiguous, retry_after):
    receiver.answers.append(answer)
    with pytest.raises(DeliveryError) as caught:
        Webhook(url=receiver.url).send(example(), None)
    error = caught.value
    assert (error.permanent, error.ambiguous, error.retry_after) == (permanent, ambiguous, retry_after)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"url": "http://acme.example/hook"}, id="unencrypted"),
        pytest.param({"url": "no address"}, id="no address"),
        pytest.param({"url": "https://[acme"}, id="a broken address"),
        pytest.param({"url": "https://acme.example", "secret": "whsec_***"}, id="a secret that is not base64"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_sent(settings):
    with pytest.raises(UsageError):
        Webhook(**settings)


def test_a_secret_is_not_shown():
    assert "s3cret" not in repr(Webhook(url="https://acme.example", secret="s3cret"))
