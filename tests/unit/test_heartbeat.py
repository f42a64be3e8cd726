"""Does somebody outside hear what becomes of evaluations, and is nothing held up or told by it?"""

from __future__ import annotations

import logging

import pytest

from monitor.heartbeat import Heartbeat
from monitor.testing.http import Receiver


@pytest.mark.parametrize(
    ("signal", "path"),
    [
        pytest.param("start", "/hook/start", id="an evaluation begins"),
        pytest.param("success", "/hook", id="it ended well"),
        pytest.param("fail", "/hook/fail", id="it did not"),
    ],
)
def test_each_signal_has_its_address(signal, path):
    with Receiver() as receiver:
        assert Heartbeat(receiver.url).ping(signal, "a word")
    assert [(posted.path, posted.body) for posted in receiver.posted] == [(path, b"a word")]


def test_without_an_address_nothing_is_sent():
    assert not Heartbeat(None).ping("start")


@pytest.mark.parametrize("status", [404, 503], ids=["an unknown check", "a service that is down"])
def test_an_answer_that_is_no_yes_is_logged_without_the_address(caplog, status):
    with Receiver(usual=(status, {}, b"")) as receiver, caplog.at_level(logging.WARNING, "monitor"):
        assert not Heartbeat(receiver.url).ping("success")
    assert "the heartbeat was" in caplog.text
    assert "hook" not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("monitor"))
