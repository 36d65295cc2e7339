"""Biometric data as callers send it and read it back, and what was computed of it."""

from pydantic import AnyUrl, Field

from biometric_service.api.osia.schemas.kinds import (
    BiometricSubType,
    BiometricType,
    CompressionType,
    ImpressionType,
    Presence,
)
from biometric_service.api.osia.schemas.model import Model, Moment
from biometric_service.api.osia.schemas.protection import Encryption, Integrity


class MissingType(Model):
    """A part of the biometric that is missing."""

    biometric_sub_type: BiometricSubType | None = None
    presence: Presence | None = None


class Computed(Model):
    """What a biometric item is of, and what was computed of it."""

    biometric_type: BiometricType
    biometric_sub_type: BiometricSubType | None = None
    instance: str | None = None
    template: str | None = None
    template_format: str | None = None
    quality: int | None = None
    quality_format: str | None = None
    algorithm: str | None = None
    vendor: str | None = None


class BiometricComputedData(Computed):
    """A template with its quality; ``template``: base64."""

    template: str


class BiometricData(Computed):
    """One biometric item; ``image`` and ``template``: base64."""

    encounter_id: str | None = None
    image: str | None = None
    image_ref: AnyUrl | None = Field(None, strict=False)
    capture_date: Moment | None = None
    capture_device: str | None = None
    impression_type: ImpressionType | None = None
    width: int | None = None
    height: int | None = None
    bitdepth: int | None = None
    mime_type: str | None = None
    resolution: int | None = None
    compression: CompressionType | None = None
    missing: tuple[MissingType, ...] | None = None
    metadata: str | None = None
    comment: str | None = None
    template_ref: AnyUrl | None = Field(None, strict=False)
    encryption: Encryption | None = None
    integrity: tuple[Integrity, ...] | None = None
