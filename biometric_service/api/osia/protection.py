"""What callers protect by OSIA's contract: nodes they encrypted are opened, hashes and signatures are checked."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from biometric_service.api.osia import encryption, integrity
from biometric_service.api.osia.allowance import allowance_for
from biometric_service.api.osia.encryption import EncryptedNodes
from biometric_service.api.osia.integrity import IntegrityBlocks
from biometric_service.settings import Settings

ITEMS = ("biometricData", "biometricData1", "biometricData2")
MARKS = frozenset({encryption.MARK, integrity.MARK})
TRACES = (*(f'"{mark}"'.encode() for mark in MARKS), b"\\u")
"""A body with none of these has no mark: a letter of JSON can be written in one other way alone."""


@dataclass(frozen=True, slots=True)
class ProtectedBodies:
    """The body itself comes first, for it may hide its items; then each item."""

    encrypted: EncryptedNodes
    integrity: IntegrityBlocks

    def opened(self, text: bytes) -> bytes:
        """The body in the clear, once everything said of it holds.

        REQUEST_INVALID, SIGNATURE_INVALID, REQUEST_TOO_LARGE.
        """
        try:
            body = from_json(text)
        except ValueError:
            return text  # whoever reads it does so with the same parser, and says what is wrong with it
        if not any(MARKS & holder.keys() for holder in _holders(body)):
            return text
        allowance = allowance_for(text)
        for holder in _holders(body):
            self.integrity.check(holder, allowance, encrypted=True)
            self.encrypted.open(holder, allowance)
        for holder in _holders(body):
            self.integrity.check(holder, allowance, encrypted=False)
        return json.dumps(body).encode()


def may_be_protected(text: bytes) -> bool:
    """Whether any of a body may be; False is certain."""
    return any(trace in text for trace in TRACES)


def protected_bodies(settings: Settings) -> ProtectedBodies:
    """With the operator's key and signers; SETTINGS_INVALID."""
    return ProtectedBodies(EncryptedNodes(settings.osia_key_file), IntegrityBlocks(settings.osia_signers_file))


def _holders(body: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    if isinstance(body, dict):
        yield body
        for name in ITEMS:
            items = body.get(name)
            yield from (each for each in items if isinstance(each, dict)) if isinstance(items, list) else ()
