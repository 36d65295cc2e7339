"""Fingerprint quality: a fast native estimate with reasons to act on."""

from biometric_service.quality.fingerprint.assessor import FingerprintQualityAssessor

__all__ = ["FingerprintQualityAssessor"]
