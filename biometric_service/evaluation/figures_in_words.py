"""Rates as people read them."""

from collections.abc import Sequence

NOT_MEASURED = "not measured"


def percent(rate: float | None) -> str:
    """Such as ``0.12 %``, to three figures."""
    return NOT_MEASURED if rate is None else f"{100 * rate:.3g} %"


def span(interval: Sequence[float] | None) -> str:
    """Both ends of an interval in percent, empty where there is none."""
    return "" if interval is None else f"{100 * interval[0]:.2f} to {100 * interval[1]:.2f}"


def with_span(rate: float | None, interval: Sequence[float] | None) -> str:
    """The rate with its interval in brackets, where that says anything: drawing anew what never differs does not."""
    return percent(rate) if interval is None or tells_nothing(interval) else f"{percent(rate)} ({span(interval)})"


def counted(interval: Sequence[float], count: int, what: str) -> str:
    """What stands beside a headline: the interval, and of how many."""
    return f"none of {count:,} {what}" if tells_nothing(interval) else f"{span(interval)} % of {count:,} {what}"


def tells_nothing(interval: Sequence[float]) -> bool:
    """All that were drawn anew were alike."""
    return interval[0] == interval[1] and interval[0] in {0.0, 1.0}


def titled(column: str) -> str:
    """A column of labels as a heading has it."""
    return column.replace("_", " ")
