"""What do all pages know? The configuration, what is remembered, and the time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from flask import Flask, current_app

from monitor.compose import Composer
from monitor.config import Config
from monitor.history.memory import Memory
from monitor.kept import kept
from monitor.pipeline import composer_of

NAME = "trackwatch"
MOST_KEPT = 24  # results

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Site:
    """An installation as its pages see it."""

    config: Config
    memory: Memory
    now: Callable[[], dt.datetime]
    _kept: dict[str, tuple[object, object]] = field(default_factory=dict)  # what was made of which state

    def remembered(self, name: str, make: Callable[[], T]) -> T:
        """Return what `make` returned for a name, until a run or an action has changed what is remembered."""
        stamp = self.memory.shelf.stamp()
        known = self._kept.get(name)
        if known is not None and known[0] == stamp:
            return cast("T", known[1])
        made = make()
        while len(self._kept) >= MOST_KEPT:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[name] = (stamp, made)
        return made

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what `make` returned for a name, as JSON; kept in the state, for other processes too."""
        return kept(self.memory, self.config, name, self.now(), make)

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone in which people read times."""
        return ZoneInfo(self.config.zone)

    @property
    def composer(self) -> Composer:
        """Return what writes titles."""
        return composer_of(self.config)


def attach(app: Flask, config: Config, memory: Memory, now: Callable[[], dt.datetime]) -> None:
    """Give an app its installation; called again after a reload, the next request sees the new one."""
    app.extensions[NAME] = Site(config, memory, now)


def site() -> Site:
    """Return the installation of the request under way."""
    found: Site = current_app.extensions[NAME]
    return found
