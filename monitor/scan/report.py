"""How does a scan look in a terminal, so that somebody likes to read it?

Problems first, then what was read, then each event on one line. Plain text when piped.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from checks.base import Finding
from checks.words import number, share
from monitor.alerts.message import Severity
from monitor.incidents import RANK, Incident
from monitor.scan.facts import EventFacts
from monitor.scan.scanning import ScanResult
from monitor.stores.files.bundles import Bundle

EVENTS = 12  # events that are shown
PROBLEMS = 8  # stretches of time, or facts, that are shown of a kind
NAMES = 6  # properties that are named
NARROW = 98  # columns of a terminal, below which less is shown
TOGETHER = 3  # events that must go wrong at the same time to be one line
SHAPES = 4  # kinds of files whose columns are shown
SPARK = 24  # columns of a sparkline
_VERBS = {"drop": "dropped", "spike": "spiked", "stopped": "stopped"}
_WORDS = ("event", "source", "per day", "first", "last")  # columns that are not numbers
_LEAST_TELLING = ("first", "repeats", "source", "no id", "per day")  # columns, as they go where there is no room
_BARS = "▁▂▃▄▅▆▇█"
_MARK = {Severity.CRITICAL: "[bold red]●[/]", Severity.WARNING: "[yellow]●[/]", Severity.INFO: "[blue]○[/]"}
_UNUSED = {"always_null": "always empty", "constant": "always the same value"}


def render(result: ScanResult, console: Console, seconds: float) -> None:
    """Print the report."""
    console.print(Text.from_markup(_headline(result)))
    sections: list[tuple[str, list[RenderableType]]] = [
        ("Problems", list(_problems(result))),
        ("Worth a look", list(_worth_a_look(result))),
        ("Events", list(_events(result, console.width - 2))),
        ("Read", list(_read(result))),
    ]
    for title, lines in sections:
        if lines:
            console.print()
            console.print(f"[bold]{title}[/]")
            console.print(Padding(Group(*lines), (0, 0, 0, 2), expand=False))
    console.print()
    console.print(f"[dim]{len(result.verdicts):,} tests in {seconds:.1f} s[/]")


def _headline(result: ScanResult) -> str:
    rows, events = result.ingested.rows, len(result.facts)
    facts, stretches = _serious(result)
    shared, alone = _split(stretches)
    serious = len(facts) + len(shared) + len(alone)
    if not rows:
        return "[bold red]No events were found.[/]"
    verdict = f"[bold red]{_counted(serious, 'problem')}[/]" if serious else "[bold green]nothing is wrong[/]"
    files = sum(len(bundle.files) for bundle in result.ingested.bundles)
    what = f"{_counted(rows, 'row')}, {_counted(events, 'event')}, {_counted(files, 'file')}"
    return f"[bold]{what}[/]{_span(result)}: {verdict}"


def _span(result: ScanResult) -> str:
    first, last = result.ingested.first, result.ingested.last
    if first is None or last is None:
        return ""
    last = max(first, min(last, result.until - dt.timedelta(seconds=1)))  # without what is from the future
    days = (last.date() - first.date()).days + 1
    return f", {_date(first)} to {_date(last)} ({_counted(days, 'day')})" if days > 1 else f", {_date(first)}"


def _problems(result: ScanResult) -> Iterator[RenderableType]:
    facts, stretches = _serious(result)
    for incident in facts[:PROBLEMS]:
        yield Text.from_markup(f"{_MARK[incident.severity]} {escape(incident.headline.text)}")
        if incident.headline.kind == "bad_lines":
            yield from (Text(f"  {line}", style="dim") for line in result.ingested.bad_lines)
    yield from _more(len(facts) - PROBLEMS, "problem")
    yield from _stretches(result, stretches)


def _stretches(result: ScanResult, incidents: Sequence[Incident]) -> Iterator[RenderableType]:
    """Yield what went wrong over time: what many events share, then event by event, the worst first."""
    shared, alone = _split(incidents)
    for group in sorted(shared, key=lambda group: group[0].started)[:PROBLEMS]:
        yield _together(result, group)
    by_title: dict[str, list[Incident]] = defaultdict(list)
    for incident in alone:
        by_title[result.composer.title(incident)].append(incident)
    ranked = sorted(by_title.items(), key=lambda item: -sum(_weight(incident) for incident in item[1]))
    for title, group in ranked[:PROBLEMS]:
        worst = max(RANK[incident.severity] for incident in group)
        mark = _MARK[next(severity for severity, rank in RANK.items() if rank == worst)]
        times = f" {len(group)} times" if len(group) > 1 else ""
        yield Text.from_markup(f"{mark} [bold]{escape(title)}[/]{times}")
        for incident in sorted(sorted(group, key=_weight, reverse=True)[:3], key=lambda each: each.started):
            yield Text(f"  {_when(incident)}: {_after_name(_worst(result, incident))}")
        yield from _more(len(group) - 3, "stretch", indent="  ")
    yield from _more(len(ranked) - PROBLEMS, "problem")


def _split(incidents: Sequence[Incident]) -> tuple[list[list[Incident]], list[Incident]]:
    """Return the groups of incidents that many events share, and the incidents of one event alone."""
    at_once: dict[tuple[str, str], list[Incident]] = defaultdict(list)
    for incident in incidents:
        at_once[incident.headline.kind, _when(incident)].append(incident)
    shared = [
        group for group in at_once.values() if len({event for each in group for event in each.events}) >= TOGETHER
    ]
    return shared, [incident for group in at_once.values() if group not in shared for incident in group]


def _serious(result: ScanResult) -> tuple[list[Incident], list[Incident]]:
    """Return the problems of all rows together, and those of a stretch of time."""
    whole = {id(verdict.finding) for verdict in result.once}
    serious = [incident for incident in result.incidents if RANK[incident.severity]]
    facts = [incident for incident in serious if id(incident.headline) in whole]
    return facts, [incident for incident in serious if id(incident.headline) not in whole]


def _together(result: ScanResult, group: Sequence[Incident]) -> RenderableType:
    events = {event: _rows_of(incident, event) for incident in group for event in incident.events}
    worst = sorted(events, key=lambda event: -events[event])
    verb = _VERBS.get(group[0].headline.kind, group[0].headline.kind)
    names = escape(_named(worst))
    return Text.from_markup(
        f"{_MARK[Severity.WARNING]} [bold]{len(events)} of {_counted(len(result.facts), 'event')} {verb} together[/], "
        f"{_when(group[0])}: {names}"
    )


def _rows_of(incident: Incident, event: str) -> float:
    """Return how many messages of an event an incident concerns, at its worst."""
    return max((abs(finding.rows) for finding in incident.findings if finding.event == event), default=0.0)


def _worth_a_look(result: ScanResult) -> Iterator[RenderableType]:
    notices = [verdict.finding for verdict in result.once if verdict.problem and verdict.severity is Severity.INFO]
    for kind, words in _UNUSED.items():
        names = [
            f"{f.event}.{f.property}" if len(result.facts) > 1 and f.event else str(f.property)
            for f in notices
            if f.kind == kind
        ]
        if names:
            yield Text.from_markup(
                f"{_MARK[Severity.INFO]} {_counted(len(names), 'property')} {words}: {escape(_named(names))}"
            )
    for finding in notices:
        if finding.kind not in _UNUSED:
            yield Text.from_markup(f"{_MARK[Severity.INFO]} {escape(finding.text)}")
    repeats = sum(facts.repeats for facts in result.facts)
    if repeats:
        rows = number(result.ingested.rows)
        text = f"{number(repeats)} of {rows} rows say again, under another id, what the same user said within a minute."
        yield Text.from_markup(f"{_MARK[Severity.INFO]} {text}")


def _events(result: ScanResult, width: int) -> Iterator[RenderableType]:
    if not result.facts:
        yield Text("No events.")
        return
    rows = [_row(facts, SPARK if width >= NARROW else SPARK // 2) for facts in result.facts[:EVENTS]]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    names = _fitting(_columns(result), rows, width)
    for name in names:
        table.add_column(name, justify="left" if name in _WORDS else "right", no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*(escape(row[name]) for name in names))
    yield table
    yield from _more(len(result.facts) - EVENTS, "event")


def _columns(result: ScanResult) -> list[str]:
    """Return the columns that say something of these files."""
    shown = ["event"]
    if any(facts.sources for facts in result.facts):
        shown.append("source")
    shown.append("rows")
    if result.ingested.first is not None:
        shown += ["per day", "first", "last"]
    counts = ("copies", "repeats", "no_id", "no_user")
    return shown + [name.replace("_", " ") for name in counts if any(getattr(facts, name) for facts in result.facts)]


def _fitting(columns: list[str], rows: Sequence[Mapping[str, str]], width: int) -> list[str]:
    """Return the columns that fit beside each other, the least telling left out."""
    wide = {name: 2 + max(len(name), *(len(row[name]) for row in rows)) for name in columns}
    for name in _LEAST_TELLING:
        if sum(wide.values()) > width:
            wide.pop(name, None)
    return list(wide)


def _row(facts: EventFacts, bars: int) -> dict[str, str]:
    return {
        "event": facts.event if len(facts.event) <= 28 else f"{facts.event[:27]}…",
        "source": _source(facts.sources),
        "rows": number(facts.rows),
        "per day": sparkline(facts.daily, bars),
        "first": _date(facts.first),
        "last": _date(facts.last),
        "copies": _unless_zero(facts.copies, facts.rows),
        "repeats": _unless_zero(facts.repeats, facts.rows),
        "no id": _unless_zero(facts.no_id, facts.rows),
        "no user": _unless_zero(facts.no_user or 0, facts.rows),
    }


def _source(sources: Sequence[str]) -> str:
    if len(sources) > 1:
        return _counted(len(sources), "source")
    return sources[0] if sources else "–"


def sparkline(values: Sequence[float], width: int = SPARK) -> str:
    """Return counts as bars, several days to a bar where there are many; nothing is a blank.

    >>> sparkline([1, 2, 4, 0, 8])
    '▁▂▄ █'
    """
    per_bar = -(-len(values) // width) or 1
    parts = [values[i : i + per_bar] for i in range(0, len(values), per_bar)]
    means = [sum(part) / len(part) for part in parts]
    most = max(means, default=0.0)
    return "".join(_BARS[max(round(mean / most * len(_BARS)) - 1, 0)] if mean else " " for mean in means)


def _read(result: ScanResult) -> Iterator[RenderableType]:
    ingested = result.ingested
    for bundle in ingested.bundles[:SHAPES]:
        known = "columns taken as" if bundle.guess.columns else "no column known"
        yield Text(f"{_files(bundle.files)}: {_kind(bundle)}, {known}")
        if bundle.guess.columns:
            yield Padding(Text(_mapping(bundle), style="cyan"), (0, 0, 0, 2), expand=False)
    yield from _more(len(ingested.bundles) - SHAPES, "file shape")
    yield from (Text(f"{note}.", style="dim") for note in ingested.notes[:PROBLEMS])
    yield from _more(len(ingested.notes) - PROBLEMS, "note")
    if ingested.first is not None and not result.over_time:
        yield Text("Too short or too sparse to judge one day by those before it.", style="dim")
    if ingested.first is None and ingested.rows:
        yield Text("No column holds times, so nothing is said about when: --map received_at=COLUMN names one.")
    if ingested.empty:
        yield Text(f"{_counted(len(ingested.empty), 'file')} without content: {_files(ingested.empty)}.", style="dim")
    if ingested.passed_over:
        passed = _counted(len(ingested.passed_over), "other file")
        yield Text(f"{passed} passed over: {_files(ingested.passed_over)}.", style="dim")
    yield Text("Wrong? --map FIELD=COLUMN overrides; --map event==NAME sets a constant.", style="dim")


def _mapping(bundle: Bundle) -> str:
    return ", ".join(f"{field} = {column.removeprefix('=')}" for field, column in bundle.guess.columns.items())


def _kind(bundle: Bundle) -> str:
    words = {"ndjson": "JSON lines", "json": "JSON", "csv": "CSV", "parquet": "Parquet"}
    layout = "" if bundle.guess.layout == "generic" else f" in the layout {bundle.guess.layout}"
    return f"{words[bundle.kind]}{layout}"


def _files(paths: Sequence[Path]) -> str:
    return f"{paths[0].name} and {len(paths) - 1:,} more" if len(paths) > 1 else str(paths[0].name)


def _named(names: Sequence[str]) -> str:
    counted = Counter(names)
    shown = ", ".join(list(counted)[:NAMES])
    return f"{shown} and {len(counted) - NAMES} more" if len(counted) > NAMES else shown


def _when(incident: Incident) -> str:
    first, end = incident.started, incident.last_seen
    last = max(end - dt.timedelta(seconds=1), first)
    return _date(first) if last.date() == first.date() else f"{_date(first)} to {_date(last)}"


def _worst(result: ScanResult, incident: Incident) -> Finding:
    """Return the finding that says best how bad it was: an incident itself keeps the newest."""
    kind = (incident.headline.check, incident.headline.kind, incident.headline.event, incident.headline.property)
    found = [
        finding
        for finding in (verdict.finding for verdict in result.verdicts if verdict.problem)
        if (finding.check, finding.kind, finding.event, finding.property) == kind
        and finding.bucket
        and incident.started < finding.bucket.end <= incident.last_seen
    ]
    return max(found, key=lambda finding: abs(finding.rows), default=incident.headline)


def _after_name(finding: Finding) -> str:
    return finding.text.partition(": ")[2].rstrip(".") or finding.text


def _weight(incident: Incident) -> float:
    return abs(incident.headline.rows) or 1.0


def _unless_zero(count: int, rows: int) -> str:
    return share(count / rows) if count else ""


def _more(count: int, noun: str, indent: str = "") -> Iterator[RenderableType]:
    if count > 0:
        yield Text(
            f"{indent}and {count:,} more {noun}{('es' if noun.endswith('ch') else 's') * (count != 1)}", style="dim"
        )


def _counted(count: int, noun: str) -> str:
    plural = f"{noun[:-1]}ies" if noun.endswith("ty") else f"{noun}es" if noun.endswith("ch") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def _date(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d}"
