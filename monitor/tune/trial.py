"""What would a suggestion have changed? The past is replayed with it, and held against the past as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from monitor.backtest.comparison import Change, Pair, compare
from monitor.backtest.past import Past
from monitor.backtest.replay import Replayed, replay
from monitor.config import Config, load_config
from monitor.incidents import Incident, Mark
from monitor.tune.suggestion import Suggestion, Trial, drafts


def with_changes(config: Config, suggestions: Iterable[Suggestion]) -> Config:
    """Return the configuration as the changed files say it; nothing is written.

    Raises:
        ConfigError: they would not be valid.
    """
    changed = load_config(config.file, workspace=config.workspace, drafts=drafts(suggestions))
    return replace(changed, store=config.store, state_url=config.state_url, telling=config.telling)


def tried(
    suggestions: Sequence[Suggestion], config: Config, past: Past, ours: Replayed, marked: Sequence[Incident]
) -> Trial:
    """Return what some suggestions together change of what is told.

    Args:
        suggestions: one, or several.
        config: as it is now.
        past: what is replayed.
        ours: what came of that with the configuration as it is.
        marked: incidents that people said something of.
    """
    *_, theirs = replay(with_changes(config, suggestions), past, ours.since, ours.until)
    pairs = compare(ours, theirs)
    lost = tuple(pair for pair in pairs if pair.change is Change.LOST)
    marks = [_mark(pair, marked) for pair in lost]
    gained = tuple(pair for pair in pairs if pair.change is Change.GAINED)
    return Trial(gained, lost, marks.count(Mark.NOISE), marks.count(Mark.USEFUL))


def _mark(pair: Pair, marked: Sequence[Incident]) -> Mark | None:
    """Return what people said of an alert: of the incident about the same that overlaps it."""
    if pair.ours is None:
        return None
    own = pair.ours[0]
    for each in marked:
        over = each.resolved or each.last_seen
        if each.subject == own.subject and each.begun < (own.resolved or own.last_seen) and own.started < over:
            return each.mark
    return None
