from __future__ import annotations

import io

import pytest

from monitor.alerts.channels.console import Console
from monitor.alerts.message import Chart, Facts
from monitor.testing import example


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def printed(message, stream):
    Console(stream=stream).send(message, None)
    return stream.getvalue()


def test_a_file_gets_plain_text():
    assert "\x1b" not in printed(example(), io.StringIO())


def test_a_terminal_gets_a_coloured_frame():
    shown = printed(example(), Terminal())
    assert "╭─" in shown
    assert "\x1b[" in shown


@pytest.mark.parametrize("name", ["[bold red]x[/]", ":smile:", "[/nothing]"], ids=["markup", "an emoji code", "an end"])
def test_names_are_shown_as_they_are(name):
    assert name in printed(example(title=name, blocks=(Facts((("Event", name),)),)), Terminal())


def test_a_name_cannot_steer_the_terminal():
    assert "\x1b[2J" not in printed(example(title="x\x1b[2J", chart=Chart(b"", "\x1b[2J")), Terminal())


def test_standard_output_is_the_one_of_the_moment(capsys):
    Console().send(example(), None)
    assert capsys.readouterr().out.startswith("🔴 Order Completed")


def test_nothing_printed_can_be_edited_so_the_root_comes_back():
    channel = Console(stream=io.StringIO())
    root = channel.send(example(), None)
    assert channel.send(example(id="inc_1.2"), root) == root
