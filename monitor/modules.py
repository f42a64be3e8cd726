"""Which module is a file of Python that a user has written beside the configuration?"""

from __future__ import annotations

import hashlib
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType


def executed(noun: str, file: Path) -> ModuleType:
    """Execute a file as a module of its own, and return it.

    Its name is made of its path, so that files of one name in two folders are two modules. It stands in
    `sys.modules`, where dataclasses and pickles look for it, in the place of what the file held before.

    Args:
        noun: what the file is, for the name.
        file: which ends in `.py`.

    Raises:
        Exception: whatever the file raises; what it held before then stays in place.
    """
    path = file.resolve()
    name = f"trackwatch_{noun}_{path.stem}_{hashlib.sha256(bytes(path)).hexdigest()[:12]}"
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no module of Python")
    module, before = module_from_spec(spec), sys.modules.get(name)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        sys.modules |= {name: before} if before else {}
        raise
    return module
