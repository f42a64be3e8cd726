"""Which parts of the site are made from the code? Where a page says `<!-- made from the code: NAME -->`, NAME is put.

They are made when the site is built, and are nowhere else, so that they cannot be out of date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from made import checks, configuration, metrics, plan

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PARTS: Mapping[str, Callable[[], str]] = {
    "configuration": configuration.text,
    "plan": plan.text,
    "checks": checks.text,
    "metrics": metrics.text,
    "exit codes": metrics.exit_codes,
}
_MARK = re.compile(r"^<!-- made from the code: ([a-z ]+) -->$", re.MULTILINE)


def filled(text: str) -> str:
    """Return a page with what its marks stand for."""
    return _MARK.sub(lambda mark: PARTS[mark[1]](), text)


def _fill(_app: Sphinx, _name: str, source: list[str]) -> None:
    source[0] = filled(source[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Let Sphinx fill each page before it reads it."""
    app.connect("source-read", _fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
