"""Which checks do people find useful, and which are mostly noise?

Of an incident the last word counts. A check's precision is the share of its incidents that were
called useful, with its Jeffreys interval (Brown, Cai & DasGupta 2001, Stat. Sci. 16). Where even its
upper end is below one half, the check is mostly noise: its severity is lowered by one step, and
each message says so. It is raised again when the interval is: marks are forgotten after 90 days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from monitor.actions import Action, Verb
from monitor.incidents import Incident

MEMORY = dt.timedelta(days=90)
MOSTLY = 0.5  # precision below which a check is noise, when it is surely below
SURE = 0.95
MARKS = (Verb.NOISE, Verb.USEFUL)


@dataclass(frozen=True, slots=True)
class Precision:
    """How many incidents of a check were called useful and noise."""

    check: str
    useful: int
    noise: int

    @property
    def share(self) -> float:
        """Return the share that was useful."""
        return self.useful / (self.useful + self.noise)

    @property
    def interval(self) -> tuple[float, float]:
        """Return the Jeffreys interval of the share; it reaches 0 or 1 where all marks are alike.

        >>> low, high = Precision("volume", useful=0, noise=5).interval
        >>> f"{low:.2f} to {high:.2f}"
        '0.00 to 0.38'
        """
        from scipy.stats import beta  # noqa: PLC0415 a quarter of a second, needed only where something was marked

        tail = (1 - SURE) / 2
        low, high = (float(beta.ppf(q, self.useful + 0.5, self.noise + 0.5)) for q in (tail, 1 - tail))
        return (low if self.useful else 0.0), (high if self.noise else 1.0)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON says it."""
        low, high = self.interval
        named = {"check": self.check, "useful": self.useful, "noise": self.noise}
        return {**named, "precision": self.share, "low": low, "high": high, "lowered": self.is_noise}

    @property
    def is_noise(self) -> bool:
        """Return whether the check is surely noise more often than not."""
        return self.interval[1] < MOSTLY

    def __str__(self) -> str:
        """Return it in words.

        >>> str(Precision("volume", useful=1, noise=9))
        '1 of 10 alerts of volume were called useful (1 % to 38 %)'
        """
        low, high = self.interval
        marked = self.useful + self.noise
        between = f"{100 * low:.0f} % to {100 * high:.0f} %"
        return f"{self.useful} of {marked} alerts of {self.check} were called useful ({between})"


def precisions(actions: Iterable[Action], incidents: Iterable[Incident]) -> tuple[Precision, ...]:
    """Return the precision of each check of which something was marked, the noisiest first.

    Args:
        actions: what people did, the oldest first.
        incidents: those that the actions are about; what is about others is left out.
    """
    check_of = {each.id: (each.opening.finding if each.opening else each.headline).check for each in incidents}
    last = {each.incident: each.verb for each in actions if each.verb in MARKS and each.incident in check_of}
    marks: dict[str, list[Verb]] = {}
    for incident, verb in last.items():
        marks.setdefault(check_of[incident], []).append(verb)
    found = [Precision(name, verbs.count(Verb.USEFUL), verbs.count(Verb.NOISE)) for name, verbs in marks.items()]
    return tuple(sorted(found, key=lambda each: (each.share, -each.noise, each.check)))


def demoted(found: Iterable[Precision]) -> Mapping[str, str]:
    """Return the checks that are mostly noise, each with why."""
    return {each.check: str(each) for each in found if each.is_noise}
