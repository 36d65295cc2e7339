"""Traces for OpenTelemetry, where the extra ``tracing`` is installed and the settings name a collector."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.settings import Settings

SERVICE = "biometric-service"


class Tracer(Protocol):
    """Makes spans; attributes hold routes, stages and modalities, never a person and nothing biometric."""

    def span(
        self, name: str, attributes: Mapping[str, str], parent: Mapping[str, str] | None = None
    ) -> AbstractContextManager[object]:
        """A span for as long as the context lasts; ``parent``: headers that may hold a ``traceparent``."""

    def note(self, attributes: Mapping[str, str]) -> None:
        """Attributes of the span in progress that were not known when it began."""

    def close(self) -> None:
        """Send what is still to be sent."""


class NoTracer:
    """Traces nothing."""

    def span(
        self,
        name: str,  # noqa: ARG002 - it is a Tracer
        attributes: Mapping[str, str],  # noqa: ARG002
        parent: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> AbstractContextManager[object]:
        """Nothing."""
        return nullcontext()

    def note(self, attributes: Mapping[str, str]) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def tracer_for(settings: Settings) -> Tracer:
    """The tracer that the settings ask for; SETTINGS_INVALID where the extra is missing."""
    if not settings.otlp_endpoint:
        return NoTracer()
    try:
        from biometric_service.api.telemetry.otlp import OtlpTracer  # noqa: PLC0415 - an extra that nothing else loads
    except ImportError:
        raise BiometricServiceError(
            ErrorCode.SETTINGS_INVALID,
            "Traces are asked for (otlp_endpoint), and OpenTelemetry is not installed.",
            "Install biometric-service[tracing], or leave otlp_endpoint empty.",
        ) from None
    return OtlpTracer.to(settings.otlp_endpoint, SERVICE)
