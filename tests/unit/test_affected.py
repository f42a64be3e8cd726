from __future__ import annotations

import datetime as dt

import pytest

from checks.base import Bucket, Finding
from monitor.affected import affected, tallied

START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def found(since: int, until: int, rows: float, **fields) -> Finding:
    """Return a finding about some hours."""
    bucket = Bucket(START + (until - 1) * HOUR, START + until * HOUR)
    known = {"check": "volume", "kind": "drop", "event": "A", "source": "ios", **fields}
    return Finding(bucket=bucket, since=START + since * HOUR, rows=rows, **known)


@pytest.mark.parametrize(
    ("findings", "rows"),
    [
        pytest.param([], 0, id="nothing was found"),
        pytest.param([found(0, 3, 30), found(0, 4, 40)], 40, id="a window that grows replaces the last"),
        pytest.param([found(0, 1, 10), found(1, 2, 20)], 30, id="windows one after the other add up"),
        pytest.param([found(0, 4, 40), found(2, 6, 60)], 80, id="what a window that moved on no longer sees is kept"),
        pytest.param([found(0, 2, 20), found(0, 2, 20)], 20, id="the same window again adds nothing"),
        pytest.param([found(0, 2, -20)], 20, id="what is too much counts like what is lost"),
        pytest.param([found(0, 2, 20), found(0, 2, 30, source="web")], 50, id="sources add up"),
        pytest.param([found(0, 2, 20), found(0, 2, 25, source=None)], 25, id="their sum is not counted again"),
        pytest.param([found(0, 2, 20), found(0, 2, 18, kind="stopped")], 20, id="nor what another test saw"),
        pytest.param([found(0, 2, 20), found(0, 2, 15, slice=(("os", "x"),))], 20, id="nor a part of it"),
        pytest.param([found(0, 2, 20), found(0, 2, 5, event="B")], 25, id="events add up"),
    ],
)
def test_how_many_messages_are_affected(findings, rows):
    tallies = ()
    for each in findings:
        tallies = tallied(tallies, [each])
    assert affected(tallies) == rows


def test_a_rule_without_time_counts_no_messages():
    assert tallied((), [Finding(kind="constant", rows=5.0)]) == ()
