"""What lies behind a reference URL: records in CBEFF's XML, as they are or encrypted to this partner's certificate.

MOSIP encrypts under a random AES-256 key, and that to the partner's RSA key (OAEP, SHA-256). All of it is base64, with
``#KEY_SPLITTER#`` between the key and the data. Since 1.2.0 the key is preceded by ``VER_R2`` and the data by 32 bytes,
of which the first 12 are the nonce and all are authenticated; before, the nonce of 32 bytes comes last.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from biometric_service.capture.files import ImageLimits
from biometric_service.errors import BiometricServiceError
from biometric_service.interchange.cbeff.images import images_of_bir
from biometric_service.interchange.cbeff.record import Bir
from biometric_service.interchange.cbeff.xml import is_xml, read_xml
from biometric_service.interchange.mosip.messages import Failure
from biometric_service.recognition.requests import Given, GivenTemplate
from biometric_service.recognition.walk import Walk
from biometric_service.templates.minutiae_exchange import templates_of
from biometric_service.templates.minutiae_fields import MAGIC
from biometric_service.templates.minutiae_records import read_record
from biometric_service.vocabulary.samples import Modality

SPLITTER = b"#KEY_SPLITTER#"
VERSION_2 = b"VER_R2"
THUMBPRINT_BYTES = AUTHENTICATED_BYTES = 32
NONCE_BYTES = 12
_OAEP = padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)


def records_of(content: bytes, key: RSAPrivateKey | None) -> Sequence[Bir] | Failure:
    """The records in what a reference URL gave; ``key``: the partner's, None where nothing is encrypted to it."""
    if _is_refusal(content):
        return Failure.SHARE_EXPIRED
    plain = content if is_xml(content) else _decrypted(content, key)
    if plain is None or not is_xml(plain):
        return Failure.CBEFF_INVALID
    try:
        found = read_xml(plain).birs
    except BiometricServiceError:
        return Failure.CBEFF_INVALID
    return tuple(each for each in found if each.modality and not each.is_exception) or Failure.CBEFF_EMPTY


def given_in(walk: Walk, birs: Sequence[Bir], limits: ImageLimits) -> tuple[Given, ...]:
    """What of the records can be compared here; raises what ``images_of_bir`` and the readers of minutiae raise."""
    return tuple(each for bir in birs for each in _given(walk, bir, limits))


def _given(walk: Walk, bir: Bir, limits: ImageLimits) -> Sequence[Given]:
    comparator = walk.comparators.get(bir.modality) if bir.modality else None
    if comparator is None:
        return ()
    if bir.data.startswith(MAGIC) and bir.modality is Modality.FINGERPRINT:
        digest = hashlib.sha256(bir.data).hexdigest()
        made = templates_of(read_record(bir.data, strict=False), comparator.format)
        return [GivenTemplate(template, digest, "mosip") for template in made]
    return tuple(images_of_bir(bir, limits))


def _is_refusal(content: bytes) -> bool:
    """Whether it is a fault in JSON, which MOSIP sends with a 200."""
    if not content.lstrip().startswith(b"{"):
        return False
    try:
        return bool(json.loads(content).get("errors"))
    except (ValueError, AttributeError, RecursionError):
        return False


def _decrypted(content: bytes, key: RSAPrivateKey | None) -> bytes | None:
    """None where it does not open."""
    try:
        packed = base64.urlsafe_b64decode(content.strip().replace(b"+", b"-").replace(b"/", b"_") + b"==")
    except (ValueError, binascii.Error):
        return None
    wrapped, there, data = packed.partition(SPLITTER)
    if key is None or not there:
        return None
    second = wrapped.startswith(VERSION_2)
    wrapped = wrapped[len(VERSION_2) * second + THUMBPRINT_BYTES :]
    try:
        cipher = AESGCM(key.decrypt(wrapped, _OAEP))
        if second:
            authenticated, sealed = data[:AUTHENTICATED_BYTES], data[AUTHENTICATED_BYTES:]
            return cipher.decrypt(authenticated[:NONCE_BYTES], sealed, authenticated)
        return cipher.decrypt(data[-AUTHENTICATED_BYTES:], data[:-AUTHENTICATED_BYTES], None)
    except (ValueError, InvalidTag):
        return None
