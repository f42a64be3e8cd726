"""What can stand in a tracking plan? Every block with its settings, from the classes that read them."""

from __future__ import annotations

from made.tables import blocks_below, rows_of_block, section, table
from monitor.plan.format import PlanBlock


def text() -> str:
    """Return the settings of a plan's file, then of each block in it."""
    places = blocks_below(PlanBlock)
    return "\n\n".join([table(rows_of_block(PlanBlock, places)), *(section(block, places) for block in places)])
