"""Face image quality in the style of ISO/IEC 29794-5: named measures, a unified score, what to do better."""

from biometric_service.quality.face.assessor import FaceQualityAssessor
from biometric_service.quality.face.recognisability import Recognisability

__all__ = ["FaceQualityAssessor", "Recognisability"]
