"""How are checks of one's own written in the configuration?"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from monitor.blocks import Block
from monitor.values import Number, Words, choice

GRAINS, VALUES, SIDES = ("hour", "day"), ("count", "number"), ("both", "low", "high")


class QueryBlock(Block):
    """How what a query returns is judged."""

    noun: ClassVar[str] = "a custom check"

    grain: Annotated[Literal["hour", "day"], choice("hour or day", GRAINS)] = "day"
    event: Words | None = Field(None, description="the event that it is about: its owner is told, its priority weighs")
    value: Annotated[Literal["count", "number"], choice("count or number", VALUES)] = "count"
    alert: Annotated[Literal["both", "low", "high"], choice("a side", SIDES)] = "both"
    min: Number | None = None
    max: Number | None = None
    min_change: Number = 0.2


class InlineBlock(QueryBlock):
    """A query that stands in the configuration."""

    sql: Words


class CustomBlock(Block):
    """Checks of one's own."""

    noun: ClassVar[str] = "custom"

    sql: Words | None = Field(None, description="a folder of .sql files, each a check")
    python: Words | None = Field(None, description="a folder of .py files with checks")
    queries: Annotated[dict[str, InlineBlock], BeforeValidator(lambda value: value or {})] = Field(default_factory=dict)
