"""
Counters, gauges and histograms of one process, and the text in which Prometheus reads them (version 0.0.4).

Labels are closed words: routes, operations, codes. Whoever counts sees to it that nothing a phone sent
becomes one, so that neither a person nor an endless number of them ever stands here.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Counter:
    """How often something has happened, by labels."""

    kind = "counter"

    def __init__(self, name: str, meaning: str, *labels: str) -> None:
        """
        Args:
            name: as Prometheus wants it: `carrel_…_total`, with the unit in it.
        """
        self.name = name
        self.meaning = meaning
        self._labels = labels
        self._counts: dict[tuple[str, ...], float] = {} if labels else {(): 0}

    def add(self, *values: str, by: float = 1) -> None:
        """Count; `values` in the order of the labels."""
        self._counts[values] = self._counts.get(values, 0) + by

    def lines(self) -> list[str]:
        """Its samples."""
        return [f"{self.name}{_labelled(self._labels, each)} {count!r}" for each, count in sorted(self._counts.items())]


class Gauge:
    """How much there is of something just now."""

    kind = "gauge"

    def __init__(self, name: str, meaning: str, now: Callable[[], Mapping[tuple[str, ...], float]], *labels: str) -> None:
        """
        Args:
            now: how much, by the labels' values.
        """
        self.name = name
        self.meaning = meaning
        self._labels = labels
        self._now = now

    def lines(self) -> list[str]:
        """Its samples."""
        return [f"{self.name}{_labelled(self._labels, each)} {value!r}" for each, value in sorted(self._now().items())]


class Histogram:
    """How large something was, by labels."""

    kind = "histogram"

    def __init__(self, name: str, meaning: str, bounds: Sequence[float], *labels: str) -> None:
        """
        Args:
            bounds: upper ends of the buckets, rising; what is larger counts too.
        """
        self.name = name
        self.meaning = meaning
        self._bounds = bounds
        self._labels = labels
        self._buckets: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}

    def add(self, size: float, *values: str) -> None:
        """Count one of this size; `values` in the order of the labels."""
        buckets = self._buckets.get(values)
        if buckets is None:
            buckets = self._buckets[values] = [0] * (len(self._bounds) + 1)
        buckets[bisect_left(self._bounds, size)] += 1
        self._sums[values] = self._sums.get(values, 0.0) + size

    def lines(self) -> list[str]:
        """Its samples."""
        told: list[str] = []
        for values, buckets in sorted(self._buckets.items()):
            up_to = 0
            for bound, count in zip([*(f"{each:g}" for each in self._bounds), "+Inf"], buckets, strict=True):
                up_to += count
                told.append(f"{self.name}_bucket{_labelled((*self._labels, 'le'), (*values, bound))} {up_to}")
            told.append(f"{self.name}_sum{_labelled(self._labels, values)} {self._sums[values]!r}")
            told.append(f"{self.name}_count{_labelled(self._labels, values)} {up_to}")
        return told


def text(figures: Sequence[Counter | Gauge | Histogram]) -> str:
    """All of them as Prometheus reads them."""
    told: list[str] = []
    for each in figures:
        told += [f"# HELP {each.name} {each.meaning}", f"# TYPE {each.name} {each.kind}", *each.lines()]
    return "\n".join([*told, ""])


def _labelled(names: Sequence[str], values: Sequence[str]) -> str:
    if not names:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True)) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
