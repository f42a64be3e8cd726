"""Which facts about files are problems?

What a scan knows of all rows together: no model, no baseline, each fact told once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from checks.base import Finding, Kind
from checks.words import number, share
from monitor import judge
from monitor.alerts.message import Severity
from monitor.decide import Verdict
from monitor.scan.facts import EventFacts, empty_properties
from monitor.scan.measuring import Measured
from monitor.stores.files.ingest import Ingested
from monitor.stores.files.types import Mixed

COPIES = 0.001  # share of exact copies that is acceptable
UNTIMED = 0.001  # share of rows without a time that is acceptable
NOBODY = 0.01  # share of rows without any person that is acceptable
ENOUGH = 20  # values below which mixed types say little

_AGAIN = "Look at the program that writes the files; scan them again after the next export."
KINDS = {
    ("files", "bad_lines"): Kind("Damaged lines", _AGAIN),
    ("files", "unreadable"): Kind("{subject} cannot be read", _AGAIN),
    ("files", "cut_off"): Kind("{subject} is cut off", _AGAIN),
    ("files", "no_events"): Kind("No events", _AGAIN),
    ("lateness", "future"): Kind(
        "Events from the future", "Look for devices with a wrong clock, and use the time of receipt."
    ),
    ("files", "no_time"): Kind("Rows without a time", "Say which column holds it: --map received_at=COLUMN."),
    ("identity", "missing_id"): Kind(
        "Nobody is named", "Look for the page or release that sends before it knows whom."
    ),
    ("schema", "mixed_types"): Kind(
        "{subject} has values of several types",
        "Find the source or release that sends the other type; the warehouse loses what does not fit its column.",
    ),
}
_CODES = re.compile(r"(id|code|no|number|sku|zip|phone|key|version)$", re.IGNORECASE)


def kind_of(finding: Finding) -> Kind:
    """Return what a finding's kind means, of a scan or of a check."""
    return KINDS.get((finding.check, finding.kind)) or judge.kind_of(finding)


def verdicts(
    ingested: Ingested, measured: Measured, facts: Sequence[EventFacts], unused: Iterable[Finding]
) -> list[Verdict]:
    """Return what is said of the files as a whole, the worst first.

    Args:
        ingested: what was read
        measured: what was measured of it
        facts: what came of each event
        unused: findings of the check `unused`, by event
    """
    found = [
        *_files(ingested),
        *_future(ingested, measured),
        *_copies(facts, ingested),
        *_shared_ids(ingested),
        *_identity(ingested),
    ]
    told = [Verdict(finding, finding.relevant, Severity.WARNING) for finding in found]
    told += [_mixed(mixed) for mixed in ingested.mixed]
    told += [
        Verdict(finding, finding.relevant, Severity.INFO)
        for finding in _unused(unused, ingested, empty_properties(measured))
    ]
    return told


def _files(ingested: Ingested) -> Iterator[Finding]:
    bad = sum(ingested.bad.values())
    if not ingested.rows:
        yield Finding(check="files", kind="no_events", text="No file holds an event.")
    if bad:
        where = f"{_counted(bad, 'damaged line')} in {_counted(len(ingested.bad), 'file')}"
        text = f"{where}; {'it was' if bad == 1 else 'they were'} left out."
        yield Finding(check="files", kind="bad_lines", observed=bad, rows=bad, text=text)
    for each in ingested.unreadable:
        text = f"{each.path} holds no events: {each.reason}."
        yield Finding(check="files", kind="unreadable", property=str(each.path), text=text)
    for each in ingested.cut_off:
        text = f"{each.path} was read in part: {each.reason}."
        yield Finding(check="files", kind="cut_off", property=str(each.path), text=text)
    if ingested.rows and ingested.first is not None:
        rate = ingested.untimed / ingested.rows
        of_all = f"{number(ingested.untimed)} of {number(ingested.rows)} rows"
        text = f"{of_all} have no readable time ({share(rate)}); they are left out."
        yield Finding(
            check="files",
            kind="no_time",
            observed=rate,
            rows=ingested.untimed,
            relevant=rate > UNTIMED,
            text=text,
        )


def _future(ingested: Ingested, measured: Measured) -> Iterator[Finding]:
    ahead = ingested.rows - ingested.untimed - measured.reading.rows if ingested.first else 0
    rate = ahead / max(ingested.rows, 1)
    text = f"{number(ahead)} of {number(ingested.rows)} rows are from the future ({share(rate)}); they are left out."
    yield Finding(check="lateness", kind="future", observed=rate, rows=ahead, relevant=ahead > 0, text=text)


def _copies(facts: Sequence[EventFacts], ingested: Ingested) -> Iterator[Finding]:
    same = "carry an id that came before" if "id" in ingested.settings.columns else "are the same in every field"
    for each in facts:
        rate = each.copies / each.rows
        yield Finding(
            check="duplicates",
            kind="exact",
            event=each.event,
            observed=rate,
            high=COPIES,
            effect=rate - COPIES,
            rows=each.copies,
            relevant=rate > COPIES,
            text=f"{each.event}: {number(each.copies)} of {number(each.rows)} rows {same} ({share(rate)}).",
        )


def _shared_ids(ingested: Ingested) -> Iterator[Finding]:
    if "id" in ingested.settings.columns and ingested.rows:
        rate = ingested.shared_ids / ingested.rows
        count = f"{number(ingested.shared_ids)} of {number(ingested.rows)} rows"
        yield Finding(
            check="duplicates",
            kind="exact",
            observed=rate,
            high=COPIES,
            rows=ingested.shared_ids,
            relevant=rate > COPIES,
            text=f"{count} carry the id of another event or source ({share(rate)}).",
        )


def _identity(ingested: Ingested) -> Iterator[Finding]:
    rows = sum(each.rows for each in ingested.identity)
    nobody = sum(each.nobody for each in ingested.identity)
    if not rows:
        return
    names = list(dict.fromkeys(_columns(ingested, "user_id") + _columns(ingested, "anonymous_id")))
    absent = f"{' and '.join(names)} {'is null' if len(names) == 1 else 'are both null'}"
    absent = absent if len(names) <= 2 else "No column names a person"
    where = [each.event for each in ingested.identity if each.nobody]
    only = f", all of them {where[0]}" if len(where) == 1 < len(ingested.identity) else ""
    yield Finding(
        check="identity",
        kind="missing_id",
        property=" and ".join(names),
        observed=nobody / rows,
        high=NOBODY,
        rows=nobody,
        relevant=nobody / rows > NOBODY,
        text=f"{absent} in {100 * nobody / rows:.1f} % of rows ({number(nobody)} of {number(rows)}{only}).",
    )


def _unused(findings: Iterable[Finding], ingested: Ingested, empty: frozenset[str]) -> Iterator[Finding]:
    """Yield what is never used; columns are shared by all events, so that only what no event uses is told."""
    if "properties" in ingested.settings.columns:
        yield from findings
        return
    columns: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        columns.setdefault((finding.kind, finding.property or ""), []).append(finding)
    for (kind, column), group in columns.items():
        first, others = group[0], len(group) - 1
        relevant = all(finding.relevant for finding in group) and (kind != "always_null" or column in empty)
        text = first.text.replace(f"{first.event}.{column}", column) if relevant else ""
        if others and text:
            text = f"{text[:-1]}, and so in {_counted(others, 'more event')}."
        yield replace(first, event=None if others else first.event, relevant=relevant, text=text)


def _columns(ingested: Ingested, field: str) -> list[str]:
    return [bundle.guess.columns[field] for bundle in ingested.bundles if field in bundle.guess.columns]


def _mixed(mixed: Mixed) -> Verdict:
    rate = mixed.others / mixed.values
    typed = mixed.event is not None  # the file says types, so that another one is no accident of writing
    name = f"{mixed.event}.{mixed.column}" if typed else mixed.column
    others = mixed.also or "other text"
    odd = f"{number(mixed.others)} of {number(mixed.values)} values ({share(rate)})"
    text = f"{name} holds {mixed.mostly}, but {others} in {odd}."
    finding = Finding(
        check="schema",
        kind="mixed_types",
        event=mixed.event,
        property=mixed.column,
        observed=rate,
        rows=mixed.others,
        relevant=mixed.values >= ENOUGH and (typed or not _CODES.search(mixed.column)),
        text=text,
    )
    return Verdict(finding, finding.relevant, Severity.WARNING if typed else Severity.INFO)


def _counted(number_: int, noun: str) -> str:
    return f"{number_:,} {noun}{'s' * (number_ != 1)}"
