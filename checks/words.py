"""How are numbers said to people?"""

from __future__ import annotations

import math

from checks.base import Grain

TELLING = 0.01  # a healthy finding is not put into words: nobody reads it, and there are thousands


def number(value: float) -> str:
    """Return a count as people write it: no digit that means nothing.

    >>> number(1234567.8), number(4.25), number(12.0), number(0.031), number(math.nan)
    ('1,234,568', '4.2', '12', '0.03', '?')
    """
    if not math.isfinite(value):
        return "?"
    if value >= 10 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 0.1 else f"{value:.1g}"


def between(low: float, high: float) -> str:
    """Return an interval of counts.

    >>> between(410.3, 551.6), between(2.2, 2.2)
    ('410 to 552', '2.2')
    """
    ends = number(low), number(high)
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def change(effect: float) -> str:
    """Return a relative effect; a loss is called total only where it is.

    >>> change(-0.975), change(1.4), change(-0.9999), change(-1.0), change(23.0)
    ('−98 %', '+140 %', '−99.9 %', '−100 %', '×24')
    """
    if effect >= 4:
        return f"×{number(effect + 1)}"
    if -1 < effect < -0.99:
        return f"−{min(-100 * effect, 99.9):.1f} %"
    return f"{'−' if effect < 0 else '+'}{abs(effect):.0%}".replace("%", " %")


def share(rate: float) -> str:
    """Return a share of messages.

    >>> share(0.333), share(0.0042), share(0.00001), share(1.0), share(0.99987)
    ('33 %', '0.42 %', 'under 0.01 %', '100 %', '99.9 %')
    """
    percent = 100 * rate
    if 0 < percent < 0.01:
        return "under 0.01 %"
    if 99 < percent < 100:
        return f"{min(percent, 99.9):.1f} %"
    return f"{percent:.2g} %" if percent < 10 else f"{percent:.0f} %"


def percent(rate: float) -> str:
    """Say a share in whole percent.

    >>> percent(0.974)
    '97 %'
    """
    return f"{100 * rate:.0f} %"


def stretch(buckets: float, grain: Grain) -> str:
    """Return a length of time.

    >>> stretch(1, "hour"), stretch(6, "hour"), stretch(3, "day"), stretch(75, "hour"), stretch(720, "hour")
    ('hour', '6 hours', '3 days', '3 days', '30 days')
    """
    if grain == "hour" and buckets > 48:
        return stretch(buckets // 24, "day")
    return grain if buckets == 1 else f"{buckets:,.0f} {grain}s"
