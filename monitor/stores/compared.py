"""How does a store answer what takes more than its tables of events?

Each comparison stands for itself: one that cannot be made is a `TableFailure`, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import pandas as pd
from sqlalchemy.exc import SQLAlchemyError

from checks.base import Stat
from monitor.errors import StoppedError, StoreError
from monitor.stores import beside, elsewhere, twins
from monitor.stores.against import Against
from monitor.stores.base import Measured, Request, Statement, StoreSettings, TableFailure
from monitor.stores.comparison import Comparison, Here, Point, framed
from monitor.stores.connect import reason
from monitor.stores.place import Place

BESIDE = frozenset({Stat.KEYS, Stat.UNMATCHED, Stat.THERE, Stat.UNKNOWN})  # what no table of events can answer
OF_KEYS = frozenset({Stat.KEYS, Stat.UNMATCHED, Stat.UNKNOWN})
Found = Callable[[], Iterator[Comparison]]


class Compared:
    """Asks what is beside the one statement of each table, here and in other databases."""

    def __init__(self, settings: StoreSettings) -> None:
        """Open nothing yet."""
        self._settings = settings
        self._elsewhere: dict[str, Place] = {}

    def added(self, measured: Measured, here: Here, request: Request) -> Measured:
        """Return what was measured with what is compared, and with what could not be.

        Raises:
            StoppedError: the store was told to stop.
        """
        points: list[Point] = []
        failures: list[TableFailure] = []
        statements = measured.statements
        for name, found in self._comparisons(here, request):
            try:
                for comparison in found():
                    statements += len(comparison.questions)
                    answers = [question.asked() for question in comparison.questions]
                    points += comparison.points(answers)
                    if why := comparison.lacking(answers):
                        failures.append(TableFailure(name, (), why))
            except StoppedError:
                raise
            except (StoreError, SQLAlchemyError) as error:
                failures.append(TableFailure(name, (), reason(error, here.place.engine.url)))
        frame = measured.frame
        if points:
            frame = pd.concat([frame, framed(points, here.cut(request))], ignore_index=True)
        return Measured(frame, statements, measured.rows, (*measured.failures, *failures))

    def statements(self, here: Here, request: Request) -> Iterator[Statement]:
        """Yield what `measure` would ask; what cannot be prepared is left out, and a run says so."""
        for _, found in self._comparisons(here, request):
            with suppress(StoreError, SQLAlchemyError):
                for comparison in found():
                    for each in comparison.questions:
                        yield Statement(each.table, each.place.literal(each.statement), apart=each.apart)

    def stop(self) -> None:
        """Take back what is being asked elsewhere."""
        for place in self._elsewhere.values():
            place.guard.stop()

    def close(self) -> None:
        """Give back the connections to other databases."""
        for place in self._elsewhere.values():
            place.close()

    def _comparisons(self, here: Here, request: Request) -> Iterator[tuple[str, Found]]:
        """Yield what is compared: the name of what it is compared with, and what finds the questions."""
        asked = frozenset(measure.stat for measure in request.measures if measure.grain == "day")
        for comparison in beside.comparisons(here, here.cut(request), asked):
            yield comparison.questions[0].table, partial(iter, (comparison,))
        if not asked & OF_KEYS:
            return
        for comparison in twins.comparisons(here, request):
            yield comparison.questions[0].table, partial(iter, (comparison,))
        for against in self._settings.against:
            yield f"parity.{against.name}", partial(self._with, here, request, against)

    def _with(self, here: Here, request: Request, against: Against) -> Iterator[Comparison]:
        return elsewhere.comparisons(here, request, against, self._place(here, against))

    def _place(self, here: Here, against: Against) -> Place:
        if against.url is None or against.url == self._settings.url:
            return here.place
        if against.url not in self._elsewhere:
            self._elsewhere[against.url] = Place(StoreSettings(url=against.url, timeout=self._settings.timeout))
        return self._elsewhere[against.url]
