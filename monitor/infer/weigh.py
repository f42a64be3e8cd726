"""When is what was seen enough evidence for a rule?

A rule is proposed where breaking it must be rare: with no case among n messages, the share of cases is below 3 / n
with 95 % certainty (the rule of three: Hanley & Lippman-Hand 1983, JAMA 249), and that must be no more than what the
check `schema` tolerates. What is likely but not certain is said as a doubt, for somebody to decide.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from checks.base import Floats
from checks.schema import SchemaParams
from checks.words import number, share
from monitor.document import shortened
from monitor.infer.evidence import SeenProperty

RULE_OF_THREE = 3.0
ENOUGH = math.ceil(RULE_OF_THREE / SchemaParams().tolerance)  # messages without a case: 300
ENOUGH_DAYS = 14  # a fortnight has every weekday twice
MOST_MEMBERS = 25  # of an enum
LONGEST_MEMBER = 40  # characters: what is longer is no category
EACH_MEMBER = 5  # times, before it is one
SETTLED = 2 / 3  # of the days: nothing new in the last third
FLOOR = 0.5  # of the days end at the same number, where it is a floor or a ceiling
RARE = 1e-4  # of days may pass a margin
FAR = 100.0  # times the largest: a margin so wide says nothing
ALIKE = 0.98  # of the texts have one form: the others are worth a look
FORMATS = {"email": "email", "uuid": "uuid", "uri": "uri", "ipv4": "ipv4"}
SPELT = {"integer": "whole numbers", "number": "numbers", "boolean": "true and false"}
OF_STORE = {"string", "integer", "number", "boolean", "datetime", "object", "array"}


@dataclass(slots=True)
class Weighed:
    """What a property may promise: fields of a planned property, why, and what somebody should look at."""

    rules: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)  # by the rule that it is for
    doubts: list[str] = field(default_factory=list)

    def accept(self, why: str, **rules: Any) -> None:
        """Take a rule, with its evidence."""
        self.rules |= rules
        self.evidence |= dict.fromkeys(rules, why)


def weigh(prop: SeenProperty, weeks: float) -> Weighed:
    """Return what a property that has values may promise."""
    found = Weighed()
    _presence(prop, weeks, found)
    kind = _kind(prop, found)
    if kind != "any":
        found.rules["type"] = kind
    if kind == "string":
        _form(prop, found)
        _members(prop, found)
        _key(prop, found)
    if kind in {"integer", "number"}:
        _range(prop, found)
    return found


def _presence(prop: SeenProperty, weeks: float, found: Weighed) -> None:
    """Required where never null in enough messages; of some sources, where only those always send it."""
    missing = sum(prop.nulls.values())
    if not missing:
        why = f"never null in {number(prop.messages)} rows over {_weeks(weeks)}"
        if prop.messages >= ENOUGH and prop.days >= ENOUGH_DAYS:
            found.accept(why, required=True)
        else:
            found.doubts.append(f"{why}: too few to require it")
        return
    always = [source for source in prop.rows if not prop.nulls.get(source) and prop.rows[source] >= ENOUGH]
    if always and prop.days >= ENOUGH_DAYS:
        rows = sum(prop.rows[source] for source in always)
        why = f"never null in {number(rows)} rows from {', '.join(always)} over {_weeks(weeks)}"
        found.accept(why, required_from=tuple(always))
    rate = missing / prop.messages
    if not always and rate <= SchemaParams().tolerance:
        found.doubts.append(f"null in {number(missing)} of {number(prop.messages)} rows: should it be required?")


def _weeks(weeks: float) -> str:
    return f"{weeks:.0f} weeks"


def _kind(prop: SeenProperty, found: Weighed) -> str:
    """Return the planned type: the store's, unless texts are all times, or numbers all whole."""
    kinds = {kind for kind in prop.types if kind in OF_STORE}
    if not kinds and sum(prop.forms.values()) == prop.values:  # of JSON members: each says what it is
        kinds = {form.strip("()") if form.startswith("(") else "string" for form in prop.forms}
    if kinds == {"integer", "number"}:
        kinds = {"number"}
    if len(kinds) != 1:
        if kinds:
            found.doubts.append(f"comes as {' and as '.join(sorted(kinds))}: which is meant?")
        return "any"
    (kind,) = kinds
    if kind == "number" and not prop.fractions and prop.values >= ENOUGH:
        found.accept(f"all {number(prop.values)} numbers are whole", type="integer")
        return "integer"
    times = sum(prop.forms.get(form, 0.0) for form in ("date", "datetime"))
    if kind == "string" and prop.forms and times == sum(prop.forms.values()) and times >= ENOUGH:
        found.accept(f"all {number(times)} texts are times", type="datetime")
        return "datetime"
    return kind


def _form(prop: SeenProperty, found: Weighed) -> None:
    """Say the format of texts that all have one; doubt what spells another type, and what most have."""
    total = sum(prop.forms.values())
    if not total:
        return
    form, most = max(prop.forms.items(), key=lambda item: item[1])
    if most == total and form in FORMATS and total >= ENOUGH:
        found.accept(f"all {number(total)} texts are {form}", format=FORMATS[form])
    elif most == total and form in SPELT and len(prop.members) != 1:
        found.doubts.append(f"the texts spell {SPELT[form]}: is it meant to be {form}?")
    elif most >= ALIKE * total and form in {*FORMATS, "date", "datetime"}:
        found.doubts.append(f"{number(total - most)} of {number(total)} texts are not {form}, the others are")
    if form == "email" and most >= ALIKE * total:
        found.doubts.append("holds email addresses: personal: true?")


def _members(prop: SeenProperty, found: Weighed) -> None:
    """Say the values, where the set is closed: none new in the last third, and unseen ones rare (Good-Turing)."""
    members = {value: count for value, (count, _) in prop.members.items()}
    total = sum(members.values())
    if not members or total < prop.values or "format" in found.rules or set(prop.forms) & set(FORMATS):
        return
    if len(members) == 1:
        found.doubts.append(f"always {shortened(next(iter(members)))}: constant: true, or not needed?")
        return
    if len(members) > MOST_MEMBERS or max(map(len, members)) > LONGEST_MEMBER:
        return
    if not all(value.strip() for value in members):
        found.doubts.append("some values are empty texts: is that meant?")
        return
    said = f"{len(members)} values in {number(total)} rows, the rarest {number(min(members.values()))} times"
    once = sum(count == 1 for count in members.values())
    unseen = (once + RULE_OF_THREE) / total  # of the next message (Good 1953, Biometrika 40), and its uncertainty
    newest = max(first for _, first in prop.members.values())
    closed = unseen <= SchemaParams().tolerance and min(members.values()) >= EACH_MEMBER
    if closed and prop.days >= ENOUGH_DAYS and newest <= SETTLED * prop.days:
        found.accept(said, enum=tuple(sorted(members)))
    elif total >= EACH_MEMBER * len(members):
        found.doubts.append(f"{said}, {_open(newest, prop)}: enum?")


def _open(newest: int, prop: SeenProperty) -> str:
    if newest > SETTLED * prop.days:
        return f"a new one on day {newest + 1} of {prop.days}"
    return "too few to say that there are no others"


def _range(prop: SeenProperty, found: Weighed) -> None:
    """Say the smallest and largest: a number at which most days end, zero, or a margin beyond the largest."""
    if not len(prop.lows) or prop.values < ENOUGH:
        return
    low, high = float(prop.lows.min()), float(prop.highs.max())
    if low == high:
        found.doubts.append(f"always {low:g}: constant: true, or not needed?")
        return
    count = number(prop.values)
    if np.mean(prop.lows == low) >= FLOOR:
        found.accept(f"from {low:g} on {share(float(np.mean(prop.lows == low)))} of days, never less", min=low)
    elif low >= 0:
        found.accept(f"never below 0 in {count} rows, smallest {low:g}", min=0.0)
    if np.mean(prop.highs == high) >= FLOOR:
        found.accept(f"up to {high:g} on {share(float(np.mean(prop.highs == high)))} of days, never more", max=high)
    elif (limit := margin(prop.highs)) is not None:
        found.accept(f"largest {high:g} in {count} rows, with a margin", max=limit)
    elif low >= 0:
        found.doubts.append(f"largest {high:g}; the days differ too much for a margin: max?")


def margin(highs: Floats) -> float | None:
    """Return a bound that the largest number of a day passes once in 1 / RARE days; None where it says nothing.

    Block maxima are Gumbel (Gumbel 1958, *Statistics of Extremes*), here of logarithms, because sizes multiply;
    fitted by moments, and never below twice the largest. Rounded up to 1, 2 or 5.

    >>> margin(np.array([90.0, 100, 110, 95, 105] * 3))
    500.0
    """
    if np.any(highs <= 0) or len(highs) < ENOUGH_DAYS:
        return None
    logs = np.log(highs)
    scale = logs.std(ddof=1) * math.sqrt(6) / math.pi
    quantile = logs.mean() - 0.5772 * scale - scale * math.log(-math.log1p(-RARE))
    bound = max(math.exp(min(quantile, 700.0)), 2 * float(highs.max()))
    return rounded_up(bound) if bound <= FAR * float(highs.max()) else None


def rounded_up(value: float) -> float:
    """Return the next 1, 2 or 5 times a power of ten.

    >>> rounded_up(220.0), rounded_up(0.3), rounded_up(5000.0)
    (500.0, 0.5, 5000.0)
    """
    power = 10.0 ** math.floor(math.log10(value))
    return float(f"{next(step for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9)) * power:.12g}")


def _key(prop: SeenProperty, found: Weighed) -> None:
    """Doubt what is nearly as often different as it is sent; the count of different values is within a third."""
    if not prop.nulls and prop.values >= ENOUGH and prop.unique >= 1 - 0.15:
        found.doubts.append("nearly every message has a value of its own: key: true?")


def told(found: Weighed, rules: Collection[str] | None = None) -> Iterator[str]:
    """Yield the evidence for a property's rules, each once, and its doubts; of some rules, their evidence alone."""
    yield from dict.fromkeys(why for rule, why in found.evidence.items() if rules is None or rule in rules)
    if rules is not None:
        return
    yield from (f"? {doubt}" for doubt in found.doubts)
