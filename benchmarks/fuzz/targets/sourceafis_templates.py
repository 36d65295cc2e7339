"""SourceAFIS's own templates (CBOR), read for their minutiae."""

import struct
from collections.abc import Iterator

from benchmarks.fuzz.target import Target
from biometric_service.templates.sourceafis import minutiae_of
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import SourceAfisTemplate, TemplateFormat

FORMAT = TemplateFormat(Modality.FINGERPRINT, "sourceafis", "3")
TEXT, ARRAY, MAP = 0x60, 0x80, 0xA0
SHORT = 0x19


def exercise(data: bytes) -> None:
    """Read the minutiae."""
    minutiae_of(SourceAfisTemplate(FORMAT, FingerPosition.UNKNOWN, data))


def seeds() -> Iterator[bytes]:
    """A template of three minutiae, by hand."""
    fields = (
        ("version", _text("3.18.1")),
        ("width", _number(388)),
        ("height", _number(374)),
        ("positionsX", bytes([ARRAY + 3]) + b"".join(map(_number, (100, 150, 200)))),
        ("positionsY", bytes([ARRAY + 3]) + b"".join(map(_number, (90, 60, 300)))),
        ("directions", bytes([ARRAY + 3]) + b"".join(b"\xfa" + struct.pack(">f", each) for each in (0.1, 2.5, 6.2))),
        ("types", _text("EBE")),
    )
    yield bytes([MAP + len(fields)]) + b"".join(_text(name) + value for name, value in fields)


def _text(words: str) -> bytes:
    return bytes([TEXT + len(words)]) + words.encode()


def _number(number: int) -> bytes:
    return struct.pack(">BH", SHORT, number)


TARGET = Target(exercise, seeds)
