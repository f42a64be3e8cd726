"""From which environment does a page's address say that a message comes?

Portable SQL: nothing but LIKE. Only what can hardly be anything else is named; everything else, and
a message without an address, is production's.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from monitor.stores.table import Expression

ENVIRONMENTS = {  # the first that fits; `//` and `.` are where a host or a part of it begins
    "development": (
        *("//localhost", "//127.", "//0.0.0.0", "//[::1]", "//192.168.", "//10.", "file://", ".ngrok"),
        *(".localhost/", ".localhost:", ".local/", ".local:", ".test/", ".test:", "//dev.", ".dev."),
    ),
    "staging": ("//staging", "//stage.", ".staging.", "-staging.", "//uat.", "//qa.", "//preprod", "//test."),
    "preview": ("//preview", ".preview.", ".vercel.app", ".netlify.app", ".pages.dev", ".herokuapp.com"),
}


def environment(url: Expression) -> Expression:
    """Return the environment of a page's address, null for production."""
    return sa.case(*_cases(url), else_=sa.null())


def _cases(url: Expression) -> Iterator[tuple[sa.ColumnElement[bool], Expression]]:
    for name, signs in ENVIRONMENTS.items():
        yield sa.or_(*(url.like(f"%{sign}%") for sign in signs)), sa.literal(name, sa.Text())
