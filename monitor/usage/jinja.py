"""What SQL does a dbt model come to, where dbt has not compiled it?

Macros are not run: a call that nobody knows becomes a function of the names that it is given, so that the columns
that it is given count as read.
"""

from __future__ import annotations

import re
from typing import Any

from jinja2 import ChainableUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

_NAME = re.compile(r"\w+")


class _Unknown(ChainableUndefined):
    """Anything of dbt or its packages that is not named below."""

    def __call__(self, *given: Any, **named: Any) -> Any:
        words = [word for each in (*given, *named.values()) for word in _words(each)]
        return f"jinja_macro({', '.join(words)})" if words else "null"

    def __str__(self) -> str:
        return "null"

    def __iter__(self) -> Any:
        return iter(())


def rendered(model: str) -> str:
    """Return the SQL of a model with its references written out: `{{ ref('x') }}` is x.

    Raises:
        ValueError: the model is no template.
    """
    environment = ImmutableSandboxedEnvironment(undefined=_Unknown, autoescape=False, extensions=["jinja2.ext.do"])
    known = {
        "ref": lambda *parts, **_: parts[-1],
        "source": lambda schema, table: f"{schema}.{table}",
        "config": lambda *_, **__: "",
        "dbt_utils": {"star": lambda *_, **__: "*"},
        "is_incremental": lambda: True,
        "this": "this_model",
        "execute": False,
    }
    try:
        return environment.from_string(model).render(known)
    except (TemplateError, TypeError, ArithmeticError, LookupError) as error:
        raise ValueError("it is no template that can be filled in without dbt") from error


def _words(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if _NAME.fullmatch(value) else []
    return [word for each in value for word in _words(each)] if isinstance(value, list | tuple) else []
