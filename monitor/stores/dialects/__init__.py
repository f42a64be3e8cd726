"""Which databases can be asked? Every file of this folder is one; being there is enough."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from monitor.stores.constructs import said
from monitor.stores.dialects.base import Dialect


def _found() -> Mapping[str, Dialect]:
    names = sorted(module.name for module in iter_modules(__path__) if module.name != "base")
    dialects: list[Dialect] = [import_module(f"{__name__}.{name}").DIALECT for name in names]
    for dialect in dialects:
        said(dialect.name, dialect.constructs)
    return {dialect.name: dialect for dialect in dialects}


DIALECTS = _found()
SCHEMES = {scheme: driver for dialect in DIALECTS.values() for scheme, driver in dialect.schemes.items()}
