"""How does a setting say what it means?

Parameters of checks, and the settings of channels and stores, are fields of dataclasses. What a
field means stands with it, so that the reference (docs/reference) is made of the code.
"""

from __future__ import annotations

from dataclasses import Field, field
from typing import Any, TypeVar

T = TypeVar("T")


def setting(default: T, means: str, *, secret: bool = False) -> T:
    """Return a dataclass's field with a default and its meaning; a secret one is not shown in `repr`."""
    made: Any = field(default=default, metadata={"means": means}, repr=not secret)
    return made  # type: ignore[no-any-return]  # as dataclasses.field does: what it stands for


def required(means: str, *, secret: bool = False) -> Any:
    """Return a dataclass's field that must be set, with its meaning."""
    return field(metadata={"means": means}, repr=not secret)


def meaning(of: Field[Any]) -> str:
    """Return what a field means; empty where nobody said it."""
    return str(of.metadata.get("means", ""))
