"""How is it said that what values come, or how large they are, is not what it was?"""

from __future__ import annotations

from checks.base import Bucket, Finding, Key
from checks.distributions import Difference


def moved(kind: str, key: Key, bucket: Bucket, found: Difference, least: float, messages: float) -> Finding:
    """Return the finding of one test of a property's distribution on one day, without its text.

    Args:
        kind: of the finding.
        key: the property.
        bucket: the day.
        found: how far the day is from the others.
        least: share of the values that would have to be others for it to matter.
        messages: with a value, on that day.
    """
    return Finding(
        kind=kind,
        event=key.event,
        source=key.source,
        property=key.property,
        bucket=bucket,
        observed=found.effect,
        expected=0.0,
        low=0.0,
        high=found.usual,
        p_value=found.p_value,
        effect=found.effect,
        effect_low=found.effect_low,
        effect_high=found.effect_high,
        relevant=found.effect >= least,
        settled=True if found.effect <= max(found.usual, least / 2) else None,
        rows=found.effect * messages,
    )
