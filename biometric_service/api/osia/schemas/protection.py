"""Encryption and integrity of a part of the data."""

from typing import Literal

from pydantic import AnyUrl, Field

from biometric_service.api.osia.schemas.model import Model


class Encryption(Model):
    """Which nodes are encrypted; ``scope``: JSON paths, with blanks between them."""

    type: Literal["JWE", "PKCS7"]
    scope: str


class Integrity(Model):
    """Hash, and perhaps signature, of the nodes in ``scope`` (JSON paths, with blanks between them)."""

    id: str | None = None
    type: Literal["NONE", "JWS", "PKCS7"] = "NONE"
    scope: str
    alg: str
    encrypted: bool = False
    follow_ref: bool = False
    hash: str
    signature: str | None = None
    signature_ref: AnyUrl | None = Field(None, strict=False)
