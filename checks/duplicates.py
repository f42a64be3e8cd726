"""Which messages arrived more than once?

An exact copy has a message id that came before (the same content, where there are no ids):
nothing about it is natural, so it is held against a tolerance from the first day on. A
semantic copy says under a new id what the same user has just said: people do repeat
themselves, so it is held against the event's own background as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from checks.base import Evidence, Finding, Kind, Measure, Profile, Stat, check
from checks.plan import Plan
from checks.rates import Day, Limit, Shares, judge_shares, share_evidence, shares
from checks.settings import setting
from checks.words import number, share

KINDS = {
    "exact": Kind(
        title="{subject} arrives in copies",
        advice="Count distinct message ids until it is repaired; look for retries and for a load that ran twice.",
        family="excess",
    ),
    "semantic": Kind(
        title="{subject} is sent twice",
        advice="Look for a second listener or a second tag in the newest release; the copies have ids of their own.",
        family="excess",
    ),
}
MEASURED = {"exact": Stat.SURPLUS, "semantic": Stat.REPEATS}


@dataclass(frozen=True, slots=True)
class DuplicatesParams:
    """How many copies are acceptable, as shares of the messages?"""

    tolerance: float = setting(0.001, "share of exact copies that is acceptable: networks make some", part=True)
    min_repeats: float = setting(0.02, "share of semantic copies, beyond their own background, that matters", part=True)
    min_copies: int = setting(2, "copies a day, of either kind: one is an accident")


@check("duplicates", kinds=KINDS, params=DuplicatesParams)
class Duplicates:
    """Exact and semantic copies, by the day."""

    def measures(self, plan: Plan, params: DuplicatesParams) -> Iterable[Measure]:
        """Ask for the messages and the copies of each day."""
        return [Measure(stat) for stat in (Stat.ROWS, Stat.IDS, *MEASURED.values())]

    def judge(self, profile: Profile, plan: Plan, params: DuplicatesParams) -> Iterator[Finding]:
        """Yield a finding of both kinds for every event, source and day."""
        same = "carry an id that came before" if profile.catalog.has_ids else "are the same in every field"
        few = params.min_copies
        exact = Limit("exact", params.tolerance, partial(_say_exact, same=same), least_rows=few)
        semantic = Limit("semantic", 0.0, _say_semantic, natural=True, least=params.min_repeats, least_rows=few)
        for limit in (exact, semantic):
            yield from judge_shares(profile, _shares(profile, limit.kind), limit)

    def evidence(self, profile: Profile, plan: Plan, params: DuplicatesParams, finding: Finding) -> Evidence | None:
        """Return the share of copies by day."""
        return share_evidence(_shares(profile, finding.kind), finding)


def _shares(profile: Profile, kind: str) -> Shares:
    return shares(profile.table(MEASURED[kind], "day"), profile.table(Stat.ROWS, "day"))


def _say_exact(day: Day, same: str) -> str:
    count = f"{number(day.bad)} of {number(day.rows)} messages of a day"
    return f"{day.key}: {count} {same} ({share(day.share)}); up to {share(day.usual)} is acceptable."


def _say_semantic(day: Day) -> str:
    count = f"{number(day.bad)} of {number(day.rows)} messages of a day"
    return f"{day.key}: {count} repeat what the same user just sent ({share(day.share)}, usually {share(day.usual)})."
