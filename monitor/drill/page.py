"""How does a drill look as one page?"""

from __future__ import annotations

from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from checks.words import number, percent
from monitor.alerts.html import BRIGHT, COLOURS
from monitor.compose import Composer
from monitor.config import Config
from monitor.drill.outcome import Outcome, why_not
from monitor.drill.text import after, false_alerts, planted, said, span


def as_html(config: Config, outcome: Outcome, composer: Composer) -> str:
    """Return the drill as a complete HTML document: no network, no script, light and dark."""
    refused = [
        (fault.title, why_not([each for each in outcome.refused if each.fault == fault.name]))
        for fault in outcome.faults
    ]
    return _template().render(
        workspace=config.workspace,
        span=span(outcome, composer),
        said=said(outcome),
        told=false_alerts(outcome, composer),
        planted=planted(outcome),
        outcome=outcome,
        refused=[(title, reasons) for title, reasons in refused if reasons],
        zone=composer.zone,
        after=after,
        percent=percent,
        number=number,
        colours=COLOURS,
        brights=BRIGHT,
    )


@lru_cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("monitor.drill"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("drill.html.j2")
