"""How well does the count engine find injected incidents, beside other detectors?

`volume` obeys the contract of an injection benchmark: counts before and after a moment in,
one signed two-sided p-value a bucket out (negative: fewer events than expected). It calls
the product's own engine at its default settings.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from checks.base import Calendar, Key, Table
from checks.counts import Forecast, forecast, surprises

_recent: dict[tuple[object, ...], Forecast] = {}


def calendar(index: pd.DatetimeIndex) -> Calendar:
    """Return the calendar of hourly or daily local times."""
    hourly = index[1] - index[0] < pd.Timedelta("2h")
    step = np.timedelta64(3600 if hourly else 86400, "s")
    starts = np.append(index.to_numpy().astype("datetime64[s]"), index.to_numpy()[-1].astype("datetime64[s]") + step)
    weekday = index.dayofweek.to_numpy().astype(np.int64)
    slot = weekday * 24 + index.hour.to_numpy() if hourly else weekday
    day = (index.normalize() - index[0].normalize()).days.to_numpy().astype(np.int64)
    return Calendar("hour" if hourly else "day", starts, slot.astype(np.int64), day, np.zeros(len(index), dtype=bool))


def table(history: pd.Series, new: pd.Series) -> Table:
    """Return one series as the table that checks see."""
    values = np.concatenate([history.to_numpy(dtype=float), new.to_numpy(dtype=float)])[None]
    spine = calendar(history.index.append(new.index))
    return Table("rows", spine, (Key("event"),), values, np.ones(values.shape, dtype=bool), len(history))


def volume(history: pd.Series, new: pd.Series) -> np.ndarray:
    """Return one signed two-sided p-value for each bucket of `new`."""
    one = table(history, new)
    key = (history.index[0], len(history), len(new), history.to_numpy().tobytes())
    if key not in _recent:
        if len(_recent) > 50:
            _recent.clear()
        _recent[key] = forecast(one)
    found = surprises(one, _recent[key])
    drop, rise = found.p_drop[0], found.p_rise[0]
    return np.where(drop < rise, -1.0, 1.0) * np.minimum(2 * np.minimum(drop, rise), 1.0)
