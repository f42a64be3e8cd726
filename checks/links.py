"""Which messages link a stranger to a known user, and which ids link too many?

Looked at in the messages by which that happens: sign-ups, logins, `identify`. What a device or a user does in other
events lies in other tables, and is not put together with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from checks.base import Floats, Key, Measure, Profile, Stat, Table
from checks.plan import Plan
from checks.rates import Day, Shares
from checks.words import number, share

LINKS = "links"  # classes of rows: see `monitor.stores.people`
BOTH = "both"
LOGINS = ("Signed Up", "Signed In", "Logged In", "Account Created", "User Signed Up", "User Logged In", "identify")
SHARED = {  # of whom there are many, and whose id they share
    Stat.CROWDS: "users of one device",
    Stat.SPREADS: "devices of one user",
}


def logins(plan: Plan, names: tuple[str, ...]) -> Iterator[str]:
    """Yield the events by which an anonymous id becomes a known user, as the plan writes them.

    >>> from checks.plan import PlannedEvent
    >>> list(logins(Plan(events={"signed_up": PlannedEvent(name="signed_up")}), ("Signed Up", "identify")))
    ['signed_up', 'identify']
    """
    planned = {_folded(name): name for name in plan.events}
    yield from dict.fromkeys(planned.get(_folded(name), name) for name in names)


def _folded(name: str) -> str:
    return name.lower().replace(" ", "").replace("_", "").replace("-", "")


def unstitched(profile: Profile) -> Shares:
    """Return the messages of logins that lack the user id or the anonymous one."""
    return _of(profile.table(Measure(Stat.ROWS, by=LINKS).name(), "day"), lambda label: label != BOTH)


def shared(profile: Profile, stat: Stat, many: float) -> Shares:
    """Return the messages of logins by ids that at least so many share on a day."""
    return _of(profile.table(stat, "day"), lambda label: float(label) >= many)


def _of(table: Table, wrong: Callable[[str], bool]) -> Shares:
    """Return the rows of wrong labels beside all rows of each event and source."""
    groups: dict[Key, list[int]] = {}
    for i, key in enumerate(table.keys):
        if key.source is not None and key.label:
            groups.setdefault(replace(key, label=None), []).append(i)
    shape = (len(groups), len(table.calendar))
    bad, rows, usable = np.zeros(shape), np.zeros(shape), np.ones(shape, dtype=bool)
    for place, index in enumerate(groups.values()):
        values: Floats = np.nan_to_num(table.values[index])
        rows[place] = values.sum(axis=0)
        bad[place] = values[[wrong(table.keys[i].label or "") for i in index]].sum(axis=0)
        usable[place] = table.usable[index].all(axis=0)
    return Shares(Table(table.measure, table.calendar, tuple(groups), bad, usable, table.cut), rows)


def say_unstitched(day: Day) -> str:
    """Return the sentence about a day of logins."""
    count = f"{number(day.bad)} of {number(day.rows)} messages of a day lack the user id or the anonymous one"
    usual = f"{share(day.share)}, usually {share(day.usual)}"
    return f"{day.key}: {count}, so that what came before stays a stranger's ({usual})."


def say_shared(day: Day, stat: Stat, many: float) -> str:
    """Return the sentence about a day of shared ids."""
    count = f"{number(day.bad)} of {number(day.rows)} messages of a day"
    return f"{day.key}: {count} come from {number(many)} or more {SHARED[stat]} ({share(day.share)})."
