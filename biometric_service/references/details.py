"""What is said of people in the words of JSON, as bytes to be sealed."""

import base64
import json
from collections.abc import Mapping

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.references import Circumstances, Json


def pack_notes(notes: Mapping[str, Json]) -> bytes | None:
    """JSON in UTF-8, None for nothing; REQUEST_INVALID for what JSON cannot say."""
    if not notes:
        return None
    try:
        return json.dumps(notes, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError):
        message, action = "What is said of the person is not JSON.", "Give texts, numbers, lists and objects alone."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, action) from None


def unpack_notes(packed: bytes | None) -> dict[str, Json]:
    """What ``pack_notes`` packed."""
    return dict(json.loads(packed)) if packed else {}


def pack_details(circumstances: Circumstances) -> bytes | None:
    """The part of the circumstances that identifies people."""
    parts: Mapping[str, Json] = {
        "contextual": circumstances.contextual,
        "biographic": circumstances.biographic,
        "client_data": base64.b64encode(circumstances.client_data).decode(),
        "remarks": circumstances.remarks,
    }
    return pack_notes({name: part for name, part in parts.items() if part})
