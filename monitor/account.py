"""What did a verdict cost, and what does it rest on? Kept with an incident, so that anybody can ask later."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """What a test could cost: the chance that it is wrong, in each bucket that it is made in."""

    threshold: float  # the p-value that would just have been a problem
    looks: int  # tests of the same subject in the bucket, which share its part
    subjects: int  # that were tested in the bucket
    live: float  # of these, how many could have been problems by chance: those far from it cost nothing
    found: int  # new problems of the bucket: each makes the same risk bearable for one more (Benjamini-Hochberg)
    weight: float  # of its priority, 1 is the mean of the bucket
    weekly: float  # false alerts a week that the subject may cause at this threshold
    share: float  # of the weekly budget that this is


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A stretch of the past that was not learned from."""

    start: dt.datetime
    end: dt.datetime
    why: str


@dataclass(frozen=True, slots=True)
class Learned:
    """Which of a series' past was usual: between two times, less what was left out."""

    since: dt.datetime
    until: dt.datetime
    days: int  # on which at least one bucket was learned from
    left_out: tuple[LeftOut, ...] = ()
