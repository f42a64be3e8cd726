from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from checks.base import Evidence
from monitor.alerts.chart import draw

HOURS = 24 * 7


def wave(buckets=HOURS, bad=6, grain="hour", **changes):
    """A daily wave around 300; the last `bad` buckets are silent."""
    step = np.timedelta64(1 if grain == "hour" else 24, "h")
    starts = np.datetime64("2026-02-23T00:00:00", "s") + np.arange(buckets) * step
    expected = 300 + 200 * np.sin(np.arange(buckets) / 24 * 2 * np.pi)
    observed = expected.copy()
    observed[buckets - bad :] = 0
    evidence = Evidence(grain, starts, observed, expected, 0.8 * expected, 1.2 * expected, bad_from=buckets - bad)
    return replace(evidence, **changes)


def pixels(evidence, title="Order Completed on ios"):
    return np.asarray(Image.open(io.BytesIO(draw(evidence, title, "Europe/Berlin").png)).convert("RGB")).astype(int)


def red(picture):
    return int(((picture[..., 0] > 200) & (picture[..., 1] < 60)).sum())


def nothing(length):
    return np.full(length, np.nan)


ODD = [
    pytest.param(wave(1, 1), id="a single bucket"),
    pytest.param(wave(0, 0), id="no bucket"),
    pytest.param(wave(2, 1), id="two buckets"),
    pytest.param(wave(observed=nothing(HOURS)), id="nothing known"),
    pytest.param(wave(observed=np.where(np.arange(HOURS) % 2, 5.0, np.nan)), id="every other bucket known"),
    pytest.param(wave(expected=nothing(HOURS), low=nothing(HOURS), high=nothing(HOURS)), id="nothing expected"),
    pytest.param(wave(high=np.full(HOURS, np.inf)), id="a band without an upper end"),
    pytest.param(wave(observed=np.zeros(HOURS), expected=np.zeros(HOURS)), id="all zero"),
    pytest.param(wave(observed=np.full(HOURS, -5.0)), id="below zero"),
    pytest.param(wave(observed=np.full(HOURS, 1e15)), id="huge"),
    pytest.param(wave(bad_from=None), id="nothing bad"),
    pytest.param(wave(bad_from=0), id="all bad"),
    pytest.param(wave(900, 700), id="more bad buckets than fit"),
    pytest.param(wave(70, 3, "day"), id="days"),
    pytest.param(wave(unit="% of messages"), id="a share"),
]


@pytest.mark.parametrize("evidence", ODD)
def test_any_evidence_becomes_a_small_picture_and_a_sentence(evidence):
    chart = draw(evidence, "Order Completed on ios", "Europe/Berlin")
    assert Image.open(io.BytesIO(chart.png)).size == (1440, 648)
    assert len(chart.png) < 60_000
    assert chart.alt.startswith("Order Completed on ios")
    assert "nan" not in chart.alt


def test_the_same_evidence_gives_the_same_bytes():
    assert draw(wave(), "x", "UTC") == draw(wave(), "x", "UTC")


def test_trouble_is_red_and_health_is_not():
    assert red(pixels(wave())) > 500
    assert red(pixels(wave(bad_from=None))) == 0


def test_trouble_of_one_hour_can_still_be_seen():
    assert red(pixels(wave(900, 1))) > 300


def test_the_sentence_has_the_numbers_in_local_time():
    alt = draw(wave(), "Order Completed on ios", "Europe/Berlin").alt
    assert "0 since Sun 1 Mar 19:00 (expected 80 to 298); 100 to 500 before that." in alt


def test_a_share_is_told_in_percent():
    assert ": 0 % since" in draw(wave(unit="% of messages"), "x", "UTC").alt


def test_the_sparkline_falls_where_the_series_does():
    spark = draw(wave(), "x", "UTC").spark
    assert spark.endswith("▁")
    assert "█" in spark


@pytest.mark.parametrize("name", ["$\\frac{1}$", "🛒 注文完了", "a" * 300, "<b>", "x\x1b\n\ud800", "%s {0}"])
def test_any_name_can_be_drawn(name):
    assert pixels(wave(), name).shape == (648, 1440, 3)
