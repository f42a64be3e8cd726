"""How is Python kept from looking for cycles of unused objects, where there are none?"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for none for a while.

    Where many small objects are made that hold no cycles (findings, a plan), that takes a sixth to a third of all CPU.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
