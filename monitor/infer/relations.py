"""Which events seem to belong together, so that one would come after the other, or so often for each of it?

Learned rules are proposals: nothing is alarmed by them until somebody writes them into the plan.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from checks.base import Floats
from checks.words import share
from monitor.infer.evidence import SeenEvent

A_DAY = 20.0  # messages of the rarer event: below, a ratio of days says little
STEADY = 0.15  # relative spread of the daily ratio, beyond that of the counts
MOST = 20  # pairs that the store is asked about
ALWAYS = 0.95  # of messages have the other before them, before it is proposed
ROOM = 0.03  # left for what is usual


@dataclass(frozen=True, slots=True)
class Pair:
    """That one event comes so often for each of another."""

    of: str
    to: str
    level: float
    low: float  # of the days
    high: float
    spread: float  # relative, beyond chance


def candidates(events: Mapping[str, SeenEvent]) -> Iterator[Pair]:
    """Yield for each event the one of the more frequent ones to which it keeps the steadiest ratio."""
    best: dict[str, Pair] = {}
    for of, to in itertools.permutations([each for each in events.values() if _daily(each) >= A_DAY], 2):
        pair = _pair(of, to) if of.messages <= to.messages else None
        if pair and (of.name not in best or pair.spread < best[of.name].spread):
            best[of.name] = pair
    yield from sorted(best.values(), key=lambda pair: pair.spread)[:MOST]


def _daily(event: SeenEvent) -> float:
    return event.messages / max(len(event.daily), 1)


def _pair(of: SeenEvent, to: SeenEvent) -> Pair | None:
    known = (of.daily > 0) & (to.daily > 0)
    if known.sum() < 0.9 * len(known) or known.sum() < 14:
        return None
    ratio = of.daily[known] / to.daily[known]
    spread = _spread(ratio, of.daily[known], to.daily[known])
    if spread > STEADY or spread >= _spread(of.daily[known], of.daily[known], None):
        return None
    low, high = np.quantile(ratio, [0.025, 0.975]).tolist()
    return Pair(of.name, to.name, of.messages / to.messages, low, high, spread)


def _spread(values: Floats, of: Floats, to: Floats | None) -> float:
    """Return how much values differ relatively, beyond what counts do by chance."""
    chance = np.mean(1 / of) + (np.mean(1 / to) if to is not None else 0.0)
    return math.sqrt(max(float(np.var(np.log(values))) - float(chance), 0.0))


def proposals(pairs: Mapping[Pair, float | None]) -> Iterator[tuple[str, str]]:
    """Yield for an event what it might promise, as a line of the plan, and why.

    Args:
        pairs: each with the share of messages that have the other event before them; None: not known.
    """
    for pair, preceded in pairs.items():
        if preceded is not None and preceded < ALWAYS:
            continue  # two of many things that people do on the same days
        why = f"{pair.level:.3g} for each, on most days {pair.low:.3g} to {pair.high:.3g}"
        yield pair.of, f"ratio: {{to: {pair.to}}}   # {why}"
        if preceded is not None:
            percent = math.floor(100 * (preceded - ROOM))
            why = f"{share(preceded)} of messages of the last weeks came after one of the same person"
            yield pair.of, f"after: {{event: {pair.to}, at_least: {percent}%}}   # {why}"
