"""In which ways do events lie in a database? Every file of this folder that says LAYOUT is one."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from monitor.stores.layouts.base import Layout


def _found() -> Mapping[str, Layout]:
    names = sorted(module.name for module in iter_modules(__path__))
    modules = {name: import_module(f"{__name__}.{name}") for name in names}
    return {name: module.LAYOUT for name, module in modules.items() if hasattr(module, "LAYOUT")}


LAYOUTS = _found()
