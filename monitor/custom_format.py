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

    grain: Annotated[Literal["hour", "day"], choice("hour or day", GRAINS)] = Field(
        default="day", description="of what stretches of time the query returns values"
    )
    event: Words | None = Field(
        default=None, description="the event that it is about: its owner is told, its priority weighs"
    )
    value: Annotated[Literal["count", "number"], choice("count or number", VALUES)] = Field(
        default="count",
        description="`count` is judged by the model of volume, `number` (a share, a mean) by how past days differ",
    )
    alert: Annotated[Literal["both", "low", "high"], choice("a side", SIDES)] = Field(
        default="both", description="which side is told"
    )
    min: Number | None = Field(default=None, description="a value below it is told, without statistics")
    max: Number | None = Field(default=None, description="a value above it is told, without statistics")
    min_change: Number = Field(default=0.2, description="smaller changes are not told, however certain")


class InlineBlock(QueryBlock):
    """A query that stands in the configuration."""

    sql: Words = Field(description="the query, with `:since` and `:until`")


class CustomBlock(Block):
    """Checks of one's own."""

    noun: ClassVar[str] = "custom"

    sql: Words | None = Field(default=None, description="a folder of .sql files, each a check")
    python: Words | None = Field(default=None, description="a folder of .py files with checks")
    queries: Annotated[dict[str, InlineBlock], BeforeValidator(lambda value: value or {})] = Field(
        default_factory=dict, description="queries that stand here, each under its name"
    )
