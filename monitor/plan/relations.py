"""How does a plan say that events belong together: one comes after another, or comes so often for each of another?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from checks.plan import After, PlannedEvent, Ratio
from monitor.blocks import Block
from monitor.values import Number, SomeTime, Words, duration_text, wanted, wrong


class AfterBlock(Block):
    """That an event comes after another one of the same person."""

    noun: ClassVar[str] = "after"

    event: Words = Field(description="the earlier event")
    within: SomeTime = Field(After(event="").within, description="how long before, at most")
    at_least: Number | None = Field(None, description="the share of messages that have one before; left out: as usual")

    @model_validator(mode="after")
    def _consistent(self) -> AfterBlock:
        if self.at_least is not None and not 0 < self.at_least <= 1:
            raise wrong(f"at_least {self.at_least:g} is not a share", "write it as 95% or 0.95", at="at_least")
        if self.within > dt.timedelta(days=31):
            raise wrong("within is more than 31 days, which each run would have to read", "write 7d", at="within")
        return self

    def planned(self) -> After:
        """Return it as checks see it."""
        return After(event=self.event, within=self.within, at_least=self.at_least)


class RatioBlock(Block):
    """How often an event comes for each time that another one does."""

    noun: ClassVar[str] = "the ratio"

    of: Words | None = Field(None, description="what is counted; left out: this event")
    to: Words = Field(description="for each of which")
    min: Number | None = Field(default=None, description="the fewest for each; without bounds: as it usually is")
    max: Number | None = Field(default=None, description="the most for each")

    @model_validator(mode="after")
    def _consistent(self) -> RatioBlock:
        for name in ("min", "max"):
            bound = getattr(self, name)
            if bound is not None and bound <= 0:
                raise wrong(f"{name} {bound:g}: a ratio is above 0", "write a number such as 0.2", at=name)
        if self.min is not None and self.max is not None and self.min > self.max:
            raise wrong(f"min {self.min:g} is more than max {self.max:g}", "swap them", at="min")
        return self

    def planned(self, event: str) -> Ratio:
        """Return it as checks see it."""
        return Ratio(of=self.of or event, to=self.to, min=self.min, max=self.max)


def _afters(value: Any) -> Any:
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str | dict) for each in items):
        raise wanted("the name of an event", "write after: Checkout Started")
    return [{"event": each} if isinstance(each, str) else each for each in items]


def _ratios(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Afters = Annotated[
    tuple[AfterBlock, ...],
    BeforeValidator(_afters, json_schema_input_type=str | AfterBlock | list[str | AfterBlock]),
]
Ratios = Annotated[
    tuple[RatioBlock, ...], BeforeValidator(_ratios, json_schema_input_type=RatioBlock | list[RatioBlock])
]


def after_data(after: After) -> Any:
    """Return a rule of order as written: only the event, where there is nothing else to say."""
    said: dict[str, Any] = {"event": after.event}
    if after.within != After(event="").within:
        said["within"] = duration_text(after.within)
    if after.at_least is not None:
        said["at_least"] = after.at_least
    return after.event if len(said) == 1 else said


def ratio_data(ratio: Ratio, event: str) -> dict[str, Any]:
    """Return a ratio as written by an event."""
    given = {"of": ratio.of if ratio.of != event else None, "to": ratio.to, "min": ratio.min, "max": ratio.max}
    return {name: value for name, value in given.items() if value is not None}


def relations_text(event: PlannedEvent) -> Mapping[str, tuple[str, ...]]:
    """Return what an event says of others in words, by the name of the rule."""
    return {
        "after": tuple(f"{each.event} within {duration_text(each.within)}{_share(each)}" for each in event.after),
        "ratio": tuple(f"{each.of} for each {each.to}{_bounds(each)}" for each in event.ratio),
    }


def _share(after: After) -> str:
    return f", in {after.at_least:.4g} of messages" if after.at_least is not None else ""


def _bounds(ratio: Ratio) -> str:
    bounds = (("at least", ratio.min), ("at most", ratio.max))
    return "".join(f", {word} {bound:g}" for word, bound in bounds if bound is not None)
