"""Can messages be put down to people, and always in the same way?

A message without any id is in no funnel; `undefined` makes one person of thousands; an address as an
id is a person's name in every table; ids in two formats are people who are counted twice; a login that does
not carry both ids leaves a stranger behind who never becomes anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from checks.base import Evidence, Finding, Floats, Key, Kind, Measure, Profile, Stat, Table, check
from checks.links import LINKS, LOGINS, SHARED, logins, say_shared, say_unstitched, shared, unstitched
from checks.plan import Plan
from checks.rates import Day, Limit, Shares, judge_shares, share_evidence
from checks.settings import setting
from checks.words import number, share

DIMENSION = "identity"  # classes of rows: see `monitor.stores.people`
NOBODY, ANONYMOUS, PLACEHOLDER, EMAIL = "nobody", "anonymous", "placeholder", "email"
UNKNOWN = frozenset({NOBODY, ANONYMOUS, "(none)", "(other)"})  # without a user id

KINDS = {
    "missing_id": Kind(
        title="{subject} comes without any id",
        advice="Find the release that lost the ids; what came without cannot be put down to anybody later.",
    ),
    "placeholder": Kind(
        title="{subject} has user ids that are no ids",
        advice="Leave the id out where there is none; thousands of people are one until then.",
        spoils=False,
    ),
    "email_as_id": Kind(
        title="{subject} has addresses as user ids",
        advice="Send the id of your own database; addresses change, and say who somebody is.",
        spoils=False,
    ),
    "stitching": Kind(
        title="{subject} does not say who the stranger was",
        advice="See that sign-up and login send the anonymous id beside the user id; what came before is lost without.",
    ),
    "shared_id": Kind(
        title="{subject} has ids that many share",
        advice="Look for an id that is set once for all: a default, a test account, a server that sends its own.",
        spoils=False,
    ),
    "mixed_format": Kind(
        title="{subject} has user ids in several formats",
        advice="See which release sends another id; the same people are counted twice until they agree.",
        spoils=False,
    ),
}


@dataclass(frozen=True, slots=True)
class IdentityParams:
    """How many messages must be wrong before it matters, as shares beyond what is usual?"""

    min_missing: float = setting(
        0.05, "share of an event's messages of a source without any id, beyond what is usual", part=True
    )
    placeholders: float = setting(
        0.002,
        "share of a source's messages whose user id is a placeholder or an address; from the first day on",
        part=True,
    )
    min_format: float = setting(
        0.05, "share of a source's messages with a user id in another format than most, beyond what is usual", part=True
    )
    min_unstitched: float = setting(
        0.1, "share of the messages of a sign-up or login without both ids, beyond what is usual", part=True
    )
    logins: tuple[str, ...] = setting(LOGINS, "events by which an anonymous id becomes a known user")
    many: float = setting(100.0, "users of one device on one day, or devices of one user; 10, 30, 100, 300 or 1000")
    shared: float = setting(0.01, "share of a login's messages whose ids so many share", part=True)
    min_rows: float = setting(10.0, "such messages a day below which nothing is told")


@check("identity", kinds=KINDS, params=IdentityParams)
class Identity:
    """Missing, empty, personal and mixed ids, by the day."""

    def measures(self, plan: Plan, params: IdentityParams) -> Iterable[Measure]:
        """Ask for the messages of each day by the class of their ids; of logins, for who shares an id with whom."""
        yield Measure(Stat.ROWS, by=DIMENSION)
        for event in logins(plan, params.logins):
            yield Measure(Stat.ROWS, event, by=LINKS)
            yield from (Measure(stat, event) for stat in SHARED)

    def judge(self, profile: Profile, plan: Plan, params: IdentityParams) -> Iterator[Finding]:
        """Yield a finding for every event and source (missing ids), and for every source (formats)."""
        given = _given(profile)
        least = {"missing_id": params.min_missing, "email_as_id": params.min_format, "mixed_format": params.min_format}
        for kind, (shares, common) in given.items():
            promise = kind == "placeholder"
            limit = Limit(
                kind,
                params.placeholders if promise else 0.0,
                partial(_say, kind=kind, common=common),
                natural=not promise,
                least=least.get(kind, 0.0),
                least_rows=params.min_rows,
            )
            for finding in judge_shares(profile, shares, limit):
                yield replace(finding, event=finding.event or None)
        yield from judge_shares(profile, unstitched(profile), _unstitched(params))
        for stat in SHARED:
            say = partial(say_shared, stat=stat, many=params.many)
            limit = Limit("shared_id", params.shared, say, least_rows=params.min_rows)
            yield from judge_shares(profile, shared(profile, stat, params.many), limit)

    def evidence(self, profile: Profile, plan: Plan, params: IdentityParams, finding: Finding) -> Evidence | None:
        """Return the share of such messages by day."""
        if finding.kind == "stitching":
            return share_evidence(unstitched(profile), finding)
        if finding.kind == "shared_id":
            given = [shared(profile, stat, params.many) for stat in SHARED]
            of_most = max(given, key=lambda each: float(each.bad.values[:, -1:].sum()))
            return share_evidence(of_most, finding)
        return share_evidence(_given(profile)[finding.kind][0], finding)


def _unstitched(params: IdentityParams) -> Limit:
    return Limit("stitching", 0.0, say_unstitched, True, params.min_unstitched, params.min_rows)


def _given(profile: Profile) -> Mapping[str, tuple[Shares, Mapping[Key, str]]]:
    """Return for each kind the wrong messages beside those they are a share of, and the usual format of each series."""
    table = profile.table(Measure(Stat.ROWS, by=DIMENSION).name(), "day")
    by_event = _grouped(table, lambda key: Key(key.event, key.source))
    by_source = _grouped(table, lambda key: Key("", key.source))
    common = {key: _common(classes, table) for key, classes in by_source.items()}

    def known(key: Key, label: str) -> bool:
        return label not in UNKNOWN

    def foreign(key: Key, label: str) -> bool:
        return known(key, label) and label not in (PLACEHOLDER, EMAIL, common[key])

    nothing: Mapping[Key, str] = {}
    return {
        "missing_id": (_shares(table, by_event, lambda _, label: label == NOBODY, lambda *_: True), nothing),
        "placeholder": (_shares(table, by_source, lambda _, label: label == PLACEHOLDER, known), nothing),
        "email_as_id": (_shares(table, by_source, lambda _, label: label == EMAIL, known), nothing),
        "mixed_format": (_shares(table, by_source, foreign, known), common),
    }


def _grouped(table: Table, of: Callable[[Key], Key]) -> dict[Key, dict[str, Floats]]:
    """Return the messages of each day by class, for each event and source, or each source."""
    groups: dict[Key, dict[str, Floats]] = {}
    for key, values in zip(table.keys, table.values, strict=True):
        if key.source is not None:
            classes = groups.setdefault(of(key), {})
            label = key.label or ""
            classes[label] = classes.get(label, np.zeros(len(table.calendar))) + np.nan_to_num(values)
    return groups


def _common(classes: Mapping[str, Floats], table: Table) -> str:
    """Return the format of most user ids of the past."""
    formats = {label: values[: table.cut].sum() for label, values in classes.items() if label not in UNKNOWN}
    formats.pop(PLACEHOLDER, None)
    return max(formats, key=lambda label: (formats[label], label), default="")


def _shares(
    table: Table,
    groups: Mapping[Key, Mapping[str, Floats]],
    wrong: Callable[[Key, str], bool],
    counted: Callable[[Key, str], bool],
) -> Shares:
    zero = np.zeros(len(table.calendar))
    shape = (len(groups), len(table.calendar))
    bad, rows = (
        np.array(
            [sum((v for label, v in classes.items() if wanted(key, label)), zero) for key, classes in groups.items()]
        )
        for wanted in (wrong, counted)
    )
    sums = Table(table.measure, table.calendar, tuple(groups), bad.reshape(shape), np.ones(shape, bool), table.cut)
    return Shares(sums, rows.reshape(shape))


def _say(day: Day, kind: str, common: Mapping[Key, str]) -> str:
    subject = str(day.key) if day.key.event else day.key.source
    whole = "messages" if kind == "missing_id" else "user ids"
    what = {
        "missing_id": "have neither a user id nor an anonymous one",
        "placeholder": "are no ids: empty words such as null or undefined",
        "email_as_id": "are email addresses",
        "mixed_format": f"are not of the usual format, {common.get(day.key, '')}",
    }[kind]
    usual = "" if kind == "placeholder" else f", usually {share(day.usual)}"
    return f"{subject}: {number(day.bad)} of {number(day.rows)} {whole} of a day {what} ({share(day.share)}{usual})."
