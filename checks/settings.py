"""How does a setting say what it means?

Parameters of checks, and the settings of channels and stores, are fields of dataclasses. What a
field means stands with it, so that the reference (docs/reference) is made of the code.
"""

from __future__ import annotations

from dataclasses import Field, field
from typing import Any, TypeVar

T = TypeVar("T")


def setting(default: T, means: str, *, secret: bool = False, part: bool = False) -> T:
    """Return a dataclass's field with a default and its meaning.

    Args:
        default: what it is where nobody sets it.
        means: in words.
        secret: it is not shown in `repr`.
        part: it is a part of a whole, so that more than 1 (100 %) cannot be.
    """
    made: Any = field(default=default, metadata={"means": means, "part": part}, repr=not secret)
    return made  # type: ignore[no-any-return]  # as dataclasses.field does: what it stands for


def required(means: str, *, secret: bool = False) -> Any:
    """Return a dataclass's field that must be set, with its meaning."""
    return field(metadata={"means": means}, repr=not secret)


def meaning(of: Field[Any]) -> str:
    """Return what a field means; empty where nobody said it."""
    return str(of.metadata.get("means", ""))


def is_part(of: Field[Any]) -> bool:
    """Say whether a field is a part of a whole, 1 at most."""
    return bool(of.metadata.get("part"))
