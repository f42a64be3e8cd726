"""What do checks say in their tests? A plugin of pytest that writes down the text of each finding."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from checks.base import Finding

_said: set[str] = set()
_make = Finding.__init__


def _noted(self: Finding, *args: object, **fields: object) -> None:
    _make(self, *args, **fields)
    _said.add(self.text)


def pytest_configure(config: pytest.Config) -> None:
    Finding.__init__ = _noted


def pytest_unconfigure(config: pytest.Config) -> None:
    Path(os.environ["TRACKWATCH_SAID"]).write_text("\n".join(sorted(_said)), "utf-8")
