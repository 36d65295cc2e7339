"""Figures for Prometheus, in a registry of our own; over all processes where there are several.

Labels come from closed sets (routes, stages, outcomes), never from what a caller sent, and name nobody.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

SEVERAL_PROCESSES = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
SCORES = (10, 20, 30, 40, 50, 60, 70, 80, 90, 100)


class Metrics:
    """Everything that is counted and timed."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        own = self._registry
        self.requests = Counter("biometric_requests", "Requests answered.", ("method", "route", "status"), registry=own)
        self.request_seconds = Histogram(
            "biometric_request_seconds", "Time from request to answer.", ("route",), buckets=SECONDS, registry=own
        )
        self.stage_seconds = Histogram(
            "biometric_stage_seconds", "Time of a stage.", ("stage", "modality"), buckets=SECONDS, registry=own
        )
        self.decisions = Counter("biometric_decisions", "Decisions made.", ("kind", "outcome"), registry=own)
        self.events = Counter("biometric_audit_events", "Events put into the audit log.", ("kind",), registry=own)
        self.quality = Histogram(
            "biometric_quality", "Quality of samples, 0 to 100.", ("modality",), buckets=SCORES, registry=own
        )
        self.recognising = Gauge(
            "biometric_recognising",
            "Pieces of recognition work begun or waiting.",
            multiprocess_mode="livesum",
            registry=own,
        )
        self.room = Gauge(
            "biometric_recognising_limit",
            "How many may be begun or waiting; more are refused.",
            multiprocess_mode="livesum",
            registry=own,
        )

    def described(self) -> Iterator[tuple[str, str]]:
        """Name and meaning of each, and of what is measured only when it is asked for."""
        for metric in (*self._registry.collect(), *Measured(lambda: 0, tuple, tuple).collect()):
            yield metric.name, metric.documentation

    def text(self, measured: "Measured") -> bytes:
        """Everything in Prometheus's text format, with what is measured only now."""
        folder = os.environ.get(SEVERAL_PROCESSES)
        if folder is None:
            return generate_latest(self._registry) + generate_latest(_only(measured))
        _forget_the_dead(Path(folder))
        joined = CollectorRegistry()
        MultiProcessCollector(joined, folder)  # type: ignore[no-untyped-call]
        return generate_latest(joined) + generate_latest(_only(measured))


class Measured(Collector):
    """What is looked up when it is asked for: how far indexes lag, how many references they hold, what drifted."""

    def __init__(
        self,
        behind: Callable[[], int],
        sizes: Callable[[], Iterable[tuple[str, int]]],
        drifted: Callable[[], Iterable[tuple[str, int]]],
    ) -> None:
        self._behind = behind
        self._sizes = sizes
        self._drifted = drifted

    def collect(self) -> Iterable[Metric]:
        """Every figure."""
        yield GaugeMetricFamily(
            "biometric_index_lag_changes", "Changes that the indexes lag behind the store.", value=self._behind()
        )
        sizes = GaugeMetricFamily("biometric_index_references", "References in the index.", labels=("modality",))
        for modality, size in self._sizes():
            sizes.add_metric((modality,), size)
        yield sizes
        alarms = GaugeMetricFamily(
            "biometric_drift_alarms", "Devices and posts whose figures left their band.", labels=("measure",)
        )
        for measure, count in self._drifted():
            alarms.add_metric((measure,), count)
        yield alarms


def _only(measured: Measured) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(measured)
    return registry


def _forget_the_dead(folder: Path) -> None:
    """Gauges of processes that are gone say nothing any more."""
    for file in folder.glob("gauge_live*_*.db"):
        if not Path("/proc", file.stem.rpartition("_")[2]).exists():
            file.unlink(missing_ok=True)
