"""Which faults does the demo shop have, and did the monitor find them?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checks.base import Finding

Verdict = tuple[str, str]  # (check, kind)

START = dt.datetime(2026, 1, 2, 5, 0, tzinfo=dt.UTC)  # local midnight, more than eight weeks before NOW
NOW = dt.datetime(2026, 3, 2, 13, 20, tzinfo=dt.UTC)  # a Monday, 08:20 in the shop's time zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something wrong that was planted. `end` None: it still lasts. `covered_by` empty: no check of this version."""

    name: str
    kind: str
    what: str
    event: str | None = None
    property: str | None = None
    source: str | None = None
    start: dt.datetime
    end: dt.datetime | None = None
    covered_by: tuple[Verdict, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """What was found of a fault: the checks that saw it, and the earliest bucket that they name."""

    fault: Fault
    by: tuple[Verdict, ...] = ()
    since: dt.datetime | None = None

    @property
    def found(self) -> bool:
        """Return whether any check saw the fault."""
        return bool(self.by)


def match(faults: Iterable[Fault], problems: Sequence[Finding]) -> list[Match]:
    """Say for each fault which problems saw it.

    A problem sees a fault when its (check, kind) is one that covers the fault, it names the
    same event, no other property or source, and its bucket overlaps the fault's time.

    Args:
        faults: what was planted.
        problems: the findings that were decided to be problems, not all findings.
    """
    return [_match(fault, [finding for finding in problems if _sees(finding, fault)]) for fault in faults]


def _match(fault: Fault, seen: Sequence[Finding]) -> Match:
    by = dict.fromkeys((finding.check, finding.kind) for finding in seen)
    since = min((finding.bucket.start for finding in seen if finding.bucket), default=None)
    return Match(fault, tuple(by), since)


def _sees(finding: Finding, fault: Fault) -> bool:
    same = (finding.check, finding.kind) in fault.covered_by and finding.event == fault.event
    same = same and finding.property == fault.property
    same = same and (fault.source is None or finding.source in {None, fault.source})
    return same and _overlaps(finding, fault)


def _overlaps(finding: Finding, fault: Fault) -> bool:
    if finding.bucket is None:
        return True
    ended_before = fault.end is not None and finding.bucket.start >= fault.end
    return finding.bucket.end > fault.start and not ended_before


def _at(month: int, day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute, tzinfo=dt.UTC)


CHECKOUT_STOPPED = Fault(
    name="Event stopped on one platform",
    kind="stopped",
    what="Checkout Started is not sent any more by ios 5.2.0, a mandatory update",
    event="Checkout Started",
    source="ios",
    start=_at(2, 28, 1),
    covered_by=(("missing", "stopped"), ("volume", "drop")),
)
GIFT_CARD_STOPPED = Fault(
    name="Rare event stopped",
    kind="stopped",
    what="Gift Card Redeemed, 1.5 a day, is not sent any more by the server",
    event="Gift Card Redeemed",
    source="server",
    start=_at(2, 20, 18),
    covered_by=(("missing", "stopped"),),
)
SEARCH_HALVED = Fault(
    name="Volume halved",
    kind="drop",
    what="Every second Search Performed on web is lost",
    event="Search Performed",
    source="web",
    start=_at(2, 27, 13),
    covered_by=(("volume", "drop"), ("volume", "shift")),
)
DOUBLE_FIRE = Fault(
    name="Double-fire after a release",
    kind="semantic",
    what="android from 8.1.0 on sends each Product Added twice within 300 ms, under two message ids",
    event="Product Added",
    source="android",
    start=_at(2, 24, 15),
    covered_by=(("duplicates", "semantic"), ("volume", "spike"), ("volume", "shift")),
)
RESENDS = Fault(
    name="Exact resends",
    kind="exact",
    what="The server retried 15 % of Order Completed twice during five hours, under the same message ids",
    event="Order Completed",
    source="server",
    start=_at(3, 1, 15),
    end=_at(3, 1, 20),
    covered_by=(("duplicates", "exact"),),
)
RENAMED = Fault(
    name="Renamed event",
    kind="renamed",
    what="Wishlist Item Added arrives from web as wishlist_add",
    event="Wishlist Item Added",
    source="web",
    start=_at(2, 23, 15),
    covered_by=(("unplanned", "renamed"), ("missing", "stopped"), ("volume", "drop")),
)
PRICE_AS_TEXT = Fault(
    name="Property turned into a string",
    kind="wrong_type",
    what="android 8.1.1 sends Product Viewed.price as it is shown: '$1,299.00'",
    event="Product Viewed",
    property="price",
    source="android",
    start=_at(2, 26, 15),
    covered_by=(("schema", "wrong_type"),),
)
CURRENCY_MISSING = Fault(
    name="Required property missing",
    kind="required_missing",
    what="Order Completed.currency is empty on web for orders paid with PayPal, about 35 %",
    event="Order Completed",
    property="currency",
    source="web",
    start=_at(2, 27, 19, 30),
    covered_by=(("schema", "required_missing"),),
)
SORT_CONSTANT = Fault(
    name="Constant property",
    kind="constant",
    what="Search Performed.sort_by is always 'relevance'",
    event="Search Performed",
    property="sort_by",
    start=START,
    covered_by=(("unused", "constant"),),
)
AFFILIATION_NULL = Fault(
    name="Always-null property",
    kind="always_null",
    what="Order Completed.affiliation has a column from old times, and no value",
    event="Order Completed",
    property="affiliation",
    start=START,
    covered_by=(("unused", "always_null"),),
)
PHOTO_NEVER_SENT = Fault(
    name="Never-sent property",
    kind="never_sent",
    what="Product Reviewed.has_photo is planned and was never sent: there is no column",
    event="Product Reviewed",
    property="has_photo",
    start=START,
    covered_by=(("unused", "never_sent"),),
)
REWARD_NEVER_SEEN = Fault(
    name="Planned event never seen",
    kind="never_seen",
    what="Loyalty Reward Redeemed is planned and was never sent",
    event="Loyalty Reward Redeemed",
    start=START,
    covered_by=(("missing", "never_seen"), ("unused", "event_never_seen")),
)
DEV_TRAFFIC = Fault(
    name="Dev traffic in production",
    kind="leak",
    what="About 1.5 % of web rows come from localhost:3000 and users of lumenoak.dev",
    source="web",
    start=_at(2, 25, 16),
    covered_by=(("environment", "leak"),),
)

FAULTS = (
    CHECKOUT_STOPPED,
    GIFT_CARD_STOPPED,
    SEARCH_HALVED,
    DOUBLE_FIRE,
    RESENDS,
    RENAMED,
    PRICE_AS_TEXT,
    CURRENCY_MISSING,
    SORT_CONSTANT,
    AFFILIATION_NULL,
    PHOTO_NEVER_SENT,
    REWARD_NEVER_SEEN,
    DEV_TRAFFIC,
)
