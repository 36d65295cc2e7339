"""How good a picture of a device is, by the rules of the walk, for those who only hand it on: no models, no store."""

from biometric_service.capture.session.plan import Plan
from biometric_service.capture.session.scans import samples_on, scan_of
from biometric_service.extraction.fingerprint.area import locate_ridges
from biometric_service.quality.fingerprint import FingerprintQualityAssessor
from biometric_service.recognition.judging import QualityJudge
from biometric_service.vocabulary.samples import Modality
from device_drivers.protocol import Characteristic, Frame

PLAN = Plan(Modality.FINGERPRINT)
JUDGE = QualityJudge({Modality.FINGERPRINT: locate_ridges}, {Modality.FINGERPRINT: FingerprintQualityAssessor()})


def quality(frame: Frame, characteristic: Characteristic) -> float | None:
    """Of a fingerprint, 0 to 100, of the worst of a slap; None for a face, which takes a model, and for no slap."""
    if characteristic is not Characteristic.FINGERPRINT:
        return None
    found = samples_on(frame, scan_of(frame, 0), PLAN, ())
    return min(JUDGE.judge(sample).score for sample in found) if isinstance(found, tuple) else None
