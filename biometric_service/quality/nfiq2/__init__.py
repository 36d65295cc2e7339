"""NFIQ 2 (ISO/IEC 29794-4), NIST's own code: optional, and kept in a process of its own."""

from biometric_service.quality.nfiq2.assessor import Nfiq2QualityAssessor
from biometric_service.quality.nfiq2.process import Nfiq2Process, require_nfiq2

__all__ = ["Nfiq2Process", "Nfiq2QualityAssessor", "require_nfiq2"]
