"""What ``devices capture --good`` and ``devices watch URL`` do: a session by quality alone, with no store behind it."""

import math
from collections.abc import Mapping
from pathlib import Path

from biometric_service.app.faces import serve_faces
from biometric_service.app.stages import model_shelf
from biometric_service.capture.devices import device_failed
from biometric_service.capture.session.events import Ending
from biometric_service.capture.session.guided import GuidedCapture, run
from biometric_service.capture.session.plan import Plan
from biometric_service.cli.capturing import captured
from biometric_service.cli.files import write_file
from biometric_service.cli.live import showing
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.extraction.fingerprint.area import locate_ridges
from biometric_service.quality.fingerprint import FingerprintQualityAssessor
from biometric_service.recognition.judging import QualityJudge
from biometric_service.settings import load_settings
from biometric_service.vocabulary.samples import Modality
from device_drivers.errors import Reason

ENDLESS = 10**9
FOR_EVER = 10.0**8
"""Seconds: three years."""


def capture_good(url: str, to: Path, modality: Modality, seconds: float, *, json: bool) -> Mapping[str, object]:
    """Write the first good sample to a file; what is told of it. Faults as of ``captured``."""
    plan = Plan(modality, seconds=seconds)
    [first, *_] = captured(url, plan, quality_judge(modality), showing(json=json)).images
    write_file(to, first.data)
    return {"position": first.position.name.lower(), "dpi": first.dpi, "device": first.device}


def watch_pictures(url: str, modality: Modality, seconds: float | None, *, json: bool) -> None:
    """Show what the device sees until the time is over or somebody interrupts; DEVICE_FAILED for its faults."""
    plan = Plan(modality, best_of=ENDLESS, seconds=seconds or FOR_EVER, patience=math.inf)
    with showing(json=json) as show:
        ended = run(GuidedCapture(url, plan, quality_judge(modality)), show.event)
    if ended.ending is Ending.FAILED:
        raise device_failed(ended.fault or Reason.PROTOCOL, ended.why)


def quality_judge(modality: Modality) -> QualityJudge:
    """Judges one modality, loading no more than that takes; MODALITY_UNAVAILABLE."""
    if modality is Modality.FINGERPRINT:
        return QualityJudge({modality: locate_ridges}, {modality: FingerprintQualityAssessor()})
    settings = load_settings()
    served = serve_faces(settings, model_shelf(settings))
    if served is None:
        raise BiometricServiceError(
            ErrorCode.MODALITY_UNAVAILABLE, "There is no model for faces.", "See biometric-service models list."
        )
    extractor, assessor, _ = served
    return QualityJudge({modality: extractor.locate}, {modality: assessor})
