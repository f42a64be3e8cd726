"""Into which bins do delays, lags and sizes fall?

A bin is [its lower bound, the next one), and its label is the lower bound as text: `float(label)`
sorts labels, and `-inf` is everything below the first bound. The bounds never change with the
data, so that bins of different days and sources can be added up.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import isfinite

MINUTE, HOUR, DAY = 60, 3600, 86400
_HOURS = (1, 2, 3, 4, 6, 8, 12, 18, 24, 36, 48, 72, 120, 168, 336, 720)


@dataclass(frozen=True, slots=True)
class Bins:
    """A fixed grid: `bounds` ascend, and bin number i begins at bounds[i - 1]; number 0 is all below."""

    bounds: tuple[float, ...]

    def number(self, value: float) -> int | None:
        """Return the number of the bin of a value; None of what is not a finite number.

        >>> [SECONDS.number(x) for x in (-5, 0.5, 3600)], SECONDS.number(float("nan"))
        ([3, 4, 16], None)
        """
        return bisect_right(self.bounds, value) if isfinite(value) else None

    def label(self, number: int) -> str:
        """Return the lower bound of a bin as text.

        >>> SECONDS.label(0), SECONDS.label(16), SIZES.label(SIZES.number(0.05))
        ('-inf', '3600', '0.03')
        """
        return format(self.bounds[number - 1], ".15g") if number else "-inf"

    def labels(self) -> tuple[str, ...]:
        """Return the labels of all bins, by number."""
        return tuple(self.label(number) for number in range(len(self.bounds) + 1))


def _sizes() -> tuple[float, ...]:
    """Return 0 and both signs of 1 and 3 times each power of ten from 0.001 to 10^12."""
    up = [float(f"{digit}e{power}") for power in range(-3, 12) for digit in (1, 3)] + [1e12]
    return (*(-bound for bound in reversed(up)), 0.0, *up)


SECONDS = Bins(  # of Stat.DELAYS and Stat.LAGS; negative: a time in the future
    (
        *(-DAY, -HOUR, -MINUTE, 0, 1, 2, 5, 10, 30, MINUTE),
        *(minutes * MINUTE for minutes in (2, 5, 10, 20, 30)),
        *(hours * HOUR for hours in _HOURS),
    )
)
SIZES = Bins(_sizes())  # of Stat.SIZES: half a decade each; [0, 0.001) holds the zero
