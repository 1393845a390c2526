"""The arrays of the estimators, and what a wrong argument is told: ValueError names the argument and
its first bad position, counted from 0.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


def durations(time: ArrayLike, entry: ArrayLike | None) -> tuple[Floats, Floats | None]:
    """Times from 0 up and, where there are any, the moments of entry, each before its time."""
    times = numbers_of("time", time)
    if times.size == 0:
        raise ValueError("time: empty, first bad position 0")
    _refuse("time", times, ~np.isfinite(times) | (times < 0), "is negative or not finite")
    if entry is None:
        return times, None
    entries = numbers_of("entry", entry)
    _refuse_length("entry", entries, times.size)
    _refuse("entry", entries, ~np.isfinite(entries), "is not finite")
    _refuse("entry", entries, entries >= times, "is not before its time")
    return times, entries


def events_of(event: ArrayLike, size: int) -> NDArray[np.bool_]:
    """Who had the event. A status coded 1 and 2 is refused: read as 0 and 1 it would turn the curve round."""
    numbers = whole_numbers("event", event, size)
    _refuse("event", numbers, numbers > 1, "is neither 0 nor 1")
    return numbers.astype(np.bool_)


def whole_numbers(name: str, values: ArrayLike, size: int) -> Counts:
    """Codes, one for each time."""
    numbers = numbers_of(name, values)
    _refuse_length(name, numbers, size)
    whole = (numbers >= 0) & (numbers < 2**53) & (np.floor(numbers) == numbers)
    _refuse(name, numbers, ~whole, "is not a whole number from 0 up")
    return numbers.astype(np.int64)


def groups_of(group: ArrayLike, size: int) -> list[NDArray[np.bool_]]:
    """Who belongs to each of the groups, in the order of their labels."""
    labels = np.asarray(group)
    _refuse_dimensions("group", labels)
    _refuse_length("group", labels, size)
    missing = np.array([label is None or label != label for label in labels.tolist()])
    _refuse("group", labels, missing, "is missing")
    found = np.unique(labels)
    if found.size < 2:
        raise ValueError(f"group: {found[0]} is the only group, two are needed")
    return [labels == label for label in found]


def numbers_of(name: str, values: ArrayLike) -> Floats:
    """One dimension of numbers."""
    array = _array(values)
    _refuse_dimensions(name, array)
    if array.dtype == object:
        odd = np.array([not _is_number(value) for value in array], dtype=np.bool_)
        _refuse(name, array, odd, "is not a number")
    return array.astype(np.float64)


def _array(values: ArrayLike) -> NDArray[Any]:
    """Numbers as numbers; anything else as the objects given, so that the odd one among them can be named."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        return np.asarray(values, dtype=object)
    return array if array.dtype.kind in "biuf" else np.asarray(values, dtype=object)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(value, str | bytes)


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number, however it is written."""
    return _is_number(value) and float(value).is_integer()


def moments_of(times: ArrayLike) -> Floats:
    """Moments at which a curve is read."""
    when = np.asarray(times, dtype=np.float64)
    _refuse("times", when.ravel(), np.isnan(when.ravel()), "is no moment")
    return when


def _refuse(name: str, values: NDArray[Any], bad: NDArray[np.bool_], why: str) -> None:
    if bad.any():
        first = int(np.argmax(bad))
        raise ValueError(f"{name}: {values[first]} at position {first} {why}")


def _refuse_length(name: str, values: NDArray[Any], size: int) -> None:
    if values.size != size:
        first = min(values.size, size)
        raise ValueError(f"{name}: {values.size} values for {size} times, first bad position {first}")


def _refuse_dimensions(name: str, values: NDArray[Any]) -> None:
    if values.ndim != 1:
        raise ValueError(f"{name}: {values.ndim} dimensions where one is wanted, first bad position 0")
