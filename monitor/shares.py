"""Which part of a bucket's budget do some of the checks have, while others judge it at another time?

Expected false alerts add up, so any parts that make one keep the budget. Checks get theirs by how many
subjects they tested when they were evaluated last, so that a threshold is about the same as if all had
judged the bucket together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from monitor.decide import HOUR, Verdict

NAME = "tests"  # of the snapshot: check -> subjects that it last tested by the hour, and by the day
UNKNOWN = (1, 1)  # of a check that has not been evaluated yet; one that tested nothing may test something now


def subjects_of(verdicts: Collection[Verdict], checks: Collection[str]) -> dict[str, list[int]]:
    """Return how many subjects each of some checks tested by the hour, and by the day."""
    tested: dict[str, tuple[set[Any], set[Any]]] = {name: (set(), set()) for name in checks}
    for finding in (verdict.finding for verdict in verdicts):
        if finding.p_value is not None and finding.bucket is not None and finding.check in tested:
            step = finding.bucket.end - finding.bucket.start
            tested[finding.check][step > HOUR].add((finding.kind, finding.event, finding.property))
    return {name: [len(hours), len(days)] for name, (hours, days) in tested.items() if hours or days}


def parts_of(
    known: Mapping[str, Sequence[int]], checks: Collection[str], everything: Collection[str]
) -> tuple[float, float]:
    """Return the part of an hour's budget, and of a day's, that some of all checks may spend.

    >>> parts_of({"volume": [99, 90], "pii": [0, 10]}, {"pii"}, {"volume", "pii"})
    (0.01, 0.1)
    """

    def part(grain: int) -> float:
        mine, whole = (sum(max(known.get(name, UNKNOWN)[grain], 1) for name in ours) for ours in (checks, everything))
        return mine / whole

    return part(0), part(1)
