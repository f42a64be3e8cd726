"""When do people come to the shop, and with which release of the app?"""

from __future__ import annotations

import datetime as dt
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.demo.faults import CHECKOUT_STOPPED, DOUBLE_FIRE, NOW, PRICE_AS_TEXT, START

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SECOND = 1_000_000  # all times are int64 microseconds since 1970, UTC
HOUR = 3600 * SECOND
DAY = 24 * HOUR
LOCAL = -5 * HOUR  # New York in winter: no clock change between START and NOW

CLIENTS = ("web", "ios", "android")
SOURCES = (*CLIENTS, "server")
WEB, IOS, ANDROID, SERVER = range(4)

_SHARE = np.array([0.50, 0.28, 0.22])  # of sessions, by client
_HOURS = np.array(  # local hour of day, by client: a desk's lunch break, a phone's evening
    [
        [20, 13, 9, 8, 9, 14, 26, 42, 60, 74, 84, 92, 98, 92, 84, 80, 80, 82, 86, 94, 100, 92, 68, 38],
        [28, 17, 11, 9, 11, 20, 42, 58, 60, 56, 56, 62, 70, 64, 58, 58, 64, 72, 82, 94, 100, 98, 80, 50],
        [30, 19, 12, 10, 12, 19, 38, 54, 58, 56, 57, 63, 70, 65, 60, 60, 65, 72, 80, 92, 100, 98, 82, 54],
    ]
)
_WEEK = np.array(  # Monday to Sunday, by client
    [
        [1.00, 0.97, 0.96, 0.97, 0.95, 1.08, 1.22],
        [0.96, 0.94, 0.94, 0.96, 0.99, 1.14, 1.20],
        [0.96, 0.94, 0.94, 0.96, 0.99, 1.12, 1.18],
    ]
)
_GROWTH = 0.015  # a week
_SALE, _SALE_LIFT = dt.date(2026, 2, 16), 1.35  # Presidents' Day
_MAINTENANCE = (dt.datetime(2026, 1, 27, 7, tzinfo=dt.UTC), dt.datetime(2026, 1, 27, 9, tzinfo=dt.UTC))


def micros(when: dt.datetime) -> int:
    """Return an aware datetime as microseconds since 1970."""
    return int(when.timestamp()) * SECOND


def stream(seed: int, purpose: str) -> np.random.Generator:
    """Return a generator of its own for a purpose, so that one part's draws never move another's."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])


def days() -> int:
    """Return the number of local days from START to NOW, the last one begun."""
    return -((micros(START) - micros(NOW)) // DAY)


def local_day(at: Ints) -> Ints:
    """Return the number of the local day since START, from 0."""
    return np.clip((at - micros(START)) // DAY, 0, days() - 1)


def arrivals(rng: np.random.Generator, total: float) -> tuple[Ints, Ints]:
    """Draw the sessions of the whole time: (client, start), in order of start.

    Args:
        rng: source of chance.
        total: expected number of sessions.
    """
    starts = np.arange(micros(START), micros(NOW), HOUR)
    expected = _expected(starts)
    counts = rng.poisson(expected * (total / expected.sum()) * _noise(rng, starts))
    client = np.repeat(np.arange(len(CLIENTS)), counts.sum(axis=1))
    hour = np.concatenate([np.repeat(starts, row) for row in counts])
    at = hour + rng.integers(0, HOUR, len(hour))
    order = np.argsort(at, kind="stable")
    return client[order], at[order]


def _expected(starts: Ints) -> Floats:
    local = starts + LOCAL
    hour, weekday = local % DAY // HOUR, (local // DAY + 3) % 7  # 1970 began on a Thursday
    growth = (1 + _GROWTH) ** ((starts - starts[0]) / (7 * DAY))
    sale = np.where(local // DAY == (_SALE - dt.date(1970, 1, 1)).days, _SALE_LIFT, 1.0)
    closed = np.where((starts >= micros(_MAINTENANCE[0])) & (starts < micros(_MAINTENANCE[1])), 0.1, 1.0)
    shape: Floats = _SHARE[:, None] * _HOURS[:, hour] * _WEEK[:, weekday] * growth * sale * closed
    return shape


def _noise(rng: np.random.Generator, starts: Ints) -> Floats:
    """Good and bad days, of the shop (7 %) and of a client (4 %), and good and bad hours (6 %)."""
    day = local_day(starts)
    shop = rng.normal(0, 0.07, days())[day]
    client = rng.normal(0, 0.04, (len(CLIENTS), days()))[:, day]
    hour = rng.normal(0, 0.06, (len(CLIENTS), len(starts)))
    noise: Floats = np.exp(shop + client + hour)
    return noise


@dataclass(frozen=True, slots=True)
class Release:
    """A version of an app, and the mean time until a device has it."""

    version: str
    at: int
    uptake: int


def _release(version: str, at: dt.datetime, uptake_hours: float) -> Release:
    return Release(version, micros(at), round(uptake_hours * HOUR))


RELEASES = {
    IOS: (
        _release("5.0.0", START - dt.timedelta(days=30), 1),
        _release("5.0.1", dt.datetime(2026, 1, 13, 17, tzinfo=dt.UTC), 60),
        _release("5.1.0", dt.datetime(2026, 1, 29, 17, tzinfo=dt.UTC), 60),
        _release("5.1.1", dt.datetime(2026, 2, 12, 17, tzinfo=dt.UTC), 60),
        _release("5.2.0", CHECKOUT_STOPPED.start, 0.2),  # mandatory: the old app refuses to go on
    ),
    ANDROID: (
        _release("8.0.0", START - dt.timedelta(days=30), 1),
        _release("8.0.1", dt.datetime(2026, 1, 15, 15, tzinfo=dt.UTC), 72),
        _release("8.0.2", dt.datetime(2026, 2, 5, 15, tzinfo=dt.UTC), 72),
        _release("8.1.0", DOUBLE_FIRE.start, 18),
        _release("8.1.1", PRICE_AS_TEXT.start, 9),
    ),
}


def releases(rng: np.random.Generator, client: Ints, device: Ints, at: Ints) -> Ints:
    """Return each session's place in its client's RELEASES, -1 on web; a slow device is slow every time."""
    slowness = np.minimum(rng.exponential(size=int(device.max()) + 1)[device], 3.0)
    version = np.full(len(at), -1)
    for app, known in RELEASES.items():
        has = [at >= release.at + slowness * release.uptake for release in known]
        version = np.where(client == app, np.sum(has, axis=0) - 1, version)
    return version


def place(client: int, version: str) -> int:
    """Return the place of a version in its client's RELEASES."""
    return [release.version for release in RELEASES[client]].index(version)
