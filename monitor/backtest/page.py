"""How does a backtest look as one page, with a chart of each alert?"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from checks.base import Bucket
from monitor.alerts.chart import draw
from monitor.alerts.html import BRIGHT, COLOURS
from monitor.alerts.message import Chart
from monitor.backtest.comparison import Change, Pair
from monitor.backtest.past import Past
from monitor.backtest.replay import Replayed, measurements_of
from monitor.backtest.text import SIGNS, said
from monitor.backtest.weeks import per_channel, weekly
from monitor.calendar import floor_day
from monitor.compose import Composer, ago
from monitor.config import Config
from monitor.evaluate import stretches
from monitor.incidents import Incident
from monitor.judge import evidence

MOST_CHARTS = 40
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Alert:
    """An incident as the page shows it."""

    incident: Incident
    title: str
    tone: str
    when: str
    text: str
    change: str = ""
    chart: str | None = None  # a data URI
    alt: str = ""


def as_html(
    config: Config, past: Past, replayed: Replayed, composer: Composer, pairs: Sequence[Pair] | None = None
) -> str:
    """Return the backtest as a complete HTML document: no network, no script, light and dark."""
    weeks = weekly(replayed, composer.zone)
    return _template().render(
        workspace=config.workspace,
        since=replayed.since.astimezone(composer.zone),
        until=replayed.until.astimezone(composer.zone),
        said=said(replayed, composer),
        channels=per_channel(replayed),
        weeks=[(start.astimezone(composer.zone), alerts, messages) for start, alerts, messages in weeks],
        most=max((messages for _, _, messages in weeks), default=0) or 1,
        alerts=_alerts(config, past, replayed, composer, pairs),
        pairs=pairs,
        counts={change.value: sum(pair.change is change for pair in pairs or ()) for change in Change},
        colours=COLOURS,
        brights=BRIGHT,
    )


def _alerts(
    config: Config, past: Past, replayed: Replayed, composer: Composer, pairs: Sequence[Pair] | None
) -> list[_Alert]:
    if pairs is None:
        shown = [(incident, "") for incident in replayed.incidents if replayed.of(incident)]
    else:
        sides = [(pair, pair.theirs or pair.ours) for pair in pairs if pair.change is not Change.SAME]
        shown = [(side[0], f"{SIGNS[pair.change]} {pair.change.value}") for pair, side in sides if side]
    return [
        _alert(config, past, replayed, composer, incident, change, drawn=number < MOST_CHARTS)
        for number, (incident, change) in enumerate(shown)
    ]


def _alert(  # noqa: PLR0913 what a page of one replay is made of
    config: Config, past: Past, replayed: Replayed, composer: Composer, incident: Incident, change: str, *, drawn: bool
) -> _Alert:
    local = incident.started.astimezone(composer.zone)
    over = f"over after {ago(incident.resolved - incident.started)}" if incident.resolved else "still open at the end"
    told = replayed.of(incident)
    first = f"told after {ago(told[0].at - incident.started)}, " if told else ""
    chart = _chart(config, past, replayed, composer, incident) if drawn else None
    return _Alert(
        incident=incident,
        title=composer.title(incident),
        tone=incident.severity.value,
        when=f"since {local:%a} {local.day} {local:%b %Y %H:%M}, {first}{over}",
        text=incident.headline.text,
        change=change,
        chart=f"data:image/png;base64,{base64.b64encode(chart.png).decode()}" if chart else None,
        alt=chart.alt if chart else "",
    )


def _chart(config: Config, past: Past, replayed: Replayed, composer: Composer, incident: Incident) -> Chart | None:
    """Return the series behind an incident, up to its last bad bucket, as it looked then."""
    zone = ZoneInfo(config.zone)
    end = min(incident.last_seen + DAY / 2, replayed.until)
    own = replace(past, points=past.points[past.points["event"].isin(incident.events)]) if incident.events else past
    window = Bucket(floor_day(incident.last_seen - dt.timedelta(seconds=1), zone), end)
    profile = measurements_of(config, own, replayed.until).profile(window, tuple(stretches([incident])))
    shown = evidence(tuple(config.checks.values()), profile, config.plan, incident.headline)
    if shown is None:
        return None
    bad_from = int(np.searchsorted(shown.starts, np.datetime64(int(incident.started.timestamp()), "s"), side="right"))
    return draw(replace(shown, bad_from=max(bad_from - 1, 0)), composer.title(incident), config.zone)


@lru_cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("monitor.backtest"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("backtest.html.j2")
